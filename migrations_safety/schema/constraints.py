"""Primary keys and CHECK constraints; constraints of other kinds that no model declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import CheckConstraint

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import OtherConstraint, Table
from migrations_safety.schema import expressions


def compare_constraints(
    connection: Connection, model: Any, found: Iterable[OtherConstraint], *, table: Table
) -> list[Finding]:
    """The constraints of one table, foreign keys aside, against its model."""
    there = list(found)
    declared = {one.name: one for one in model._meta.constraints}
    checks = {name: one for name, one in declared.items() if isinstance(one, CheckConstraint)}
    findings = list(_primary_key(model, there))
    for name, check in checks.items():
        findings += _check(
            connection, model, check, next((one for one in there if one.name == name), None), table=table
        )
    findings += [
        wording.constraint_extra(
            f"{model._meta.db_table}.{one.name}", found=one.definition, alter=table.to_paste, name=one.name
        )
        for one in there
        if one.kind != "PRIMARY KEY" and one.name not in declared
    ]
    return findings


def _primary_key(model: Any, there: list[OtherConstraint]) -> Iterator[Finding]:
    table, column = model._meta.db_table, model._meta.pk.column
    declared = f'PRIMARY KEY ("{column}")'
    primary = next((one for one in there if one.kind == "PRIMARY KEY"), None)
    if primary is None:
        yield wording.constraint_missing(f"{table}.{table}_pkey", declared=declared)
    elif primary.columns != (column,) or primary.deferrable:
        yield wording.constraint_differs(f"{table}.{primary.name}", declared=declared, found=primary.definition)


def _check(
    connection: Connection, model: Any, check: CheckConstraint, there: OtherConstraint | None, *, table: Table
) -> Iterator[Finding]:
    editor = connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)
    declared = str(check._get_check_sql(model, editor))  # type: ignore[attr-defined]
    subject = f"{table.name}.{check.name}"
    if there is None:
        yield wording.constraint_missing(subject, declared=f"CHECK ({declared})")
        return
    is_same = there.kind == "CHECK" and expressions.are_equivalent(
        connection, [(declared, there.definition)], table=table.in_sql
    ) == [True]
    if not is_same or not there.validated:
        suffix = "" if there.validated else " NOT VALID"
        yield wording.constraint_differs(
            subject, declared=f"CHECK ({declared})", found=f"CHECK {there.definition}{suffix}"
        )
