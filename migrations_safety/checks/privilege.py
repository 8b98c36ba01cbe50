"""Checks of what the role may do."""

from __future__ import annotations

from typing import Any

from migrations_safety.checks.evidence import Evidence
from migrations_safety.findings import Finding
from migrations_safety.findings import privilege as wording
from migrations_safety.sql import statement


def check_privilege(connection: Any, evidence: Evidence) -> list[Finding]:
    """Owner of the referencing tables, REFERENCES on the parents, CREATE on the schema, row-level security."""
    role = evidence.target.role
    referencing = {key.table for key in evidence.plan.keys}
    parents = {key.target_table for key in evidence.plan.keys}
    found = []
    for name, table in sorted(evidence.tables.items()):
        if name in referencing and not table.owned:
            found.append(wording.not_owner(name, role=role, owner=table.owner))
        if name in parents and not table.may_reference:
            found.append(wording.may_not_reference(name, role=role))
    if evidence.plan.creates and not evidence.target.may_create:
        found.append(wording.may_not_create(evidence.target.schema or "public", role=role))
    return found + _row_security(connection, evidence)


def _row_security(connection: Any, evidence: Evidence) -> list[Finding]:
    secured = [table for table in evidence.touched() if table.row_security]
    if not secured:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement("session.row_security_active"), {"oids": [table.oid for table in secured]})
        hidden = {oid for (oid,) in cursor.fetchall()}
    return [
        wording.rows_hidden(table.name, role=evidence.target.role)
        if table.oid in hidden
        else wording.row_security(table.name)
        for table in sorted(secured, key=lambda table: table.name)
    ]
