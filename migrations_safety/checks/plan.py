"""The check of what a plan does besides its foreign keys: what must exist, what is dropped, what nobody judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from psycopg import sql

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import plan as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.plan.operation_steps import KEY_ALONE
from migrations_safety.plan.planned_changes import Drop, Use
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.sql.composition import compose, send

FOREIGN_TABLE = "a foreign table"
"""The kind of a relation that is no table, but that ALTER TABLE accepts as one. ALTER TABLE does not accept a view."""


def check_plan(connection: Connection, inspected: InspectedPlan, *, looks_at_data: bool) -> list[Finding]:
    """Find tables and columns that the plan alters and that do not exist, and dropped ones that hold data.

    With `looks_at_data=False` no row is read, and every dropped table or column is reported as unseen.
    """
    return [*_missing(connection, inspected), *_dropped(connection, inspected, looks_at_data=looks_at_data)]


def check_not_judged(plan: Plan) -> list[Finding]:
    """Find operations that run code, and operations that nobody judges while the plan is not measured."""
    found = [wording.runs_code(kinds=_kinds(plan.code))] if plan.code else []
    if unjudged := {kind: number for kind, number in plan.unjudged.items() if kind != KEY_ALONE}:
        found.append(wording.not_judged(sum(unjudged.values()), kinds=_kinds(unjudged)))
    return found


def _kinds(operations: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in sorted(operations.items()))


def _missing(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    needed = [use.table for use in inspected.plan.used if use.table not in inspected.tables]
    kinds = catalog.kinds_of_relations(connection, needed)
    reported: set[str] = set()
    for use in inspected.plan.used:
        subject = _missing_subject(inspected, use, kinds)
        if subject is None or subject in reported:
            continue
        reported.add(subject)
        if use.code:
            yield wording.may_come(subject, migration=use.migration, code=use.code)
        else:
            found = f" as a table (it is {kinds[use.table]})" if use.table in kinds else ""
            yield wording.not_there(subject, migration=use.migration, found=found)


def _missing_subject(inspected: InspectedPlan, use: Use, kinds: Mapping[str, str]) -> str | None:
    """The name of the missing table or column for a finding.

    None where the table or column exists, and for a column of a table that is itself missing.
    """
    if use.column is None:
        exists = use.table in inspected.tables or kinds.get(use.table) == FOREIGN_TABLE
        return None if exists else use.table
    if use.table not in inspected.tables or inspected.column(use.table, use.column):
        return None
    return f'{use.table}."{use.column}"'


def _dropped(connection: Connection, inspected: InspectedPlan, *, looks_at_data: bool) -> Iterator[Finding]:
    for drop in inspected.plan.dropped:
        table = inspected.tables.get(drop.table)
        if table is None or drop.done_by == "" or (drop.column and not inspected.column(drop.table, drop.column)):
            continue
        is_seen = looks_at_data and table.may_select
        if not is_seen or holds_anything(connection, table, drop.column):
            yield _dropped_finding(drop, table, is_seen=is_seen)


def _dropped_finding(drop: Drop, table: Table, *, is_seen: bool) -> Finding:
    words = {"migration": drop.migration, "again": _again(drop)}
    subject = f'{drop.table}."{drop.column}"' if drop.column else drop.table
    if drop.done_by:
        return wording.may_be_dropped(subject, dump=table.to_paste, migration=drop.done_by)
    if not is_seen:
        return wording.dropped_unseen(subject, **words)
    if drop.column:
        return wording.column_dropped(subject, dump=table.to_paste, **words)
    return wording.table_dropped(subject, dump=table.to_paste, **words)


def _again(drop: Drop) -> str:
    if not drop.made_again:
        return ""
    what = "column, which holds its default or NULL" if drop.column else "table, which is empty"
    return f" and then creates another {what}"


def holds_anything(connection: Connection, table: Table, column: str | None = None) -> bool:
    """Whether the table has any row; with `column`, whether that column has any value that is not NULL."""
    name = "plan.holds_values" if column else "plan.holds_rows"
    parts: dict[str, sql.Composable] = {"column": sql.Identifier(column)} if column else {}
    with connection.cursor() as cursor:
        send(cursor, compose(name, table=table.in_sql, **parts))
        return bool(cursor.fetchone()[0])
