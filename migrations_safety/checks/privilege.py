"""The check of the role's privileges on the tables and the schema of the plan."""

from __future__ import annotations

from migrations_safety.audit.record_rights import MIGRATIONS
from migrations_safety.audit.run_log import tables_exist
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import privilege as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.row_security import hidden_tables
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.sql.identifiers import quote_identifier


def check_privilege(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find privileges that the plan needs and the role lacks, and tables with row-level security.

    The role must own the tables with foreign-key columns, and the tables that a rollback alters or drops. The role also
    needs REFERENCES on the parents, and CREATE on the schema where the plan creates tables.
    """
    role = inspected.target.role
    referencing = [inspected.table(key) for key in inspected.keys]
    parents = [inspected.parent_table(key) for key in inspected.keys]
    found = []
    rollback = inspected.plan.rollback
    for name, table in sorted(inspected.tables.items()):
        needs_owner, drops = table in referencing or name in rollback.altered, name in rollback.dropped
        if (needs_owner and not table.owned) or (drops and not table.may_drop):
            found.append(_not_owner(name, table, role=role))
        if table in parents and not table.may_reference:
            found.append(wording.may_not_reference(name, role=role, grant_on=table.to_paste))
    creates = bool(inspected.plan.creates or rollback.creates)
    if inspected.plan.changes_something and not creates:
        creates = not _records_exist(connection)
    if creates and not inspected.target.may_create:
        found.append(wording.may_not_create(inspected.target.schema, role=role))
    return found + _row_security(connection, inspected)


def _not_owner(name: str, table: Table, *, role: str) -> Finding:
    give = f"ALTER TABLE {table.to_paste} OWNER TO {quote_identifier(role)};" if table.is_of_superuser else None
    return wording.not_owner(name, role=role, owner=table.owner, give=give)


def _records_exist(connection: Connection) -> bool:
    return bool(tables_exist(connection) and catalog.tables(connection, [MIGRATIONS]))


def _row_security(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    hiding, role = hidden_tables(connection, inspected), inspected.target.role
    return [
        wording.rows_hidden(name, role=role) if name in hiding else wording.row_security(name)
        for name in sorted(table.name for table in inspected.counted() if table.row_security)
        if name in hiding or not inspected.plan.backwards
    ]
