"""The check of the locks that the measured plan takes on existing tables, and of how long others wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrations_safety.measurement.durations import HeldLock, held_locks
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.measurement.work import Kind, Work
from migrations_safety.messages import safe_forms
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import format_seconds
from migrations_safety.messages.lock_words import LockWords
from migrations_safety.messages.wording import locks as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.table_figures import TableFigures
from migrations_safety.sql import statement


def check_held_locks(
    measured: MeasuredPlan,
    figures: Mapping[str, TableFigures],
    *,
    max_stall: float,
    small: int,
    hot: frozenset[str],
) -> list[Finding]:
    """Find the locks on existing tables that stop writers or readers, and say for how long.

    `max_stall` is the limit in seconds, 0 for none. Work on tables of less than `small` bytes does not count for it.
    `hot` are the names of tables on which any such lock is an error.
    """
    found: list[Finding] = []
    pairs = zip(held_locks(measured, figures), held_locks(measured, figures, small=small), strict=True)
    for held, with_small in pairs:
        counted = {lock.table: lock for lock in with_small}
        for lock in held:
            figure, counts = figures.get(lock.table), counted.get(lock.table, lock)
            found += _stopped(lock, counts, figure, max_stall=max_stall, is_hot=is_hot(lock.table, figure, hot))
            found += _rows_locked(counts, figure, max_stall=max_stall)
    return found


def check_hot_tables(connection: Connection, measured: MeasuredPlan, *, hot: frozenset[str]) -> list[Finding]:
    """Find the names of hot tables that no table has, and that the plan makes none for."""
    if not hot:
        return []
    made = {effect.table.replace('"', "") for one in measured.transactions for effect in one.effects}
    with connection.cursor() as cursor:
        cursor.execute(statement("held_locks.missing"), {"names": [name.replace('"', "") for name in hot]})
        missing = [name for (name,) in cursor.fetchall()]
    return [wording.hot_table_missing(name) for name in missing if made.isdisjoint({name, name.partition(".")[2]})]


def is_hot(table: str, figure: TableFigures | None, hot: frozenset[str]) -> bool:
    """Return whether a table is one of `hot`, which are names with or without a schema, quoted or not."""
    plain = table.replace('"', "")
    names = {plain}
    if figure:
        names |= {relation := plain.removeprefix(f"{figure.schema}."), f"{figure.schema}.{relation}"}
    return not names.isdisjoint(name.replace('"', "") for name in hot)


def _stopped(
    lock: HeldLock, counts: HeldLock, figure: TableFigures | None, *, max_stall: float, is_hot: bool
) -> Iterator[Finding]:
    """Yield the findings about writers and readers who wait: one about their time, and one if the table is hot.

    `counts` is the same lock without the work on small tables.
    """
    if lock.writers is None or counts.writers is None:
        return
    words = _words(lock).as_arguments
    least, most = counts.writers.least, counts.writers.most
    limit = format_seconds(max_stall) if max_stall else ""
    is_used = figure is None or figure.is_used is not False
    is_limited = is_used and max_stall > 0
    if is_hot:
        yield wording.hot_table_locked(lock.table, **words, hint=_hint(lock))
    if is_limited and least > max_stall:
        yield wording.held_too_long(lock.table, **words, limit=limit, hint=_hint(lock))
    elif is_limited and most is None:
        yield wording.duration_unknown(lock.table, **words, hint=_hint(lock))
    elif is_limited and most is not None and most > max_stall:
        yield wording.perhaps_held_too_long(lock.table, **words, limit=limit, hint=_hint(lock))
    elif not is_hot and (not lock.because or most is None or most > max_stall):
        yield wording.short_lock(lock.table, **words, limit=limit, is_used=is_used)


def _rows_locked(lock: HeldLock, figure: TableFigures | None, *, max_stall: float) -> Iterator[Finding]:
    """Yield the finding about rows that are written, for a table that no stronger lock is held on."""
    slowest = lock.slowest
    if lock.writers or not max_stall or slowest is None or (figure and figure.is_used is False):
        return
    writes = any(work.kind is Kind.WRITE and work.table == lock.table for work in slowest.works)
    if writes and (lock.most is None or lock.most > max_stall):
        waiting = "an unknown time" if lock.most is None else f"up to {format_seconds(lock.most)}"
        yield wording.rows_locked(lock.table, waiting=waiting, migration=slowest.migration, operation=slowest.operation)


def _words(lock: HeldLock) -> LockWords:
    assert lock.writers is not None
    return LockWords(
        lock=lock.lock,
        migration=lock.taken_by.migration,
        operation=lock.taken_by.operation,
        until_granted=lock.until_granted,
        writers=(lock.writers.least, lock.writers.most),
        readers=(lock.readers.least, lock.readers.most) if lock.readers else None,
        because=lock.because,
    )


def _hint(lock: HeldLock) -> str:
    slow, taking = lock.slowest, lock.taken_by
    if slow is None:
        sql = taking.statement.sql if taking.statement else ""
        return safe_forms.without_long_work(operation=taking.kind, sql=sql)
    sql = slow.statement.sql if slow.statement else ""
    work = max(slow.works, key=_longest).kind.name if slow.works else "CODE"
    form = safe_forms.safe_form(operation=slow.kind, sql=sql, work=work)
    if slow.place == taking.place or work == "CODE":
        return form
    return safe_forms.apart(operation=taking.operation, later=slow.operation, form=form)


def _longest(work: Work) -> tuple[bool, float]:
    return work.span.most is None, work.span.most or 0.0
