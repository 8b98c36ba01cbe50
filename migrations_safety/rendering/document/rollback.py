"""Words the rollback of a measured plan: whether it was measured, its locks, and what it loses."""

from __future__ import annotations

from migrations_safety.measurement.report import LOCKS, TOO_LONG, OnRows, WayBack
from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.messages.lock_words import mode

STRONG = LOCKS[LOCKS.index("ShareLock") :]
"""The locks that keep others from writing."""
SHOWN = 5
"""How many names are said in one line; the JSON has them all."""


def was_measured(back: WayBack) -> bool:
    """Return whether anything was unapplied on the scratch database, or was tried."""
    return not back.reason and bool(back.transactions or back.ends_in)


def not_measured(back: WayBack) -> str:
    """Return why the rollback was not measured where that is worth a sentence, else an empty text."""
    return f"The rollback was not measured: {back.reason}." if back.reason == TOO_LONG else ""


def measured_steps(back: WayBack) -> str:
    """Return how far the rollback was measured."""
    steps = pluralize(len(back.transactions), "migration")
    return f"The rollback was measured too: {steps} unapplied on the scratch database."


def sentences(back: WayBack) -> list[str]:
    """Return what is said of a rollback that was measured, with the first of the locks and losses."""
    said = [measured_steps(back)]
    if locks := [f"{lock} on {table}" for table, lock in strong_locks(back).items()]:
        said.append(f"It takes {listed(locks, most=SHOWN)}.")
    if lost := losses(back):
        said.append(f"It loses what is then in {listed(lost, most=SHOWN)}.")
    return said + ends(back)


def ends(back: WayBack) -> list[str]:
    """Return where the rollback ends, if that is not the start of the plan."""
    if back.is_cut_off:
        return [f"For want of time, {back.ends_in} and what was applied before it were not unapplied."]
    return [f"It ends at {back.ends_in}, and beyond that it was not measured."] if back.ends_in else []


def strong_locks(back: WayBack) -> dict[str, str]:
    """Return the strongest lock on each table that keeps others from writing, as SQL spells it."""
    strongest: dict[str, str] = {}
    for transaction in back.transactions:
        for table, lock in transaction.held.items():
            if lock in STRONG:
                strongest[table] = max(strongest.get(table, lock), lock, key=LOCKS.index)
    return {table: mode(lock) for table, lock in sorted(strongest.items())}


def losses(back: WayBack) -> list[str]:
    """Return what the rollback drops or cuts, in words."""
    return list(dict.fromkeys(_words(one) for one in back.loses))


def _words(lost: OnRows) -> str:
    return ", ".join(f'{lost.table}."{column}"' for column in lost.columns) or f"the table {lost.table}"
