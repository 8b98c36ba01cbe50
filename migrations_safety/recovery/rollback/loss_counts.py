"""Counts the rows and values that a rollback would lose.

A row is not lost where the backfill has made it and nobody has changed it since: a placeholder that a recorded run has
created, with the rows that were created beside it. Everything else is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from psycopg import sql

from migrations_safety.audit.run_log import tables_exist
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.rollback import DroppedColumn
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.recovery.rollback.report import Loss
from migrations_safety.schema.placeholder_makers import Untouched, untouched_rows
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A table that goes, or a column that goes, of which the rows that would be lost are counted."""

    oid: int
    table: str
    column: str | None
    migration: str
    """The label of the migration whose rollback drops it."""
    query: sql.Composable
    in_sql: sql.Identifier
    """The qualified name of the table."""


def questions(connection: Connection, inspected: InspectedPlan) -> list[Question]:
    """Return the questions for the tables and columns that the plan of a rollback drops and that exist."""
    has_record = tables_exist(connection)
    found = []
    for dropped in inspected.plan.rollback.tables:
        if table := inspected.tables.get(dropped.table):
            query = _lost_rows(table, untouched_rows(dropped.table), has_record=has_record)
            found.append(
                Question(
                    oid=table.oid,
                    table=dropped.table,
                    column=None,
                    migration=dropped.migration,
                    query=query,
                    in_sql=table.in_sql,
                )
            )
    return found + list(_columns(inspected))


def _columns(inspected: InspectedPlan) -> Iterator[Question]:
    for dropped in inspected.plan.rollback.columns:
        if inspected.column(dropped.table, dropped.column):
            table = inspected.tables[dropped.table]
            yield Question(
                oid=table.oid,
                table=dropped.table,
                column=dropped.column,
                migration=dropped.migration,
                query=compose("loss_counts.lost_values", table=table.in_sql, condition=_condition(dropped)),
                in_sql=table.in_sql,
            )


def _lost_rows(table: Table, untouched: Untouched | None, *, has_record: bool) -> sql.Composable:
    kept: sql.Composable = compose("loss_counts.none")
    if untouched and (has_record or not untouched.run_column):
        conditions: list[sql.Composable] = [sql.SQL(untouched.condition)]
        if untouched.run_column:
            conditions.append(compose("loss_counts.of_our_runs", run_column=sql.Identifier(untouched.run_column)))
        kept = compose("loss_counts.untouched", table=table.in_sql, untouched=sql.SQL(" AND ").join(conditions))
    return compose("loss_counts.lost_rows", table=table.in_sql, kept=kept)


def _condition(dropped: DroppedColumn) -> sql.Composable:
    column = sql.Identifier(dropped.column)
    if dropped.filling is None:
        return compose("loss_counts.has_value", column=column)
    return compose("loss_counts.has_another_value", column=column, filling=sql.Literal(dropped.filling))


def count_losses(connection: Connection, asked: Iterable[Question]) -> list[Loss]:
    """Return what would be lost, inside a transaction; tables and columns without a loss are left out."""
    losses = []
    with connection.cursor() as cursor:
        cursor.execute(statement("loss_counts.see_all_rows"))
    for question in asked:
        with connection.cursor() as cursor:
            send(cursor, question.query)
            rows = int(cursor.fetchone()[0])
        if rows:
            losses.append(Loss(table=question.table, column=question.column, rows=rows))
    return losses
