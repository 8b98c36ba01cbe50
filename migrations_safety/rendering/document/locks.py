"""Words the locks of a measured plan, for the text and the document alike."""

from __future__ import annotations

from collections.abc import Iterator

from migrations_safety.measurement.durations import HeldLock
from migrations_safety.measurement.report import NO_FAULT, MeasuredPlan
from migrations_safety.messages.humanize import format_range, format_seconds, listed, pluralize
from migrations_safety.messages.lock_words import mode
from migrations_safety.precheck.report import Review
from migrations_safety.rendering.document.sizes import source
from migrations_safety.rendering.document.values import Lock

PLACES = {
    "server": "a scratch database on the same server",
    "url": "the database of --scratch-url",
    "embedded": "a PostgreSQL {version} that was started here",
}


def where_measured(review: Review) -> tuple[str, ...]:
    """Return sentences about the measurement: where it was, what was left out there, whose figures are used.

    A plan that was not measured has one sentence with the reason, or none where that is no fault.
    """
    plan = review.measured
    if not plan.is_measured:
        return () if plan.reason in NO_FAULT else (f"Not measured: {plan.reason}.",)
    said = [_place(plan), review.earlier]
    if review.saved:
        said.append(source(review.saved))
    if plan.left_out:
        said.append(f"Left out there: {listed(plan.left_out)}.")
    return tuple(sentence for sentence in said if sentence)


def _place(plan: MeasuredPlan) -> str:
    where = PLACES[plan.measured].format(version=plan.server_version)
    because = f", because {plan.reason}" if plan.reason else ""
    new = {effect.table for one in plan.transactions for effect in one.effects if effect.new}
    made = f"; {pluralize(len(new), 'new table')}" if new else ""
    return f"Measured on {where}{because}: {pluralize(len(plan.transactions), 'transaction')}{made}."


def strong_locks(review: Review) -> list[tuple[str, HeldLock]]:
    """Return the locks that stop writers, the longest first, each with the label of its migration."""
    return sorted(_strong_locks(review), key=lambda one: _length(one[1]), reverse=True)


def _strong_locks(review: Review) -> Iterator[tuple[str, HeldLock]]:
    for transaction, held in zip(review.measured.transactions, review.held, strict=True):
        for lock in held:
            if lock.writers:
                yield transaction.migrations[0], lock


def weak_locks(review: Review) -> list[HeldLock]:
    """Return the locks that stop neither writers nor readers."""
    return [lock for held in review.held for lock in held if not lock.writers and not lock.readers]


def _length(lock: HeldLock) -> tuple[bool, float]:
    assert lock.writers is not None
    return lock.writers.most is None, lock.writers.most or 0.0


def in_words(migration: str, lock: HeldLock) -> Lock:
    """Return a lock that stops writers, in words."""
    assert lock.writers is not None
    return Lock(
        migration=migration,
        table=lock.table,
        lock=mode(lock.lock),
        granted=_until(lock.until_granted),
        held=format_range(lock.writers.least, lock.writers.most) if lock.writers.most != 0 else "an instant",
        waiting=_waiting(lock),
        because=lock.because,
    )


def _waiting(lock: HeldLock) -> str:
    if lock.readers is None:
        return "writers"
    if lock.readers == lock.writers:
        return "readers, writers"
    return "writers; readers " + (
        format_range(lock.readers.least, lock.readers.most) if lock.readers.most else "an instant"
    )


def _until(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return f"after {format_seconds(seconds)}" if seconds else "at once"
