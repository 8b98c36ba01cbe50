"""What `--keep-dropped` makes of a plan: what it drops is kept, unless something stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.migrations.operations import RunPython, RunSQL

from migrations_safety.kept.drop_statements import dropped_by, dropped_type, may_drop
from migrations_safety.kept.kept_record import KEPT_SCHEMA, no_place
from migrations_safety.kept.obstacles import obstacles
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.planned_migration import flat
from migrations_safety.postgresql.connection import Connection

LOSSES = frozenset({
    "data.E009", "data.E010", "plan.W006", "tables.E007", "tables.W003", "rollback.E002", "rollback.W001",
})  # fmt: skip
"""The findings about tables and columns that a plan drops."""
FALLS = "rollback.W006"
"""The finding about what would fall with them; it is judged anew, because nothing falls with what is kept."""

Steps = list[tuple[Any, bool]]
"""The steps of Django's plan: a migration, and whether it is unapplied."""


def check_kept(
    connection: Connection, inspected: InspectedPlan, found: list[Finding], steps: Steps
) -> Iterator[Finding]:
    """Return the findings `found` as they are with `--keep-dropped`, and what stands in the way of keeping."""
    dropped = _dropped(inspected)
    unseen = {str(migration) for migration, is_backwards in steps if _drops_unseen(migration, is_backwards)}
    for one in found:
        is_kept = one.id in LOSSES and (one.subject in map(_subject, dropped) or one.migration not in unseen)
        if not is_kept and one.id != FALLS:
            yield one
    yield from map(wording.code_out_of_sight, sorted(unseen))
    if dropped and (problem := no_place(connection)):
        yield wording.no_place(KEPT_SCHEMA, reason=problem.reason, grant=problem.grant)
    yield from _places(connection, inspected, dropped)
    yield from _check_statements(steps)


def _places(
    connection: Connection, inspected: InspectedPlan, dropped: dict[tuple[str, str | None], str]
) -> Iterator[Finding]:
    for (name, column), migration in dropped.items():
        table = inspected.tables.get(name)
        if table is None or (column and not inspected.column(name, column)):
            continue
        subject = _subject((name, column))
        things = [one.name for one in obstacles(connection, table.oid, column=column)]
        if things:
            yield wording.stands_in_the_way(subject, things=things, migration=migration)
        else:
            yield wording.is_kept(subject, is_column=bool(column), migration=migration)


def _subject(place: tuple[str, str | None]) -> str:
    table, column = place
    return f'{table}."{column}"' if column else table


def _drops_unseen(migration: Any, is_backwards: bool) -> bool:
    """Whether the migration runs code of which nobody could undo the drops, because it is not one transaction.

    A statement that the keeper reads, or runs in a transaction of its own, is none.
    """
    if migration.atomic:
        return False
    code = (one for one in flat(migration.operations) if isinstance(one, RunPython))
    return any(getattr(one, "reverse_code" if is_backwards else "code") not in (None, RunPython.noop) for one in code)


def _check_statements(steps: Steps) -> Iterator[Finding]:
    """Find the RunSQL of a plan that drops something by more than a plain DROP."""
    for migration, is_backwards in steps:
        for operation in flat(migration.operations):
            if isinstance(operation, RunSQL):
                texts = _texts(operation.reverse_sql if is_backwards else operation.sql)
                if any(may_drop(text) and not dropped_by(text) and not dropped_type(text) for text in texts):
                    yield wording.drop_not_read(str(migration))


def _texts(given: Any) -> list[str]:
    if isinstance(given, str):
        return [given]
    parts = given if isinstance(given, list | tuple) else []
    return [part if isinstance(part, str) else str(part[0]) for part in parts if part]


def _dropped(inspected: InspectedPlan) -> dict[tuple[str, str | None], str]:
    """The tables and columns that the plan drops, forwards or backwards, with the label of the migration."""
    plan, rollback = inspected.plan, inspected.plan.rollback
    found: dict[tuple[str, str | None], str] = {}
    for drop in plan.dropped:
        if not drop.done_by:
            found.setdefault((drop.table, drop.column), drop.migration)
    for column in rollback.columns:
        found.setdefault((column.table, column.column), column.migration)
    for table in rollback.tables:
        found.setdefault((table.table, None), table.migration)
    gone = {table for table, column in found if column is None}
    return {place: label for place, label in found.items() if place[1] is None or place[0] not in gone}
