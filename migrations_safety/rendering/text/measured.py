"""Draws what was measured: per transaction the locks on existing tables, how long they are held, and who waits."""

from __future__ import annotations

from collections.abc import Iterator

from migrations_safety.measurement.durations import HeldLock
from migrations_safety.measurement.report import NO_FAULT, MeasuredPlan
from migrations_safety.messages.humanize import format_range, format_seconds, listed, pluralize
from migrations_safety.messages.lock_words import mode
from migrations_safety.precheck.report import Review
from migrations_safety.rendering.text.page import Page
from migrations_safety.rendering.text.statistics import source, used_tables

SHOWN = 10
"""How many locks are shown; the JSON has all of them."""
PLACES = {
    "server": "a scratch database on the same server",
    "url": "the database of --scratch-url",
    "embedded": "a PostgreSQL {version} that was started here",
}
HEADINGS = (
    ("migration", "left"), ("table", "left"), ("lock", "left"), ("granted", "left"), ("held", "left"),
    ("waiting", "left"),
)  # fmt: skip


def measured(page: Page, review: Review) -> None:
    """Add where the plan was measured, and its locks on existing tables, the longest first."""
    plan = review.measured
    if not plan.is_measured:
        if plan.reason not in NO_FAULT:
            page.line(f"Not measured: {plan.reason}.", style="yellow")
        return
    page.line(_place(plan))
    if review.earlier:
        page.line(review.earlier)
    if review.saved:
        page.line(source(review.saved))
    if plan.left_out:
        page.line(f"Left out there: {listed(plan.left_out)}.")
    locks = sorted(_strong_locks(review), key=lambda one: _length(one[1]), reverse=True)
    if locks:
        page.line()
        page.table(HEADINGS, [_row(migration, lock) for migration, lock in locks[:SHOWN]])
    if len(locks) > SHOWN:
        page.line(f"{pluralize(len(locks) - SHOWN, 'shorter lock')} not shown (--format json has them).")
    elif not locks:
        page.line("No lock on an existing table stops readers or writers.")
    used_tables(page, review.figures, [lock.table for _, lock in locks])


def _place(plan: MeasuredPlan) -> str:
    where = PLACES[plan.measured].format(version=plan.server_version)
    because = f", because {plan.reason}" if plan.reason else ""
    new = {effect.table for one in plan.transactions for effect in one.effects if effect.new}
    made = f"; {pluralize(len(new), 'new table')}" if new else ""
    return f"Measured on {where}{because}: {pluralize(len(plan.transactions), 'transaction')}{made}."


def _strong_locks(review: Review) -> Iterator[tuple[str, HeldLock]]:
    for transaction, held in zip(review.measured.transactions, review.held, strict=True):
        for lock in held:
            if lock.writers:
                yield transaction.migrations[0], lock


def _length(lock: HeldLock) -> tuple[bool, float]:
    assert lock.writers is not None
    return lock.writers.most is None, lock.writers.most or 0.0


def _row(migration: str, lock: HeldLock) -> list[str]:
    assert lock.writers is not None
    held = format_range(lock.writers.least, lock.writers.most) if lock.writers.most != 0 else "an instant"
    return [migration, lock.table, mode(lock.lock), _until(lock.until_granted), held, _waiting(lock)]


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
