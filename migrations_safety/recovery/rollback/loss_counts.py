"""Counts the rows and values that a rollback would lose.

A row is not lost where the backfill has made it and nobody has changed it since: a placeholder that a recorded run has
created, with the rows that were created beside it. Everything else is. A value is also lost where its column goes back
to a type that cuts or rounds it: it is cast there and back, and compared with what it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import DatabaseError, transaction
from psycopg import sql

from migrations_safety.audit.run_log import tables_exist
from migrations_safety.messages.errors import sqlstate
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.rollback import RetypedColumn
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.recovery.rollback.report import Loss
from migrations_safety.schema.placeholder_makers import Untouched, untouched_rows
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

UNLIMITED = ("text", "varchar")
"""Types that take the text of any value as it is."""
SIZES = {"smallint": 2, "integer": 4, "bigint": 8}
"""The bytes of each integer type; a larger one takes all values of a smaller one."""
NOT_THERE = ("42P01", "42703")
"""The SQLSTATE of a missing table, and of a missing column."""
NO_CAST = "42846"
DATA_ERRORS = ("22", "23")
"""How the SQLSTATE of an error begins that says that a type does not take a value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A table or a column of which the rows that would be lost are counted, wherever it is by then.

    A migration that is unapplied before may rename both, so they are known by their numbers in the catalog.
    """

    oid: int
    table: str
    """The name before the rollback."""
    column: str | None
    """The name before the rollback; None for a table that goes as a whole."""
    migration: str
    """The label of the migration whose rollback drops or changes it."""
    attnum: int | None = None
    untouched: sql.Composable | None = None
    """For a table, what is true for the rows that nobody would miss."""
    filling: str | None = None
    """For a column that goes, the value with which it was filled when it was added."""
    is_retyped: bool = False
    """Whether a column that goes gets another type before."""
    casts: tuple[str, ...] = ()
    """For a column that stays, the types that it gets one after the other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """Where the table and the column of a question are now."""

    schema: str
    table: str
    column: str | None
    type: str | None

    @property
    def in_sql(self) -> sql.Identifier:
        """The qualified name of the table."""
        return sql.Identifier(self.schema, self.table)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What was counted."""

    losses: tuple[Loss, ...]
    refused: tuple[Question, ...] = ()
    """Columns with values that PostgreSQL does not take into the type before, so that the rollback would fail."""


def questions(connection: Connection, inspected: InspectedPlan, *, keep_dropped: bool) -> list[Question]:
    """Return the questions for what the plan of a rollback drops or cuts and that exists.

    With `keep_dropped` what is dropped is kept, so only values that are cut are lost.
    """
    found = list(_retyped(connection, inspected))
    if not keep_dropped:
        found += [*_tables(connection, inspected), *_dropped_columns(connection, inspected)]
    return found


def _tables(connection: Connection, inspected: InspectedPlan) -> Iterator[Question]:
    has_record = tables_exist(connection)
    for dropped in inspected.plan.rollback.tables:
        if table := inspected.tables.get(dropped.table):
            untouched = _untouched(untouched_rows(dropped.table), has_record=has_record)
            yield Question(
                oid=table.oid, table=dropped.table, column=None, migration=dropped.migration, untouched=untouched
            )


def _untouched(untouched: Untouched | None, *, has_record: bool) -> sql.Composable | None:
    if untouched is None or (untouched.run_column and not has_record):
        return None
    conditions: list[sql.Composable] = [sql.SQL(untouched.condition)]
    if untouched.run_column:
        conditions.append(compose("loss_counts.of_our_runs", run_column=sql.Identifier(untouched.run_column)))
    return sql.SQL(" AND ").join(conditions)


def _dropped_columns(connection: Connection, inspected: InspectedPlan) -> Iterator[Question]:
    retyped = {(one.table, one.column) for one in inspected.plan.rollback.retyped}
    for dropped in inspected.plan.rollback.columns:
        if inspected.column(dropped.table, dropped.column):
            yield Question(
                **_place(connection, inspected, dropped.table, dropped.column),
                migration=dropped.migration,
                filling=dropped.filling,
                is_retyped=(dropped.table, dropped.column) in retyped,
            )


def _retyped(connection: Connection, inspected: InspectedPlan) -> Iterator[Question]:
    """Yield a question for each column that stays and gets one or more other types."""
    rollback = inspected.plan.rollback
    gone = {(one.table, one.column) for one in rollback.columns}
    steps: dict[tuple[str, str], list[RetypedColumn]] = defaultdict(list)
    for one in rollback.retyped:
        if one.table not in rollback.dropped and (one.table, one.column) not in gone:
            steps[one.table, one.column].append(one)
    for (table, column), taken in steps.items():
        if inspected.column(table, column) and any(map(_may_cut, taken)):
            yield Question(
                **_place(connection, inspected, table, column),
                migration=taken[0].migration,
                casts=tuple(one.new_type for one in taken),
            )


def _may_cut(step: RetypedColumn) -> bool:
    if not step.cast and step.length is not None:
        return False  # PostgreSQL refuses what is too long, and the precheck has counted that
    if step.new_type in UNLIMITED:
        return False
    return not 0 < SIZES.get(step.old_type, 0) <= SIZES.get(step.new_type, 0)


def _place(connection: Connection, inspected: InspectedPlan, table: str, column: str) -> dict[str, Any]:
    oid = inspected.tables[table].oid
    with connection.cursor() as cursor:
        cursor.execute(statement("loss_counts.attnum"), {"oid": oid, "column": column})
        (attnum,) = cursor.fetchone()
    return {"oid": oid, "table": table, "column": column, "attnum": attnum}


def present(connection: Connection, question: Question) -> Present | None:
    """Return where the table and the column are now; None where they are gone."""
    asked = {"oid": question.oid, "attnum": question.attnum}
    found = rows(connection, "loss_counts.present", asked, Present)
    return next((one for one in found if question.attnum is None or one.column), None)


def count_losses(connection: Connection, asked: Iterable[Question]) -> Counted:
    """Count what would be lost, inside a transaction; tables and columns without a loss are left out."""
    losses, refused = [], []
    with connection.cursor() as cursor:
        cursor.execute(statement("loss_counts.see_all_rows"))
    for question in asked:
        if (place := present(connection, question)) is None:
            continue
        try:
            number = _lost(connection, question, place)
        except DatabaseError as error:
            code = sqlstate(error) or ""
            if not question.casts or not (code == NO_CAST or code.startswith(DATA_ERRORS)):
                raise
            refused.append(question)
            continue
        if number:
            cut_to = question.casts[-1] if question.casts else None
            losses.append(Loss(table=question.table, column=question.column, rows=number, cut_to=cut_to))
    return Counted(losses=tuple(losses), refused=tuple(refused))


def _lost(connection: Connection, question: Question, place: Present) -> int:
    """Count the rows of a question; all rows of its table where what tells the untouched ones is not there."""
    try:
        return _count(connection, query(question, place))
    except DatabaseError as error:
        if question.untouched is None or sqlstate(error) not in NOT_THERE:
            raise
    return _count(connection, query(replace(question, untouched=None), place))


def _count(connection: Connection, asked: sql.Composable) -> int:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        send(cursor, asked)
        return int(cursor.fetchone()[0])


def query(question: Question, place: Present) -> sql.Composable:
    """Return the statement that counts the rows of a question."""
    if place.column is not None:
        return compose("loss_counts.lost_values", table=place.in_sql, condition=lossy(question, place, row=None))
    kept: sql.Composable = compose("loss_counts.none")
    if question.untouched is not None:
        kept = compose("loss_counts.untouched", table=place.in_sql, untouched=question.untouched)
    return compose("loss_counts.lost_rows", table=place.in_sql, kept=kept)


def lossy(question: Question, place: Present, *, row: str | None) -> sql.Composable:
    """Return the condition for rows with a value that would be lost; `row` is the name of the row, such as `NEW`."""
    assert place.column
    column: sql.Composable = sql.Identifier(*([row] if row else []), place.column)
    if question.casts:
        return compose("loss_counts.is_cut", column=column, there=_cast(column, question.casts), type=_type(place))
    if question.filling is None:
        return compose("loss_counts.has_value", column=column)
    return compose("loss_counts.has_another_value", column=column, filling=sql.Literal(question.filling))


def _cast(value: sql.Composable, types: Sequence[str]) -> sql.Composable:
    for one in types:
        value = compose("loss_counts.cast", value=value, type=sql.SQL(one))
    return value


def _type(place: Present) -> sql.SQL:
    return sql.SQL(place.type or "")
