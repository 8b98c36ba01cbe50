"""Says what the rollback of a measured plan does: which locks it takes, and what it loses."""

from __future__ import annotations

from migrations_safety.measurement.report import LOCKS, TOO_LONG, OnRows, WayBack
from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.messages.lock_words import mode
from migrations_safety.rendering.text.page import Page

STRONG = LOCKS[LOCKS.index("ShareLock") :]
"""The locks that keep others from writing."""
SHOWN = 5
"""How many names are said in one line; the JSON has them all."""


def way_back(page: Page, back: WayBack) -> None:
    """Add a paragraph about the rollback, where the plan was measured."""
    if back.reason == TOO_LONG:
        page.line(f"The rollback was not measured: {back.reason}.", style="yellow")
    if back.reason or not (back.transactions or back.ends_in):
        return
    steps = pluralize(len(back.transactions), "migration")
    said = [f"The rollback was measured too: {steps} unapplied on the scratch database."]
    if locks := _locks(back):
        said.append(f"It takes {listed(locks, most=SHOWN)}.")
    if loses := list(dict.fromkeys(_words(one) for one in back.loses)):
        said.append(f"It loses what is then in {listed(loses, most=SHOWN)}.")
    if back.is_cut_off:
        said.append(f"For want of time, {back.ends_in} and what was applied before it were not unapplied.")
    elif back.ends_in:
        said.append(f"It ends at {back.ends_in}, and beyond that it was not measured.")
    page.line(" ".join(said))


def _locks(back: WayBack) -> list[str]:
    strongest: dict[str, str] = {}
    for transaction in back.transactions:
        for table, lock in transaction.held.items():
            if lock in STRONG:
                strongest[table] = max(strongest.get(table, lock), lock, key=LOCKS.index)
    return [f"{mode(lock)} on {table}" for table, lock in sorted(strongest.items())]


def _words(lost: OnRows) -> str:
    return ", ".join(f'{lost.table}."{column}"' for column in lost.columns) or f"the table {lost.table}"
