"""Checks of what a plan does beside its keys: what it stands on, what it drops, and what nobody looked into."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import plan as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.operation_steps import KEY_ALONE
from migrations_safety.plan.planned_changes import Drop
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.sql.composition import compose, send

FOREIGN_TABLE = "a foreign table"
"""ALTER TABLE takes one, where it takes no view."""


def check_plan(connection: Connection, inspected: InspectedPlan, *, looks_at_data: bool) -> list[Finding]:
    """Tables and columns that are altered and not there, that are dropped with what they hold; code; all the rest."""
    plan = inspected.plan
    found = [*_missing(connection, inspected), *_dropped(connection, inspected, looks_at_data=looks_at_data)]
    if plan.code:
        found.append(wording.runs_code(kinds=_kinds(plan.code)))
    if unjudged := {kind: number for kind, number in plan.unjudged.items() if kind != KEY_ALONE}:
        found.append(wording.not_judged(sum(unjudged.values()), kinds=_kinds(unjudged)))
    return found


def _kinds(operations: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in sorted(operations.items()))


def _missing(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    used = inspected.plan.used
    taken = catalog.kinds_of_relations(connection, [one.table for one in used if one.table not in inspected.tables])
    missing_tables: set[str] = set()
    for one in used:
        subject, there = one.table, one.table in inspected.tables or taken.get(one.table) == FOREIGN_TABLE
        if one.column is not None:
            if one.table not in inspected.tables or inspected.column(one.table, one.column):
                continue
            subject, there = f'{one.table}."{one.column}"', False
        if there or subject in missing_tables:
            continue
        missing_tables.add(subject)
        if one.code:
            yield wording.may_come(subject, migration=one.migration, code=one.code)
        else:
            found = f" as a table, it is {taken[one.table]}" if one.table in taken else ""
            yield wording.not_there(subject, migration=one.migration, found=found)


def _dropped(connection: Connection, inspected: InspectedPlan, *, looks_at_data: bool) -> Iterator[Finding]:
    for one in inspected.plan.dropped:
        table = inspected.tables.get(one.table)
        if table is None or one.done_by == "" or (one.column and not inspected.column(one.table, one.column)):
            continue
        is_seen = looks_at_data and table.may_select
        if is_seen and not holds_anything(connection, table, one.column):
            continue
        words = {"migration": one.migration, "again": _again(one)}
        subject = f'{one.table}."{one.column}"' if one.column else one.table
        if one.done_by:
            yield wording.may_be_dropped(subject, dump=table.to_paste, migration=one.done_by)
        elif not is_seen:
            yield wording.dropped_unseen(subject, **words)
        elif one.column:
            yield wording.column_dropped(subject, dump=table.to_paste, **words)
        else:
            yield wording.table_dropped(subject, dump=table.to_paste, **words)


def _again(one: Drop) -> str:
    if not one.made_again:
        return ""
    what = "column, which holds its default or NULL" if one.column else "table, which is empty"
    return f"; then it makes another {what}: what is there now is lost"


def holds_anything(connection: Connection, table: Table, column: str | None = None) -> bool:
    """Whether a table holds a row, or its column a value."""
    name = "plan.holds_values" if column else "plan.holds_rows"
    parts: dict[str, sql.Composable] = {"column": sql.Identifier(column)} if column else {}
    with connection.cursor() as cursor:
        send(cursor, compose(name, table=table.in_sql, **parts))
        return bool(cursor.fetchone()[0])
