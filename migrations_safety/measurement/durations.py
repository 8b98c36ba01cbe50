"""How long each lock of a measured plan is held on a table that existed before, and who waits meanwhile.

In an atomic migration a lock is held from the statement that takes it to the end of the migration, so all later
statements count, also those on other tables. Otherwise each statement is a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from migrations_safety.measurement.report import LOCKS, MeasuredPlan, MeasuredStatement, MeasuredTransaction
from migrations_safety.measurement.work import NOTHING, UNKNOWN, Span, Work, work_of
from migrations_safety.messages.humanize import format_bytes
from migrations_safety.postgresql.table_figures import TableFigures

STOPS_WRITERS = frozenset({"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"})
"""The lock modes that conflict with the lock of INSERT, UPDATE and DELETE (PostgreSQL documentation, 13.3.1)."""
STOPS_READERS = frozenset({"AccessExclusiveLock"})
"""The lock mode that conflicts with the lock of SELECT."""
WORKS_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One statement, or one operation whose Python code was not measured, with the seconds that it takes."""

    migration: str
    operation: int
    """The number of its operation in the migration, from 1."""
    kind: str
    """The class of its operation, for example `AddIndex`."""
    place: int
    statement: MeasuredStatement | None
    works: tuple[Work, ...]

    @property
    def span(self) -> Span:
        """The seconds that it takes: those of all its work, and unknown for Python code."""
        if self.statement is None:
            return UNKNOWN
        total = NOTHING
        for work in self.works:
            total += work.span
        return total


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldLock:
    """The strongest lock of one transaction on one table that existed before the plan."""

    table: str
    lock: str
    """The mode, as `pg_locks` spells it."""
    until_granted: float | None
    """The age in seconds of the oldest transaction on the table, for which the lock waits; None if not known."""
    least: float
    """How many seconds it is held at least, once it is granted."""
    most: float | None
    """How many seconds it is held at most; None if nobody can tell."""
    because: str
    """What takes that long, for example `builds an index on 1.2 GB of shop_order`; empty if nothing does."""
    writers: Span | None
    """How long the locks of the transaction on the table stop writers; None if they do not."""
    readers: Span | None
    """How long they stop readers; None if they do not."""
    taken_by: Step
    """The first statement whose lock stops writers, else the one that takes the strongest lock."""
    slowest: Step | None
    """The step that takes longest while the lock is held; None if none takes any time."""


def tables_of(measured: MeasuredPlan) -> list[str]:
    """Return the tables that existed before the plan and that it locks, scans, rewrites or drops."""
    found = {effect.table for one in measured.transactions for effect in one.effects if not effect.new}
    return sorted(found)


def held_locks(
    measured: MeasuredPlan, figures: Mapping[str, TableFigures], *, small: int = 0
) -> tuple[tuple[HeldLock, ...], ...]:
    """Return for each transaction of the plan the locks that it holds on existing tables, the longest first.

    Work on tables of less than `small` bytes is left out.
    """
    return tuple(_held(transaction, figures, small=small) for transaction in measured.transactions)


def _held(transaction: MeasuredTransaction, figures: Mapping[str, TableFigures], *, small: int) -> tuple[HeldLock, ...]:
    steps = sorted(_steps(transaction, figures, small=small), key=lambda step: step.place)
    found = (_of_table(table, transaction, steps, figures.get(table)) for table in transaction.held)
    without_partitions = _without_partitions(list(found), figures)
    return tuple(sorted(without_partitions, key=_severity, reverse=True))


def _steps(transaction: MeasuredTransaction, figures: Mapping[str, TableFigures], *, small: int) -> Iterator[Step]:
    for number, operation in enumerate(transaction.operations, 1):
        step = partial(Step, migration=operation.migration, operation=number, kind=operation.kind)
        if operation.opaque:
            yield step(place=operation.place, statement=None, works=())
        for statement in operation.statements:
            works = tuple(work_of(statement, figures, small=small))
            yield step(place=statement.place, statement=statement, works=works)


def _of_table(
    table: str, transaction: MeasuredTransaction, steps: list[Step], figures: TableFigures | None
) -> HeldLock:
    lock = transaction.held[table]
    strongest = _while_held(table, frozenset({lock}), transaction, steps)
    writing = _while_held(table, STOPS_WRITERS, transaction, steps)
    reading = _while_held(table, STOPS_READERS, transaction, steps)
    held = writing or strongest
    slowest = max(held, key=lambda step: _length(step.span))
    span = _span(strongest, transaction)
    return HeldLock(
        table=table,
        lock=lock,
        until_granted=figures.longest_transaction_seconds if figures else None,
        least=span.least,
        most=span.most,
        because=_because(held),
        writers=_span(writing, transaction) if writing else None,
        readers=_span(reading, transaction) if reading else None,
        taken_by=held[0],
        slowest=slowest if slowest.span != NOTHING else None,
    )


def _while_held(table: str, modes: frozenset[str], transaction: MeasuredTransaction, steps: list[Step]) -> list[Step]:
    """Return the steps during which a lock of these modes is held on the table; an empty list if it is never taken."""
    taking = [number for number, step in enumerate(steps) if _takes(step, table, modes)]
    if transaction.atomic:
        return steps[taking[0] :] if taking else []
    return [steps[number] for number in taking]


def _takes(step: Step, table: str, modes: frozenset[str]) -> bool:
    effects = step.statement.tables if step.statement else ()
    return any(effect.table == table and effect.lock in modes for effect in effects)


def _span(steps: Iterable[Step], transaction: MeasuredTransaction) -> Span:
    total = NOTHING
    for step in steps:
        total = total + step.span if transaction.atomic else total.wider(step.span)
    return total


def _because(steps: list[Step]) -> str:
    """Say what takes the time, the longest first."""
    by_length = sorted((step for step in steps if step.span != NOTHING), key=lambda step: _length(step.span))
    said: list[str] = []
    for step in reversed(by_length):
        works = sorted(step.works, key=lambda work: _length(work.span), reverse=True)
        said += ["runs Python code that was not measured"] if step.statement is None else map(_said, works)
    return ", ".join(list(dict.fromkeys(said))[:WORKS_NAMED])


def _said(work: Work) -> str:
    size = "" if work.bytes is None else f"{format_bytes(work.bytes)} of "
    return f"{work.kind.does} {size}{work.table}"


def _length(span: Span) -> tuple[bool, float, float]:
    return span.most is None, span.most or 0.0, span.least


def _severity(held: HeldLock) -> tuple[tuple[bool, float, float], int, str]:
    return _length(held.writers or NOTHING), LOCKS.index(held.lock), held.table


def _without_partitions(found: list[HeldLock], figures: Mapping[str, TableFigures]) -> Iterator[HeldLock]:
    """Leave out a partition whose partitioned table is held by a lock as strong and for as long."""
    by_table = {one.table: one for one in found}
    for one in found:
        of = figures[one.table].partition_of if one.table in figures else None
        whole = by_table.get(of) if of else None
        if whole is None or _severity(whole)[:2] < _severity(one)[:2]:
            yield one
