"""Draws what was measured: per transaction the locks on existing tables, how long they are held, and who waits."""

from __future__ import annotations

from migrations_safety.measurement.durations import HeldLock
from migrations_safety.messages.humanize import pluralize
from migrations_safety.precheck.report import Review
from migrations_safety.rendering.document.locks import in_words, strong_locks, where_measured
from migrations_safety.rendering.text.page import Page
from migrations_safety.rendering.text.statistics import used_tables

SHOWN = 10
"""How many locks are shown; the JSON has all of them."""
HEADINGS = (
    ("migration", "left"), ("table", "left"), ("lock", "left"), ("granted", "left"), ("held", "left"),
    ("waiting", "left"),
)  # fmt: skip


def measured(page: Page, review: Review) -> None:
    """Add where the plan was measured, and its locks on existing tables, the longest first."""
    is_measured = review.measured.is_measured
    for sentence in where_measured(review):
        page.line(sentence, style=None if is_measured else "yellow")
    if not is_measured:
        return
    locks = strong_locks(review)
    if locks:
        page.line()
        page.table(HEADINGS, [_row(migration, lock) for migration, lock in locks[:SHOWN]])
    if len(locks) > SHOWN:
        page.line(f"{pluralize(len(locks) - SHOWN, 'shorter lock')} not shown (--format json has them).")
    elif not locks:
        page.line("No lock on an existing table stops readers or writers.")
    used_tables(page, review.figures, [lock.table for _, lock in locks])


def _row(migration: str, held: HeldLock) -> list[str]:
    lock = in_words(migration, held)
    return [lock.migration, lock.table, lock.lock, lock.granted, lock.held, lock.waiting]
