"""Checks of what the role may do."""

from __future__ import annotations

from typing import Any

from migrations_safety.audit.record_rights import MIGRATIONS
from migrations_safety.audit.run_log import tables_exist
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import privilege as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.row_security import hidden_tables
from migrations_safety.postgresql import catalog


def check_privilege(connection: Any, evidence: InspectedPlan) -> list[Finding]:
    """Owner of the referencing tables, REFERENCES on the parents, CREATE on the schema, row-level security."""
    role = evidence.target.role
    referencing = [evidence.table(key) for key in evidence.keys]
    parents = [evidence.parent_table(key) for key in evidence.keys]
    found = []
    way_back = evidence.plan.way_back
    for name, table in sorted(evidence.tables.items()):
        needs_owner, drops = table in referencing or name in way_back.altered, name in way_back.dropped
        if (needs_owner and not table.owned) or (drops and not table.may_drop):
            found.append(wording.not_owner(name, role=role, owner=table.owner))
        if table in parents and not table.may_reference:
            found.append(wording.may_not_reference(name, role=role, grant_on=table.to_paste))
    creates = bool(evidence.plan.creates or way_back.creates)
    if evidence.plan.changes_something and not creates:
        creates = not _records_exist(connection)
    if creates and not evidence.target.may_create:
        found.append(wording.may_not_create(evidence.target.schema, role=role))
    return found + _row_security(connection, evidence)


def _records_exist(connection: Any) -> bool:
    return bool(tables_exist(connection) and catalog.tables(connection, [MIGRATIONS]))


def _row_security(connection: Any, evidence: InspectedPlan) -> list[Finding]:
    hiding, role = hidden_tables(connection, evidence), evidence.target.role
    return [
        wording.rows_hidden(name, role=role) if name in hiding else wording.row_security(name)
        for name in sorted(table.name for table in evidence.counted() if table.row_security)
        if name in hiding or not evidence.plan.backwards
    ]
