"""The check of what a plan does besides its foreign keys: what must exist, and what nobody judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import plan as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.plan.operation_steps import KEY_ALONE
from migrations_safety.plan.planned_changes import Use
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.sql.composition import compose, send

FOREIGN_TABLE = "a foreign table"
"""The kind of a relation that is no table, but that ALTER TABLE accepts as one. ALTER TABLE does not accept a view."""


def check_plan(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find tables and columns that the plan alters and that do not exist."""
    return list(_missing(connection, inspected))


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


def holds_anything(connection: Connection, table: Table) -> bool:
    """Whether the table has any row."""
    with connection.cursor() as cursor:
        send(cursor, compose("plan.holds_rows", table=table.in_sql))
        return bool(cursor.fetchone()[0])
