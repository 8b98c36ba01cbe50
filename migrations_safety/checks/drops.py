"""The check of what a plan drops by its operations, where the measurement did not see the drop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import sql

from migrations_safety.checks.data_findings import WRONG, subject_of
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import data as data_wording
from migrations_safety.messages.wording import plan as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.planned_changes import Drop
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.sql.composition import compose, send


def check_drops(
    connection: Connection, inspected: InspectedPlan, measured: MeasuredPlan, *, looks_at_data: bool
) -> list[Finding]:
    """Find tables and columns that the plan drops and that hold anything.

    With `looks_at_data`, those that the measurement saw are left out, because `check_data` judges them. Without it no
    row is read, and every dropped table or column is reported as unseen.
    """
    found = []
    seen = {(one.of, one.columns) for one in measured.demands if one.kind == "drop"}
    for drop, table in _existing(inspected):
        place = ((table.schema, table.relation), (drop.column,) if drop.column else ())
        if drop.done_by:
            if _may_still_drop(drop, measured):
                found.append(_may_be_dropped(drop, table))
        elif not looks_at_data or not table.may_select:
            found.append(wording.dropped_unseen(_subject(drop), migration=drop.migration, again=_again(drop)))
        elif place not in seen and not (measured.is_measured and measured.error is None):
            found += _counted(connection, drop, table)
        seen.discard(place)
    if not looks_at_data:
        found += _unseen(measured, seen)
    return found


def _existing(inspected: InspectedPlan) -> Iterator[tuple[Drop, Table]]:
    for drop in inspected.plan.dropped:
        table = inspected.tables.get(drop.table)
        if table and drop.done_by != "" and (not drop.column or inspected.column(drop.table, drop.column)):
            yield drop, table


def again_of(inspected: InspectedPlan, place: tuple[tuple[str, str], tuple[str, ...]]) -> str:
    """Return the words for an empty table or column that the plan makes under the same name; empty for none."""
    for drop, table in _existing(inspected):
        if place == ((table.schema, table.relation), (drop.column,) if drop.column else ()):
            return _again(drop)
    return ""


def _may_still_drop(drop: Drop, measured: MeasuredPlan) -> bool:
    """Return whether code that may drop something has not run in the measurement."""
    if not measured.is_measured or measured.error:
        return True
    return not {one.migration for one in measured.opaque}.isdisjoint((drop.done_by or "").split(", "))


def _counted(connection: Connection, drop: Drop, table: Table) -> Iterator[Finding]:
    rows = _count(connection, table, drop.column)
    words: dict[str, Any] = {"migration": drop.migration, "rows": rows}
    if rows and drop.code:
        wrong, does = WRONG["drop"]
        yield data_wording.may_be_corrected(_subject(drop), wrong=wrong, does=does, code=drop.code, **words)
    elif rows and drop.column:
        yield data_wording.column_dropped(_subject(drop), dump=table.to_paste, again=_again(drop), **words)
    elif rows:
        yield data_wording.table_dropped(_subject(drop), dump=table.to_paste, again=_again(drop), **words)


def _count(connection: Connection, table: Table, column: str | None) -> int:
    """Return the number of rows of a table, or of those with a value in the column."""
    name = "drops.values" if column else "drops.rows"
    parts: dict[str, sql.Composable] = {"column": sql.Identifier(column)} if column else {}
    with connection.cursor() as cursor:
        send(cursor, compose(name, table=table.in_sql, **parts))
        return int(cursor.fetchone()[0])


def _may_be_dropped(drop: Drop, table: Table) -> Finding:
    return wording.may_be_dropped(_subject(drop), dump=table.to_paste, migration=drop.done_by or "")


def _unseen(measured: MeasuredPlan, seen: set[tuple[tuple[str, str], tuple[str, ...]]]) -> Iterator[Finding]:
    for demand in measured.demands:
        if demand.kind == "drop" and (demand.of, demand.columns) in seen:
            yield wording.dropped_unseen(subject_of(demand), migration=demand.migration, again="")


def _subject(drop: Drop) -> str:
    return f'{drop.table}."{drop.column}"' if drop.column else drop.table


def _again(drop: Drop) -> str:
    if not drop.made_again:
        return ""
    what = "column, which holds its default or NULL" if drop.column else "table, which is empty"
    return f" and then creates another {what}"
