"""Finds tables in which row-level security hides rows from the role, so that a count of rows would be too low."""

from __future__ import annotations

from migrations_safety.messages.refusals.privilege import RowsHidden
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement


def refuse_hidden_rows(connection: Connection, inspected: InspectedSchema) -> None:
    """Raise RowsHidden where row-level security may hide rows of a table whose rows are to be counted."""
    if hidden := sorted(hidden_tables(connection, inspected)):
        raise RowsHidden(role=inspected.target.role, tables=hidden)


def hidden_tables(connection: Connection, inspected: InspectedSchema) -> set[str]:
    """Names of the tables whose rows are to be counted and in which row-level security applies to the role."""
    secured = {table.oid: table.name for table in inspected.counted() if table.row_security}
    if not secured:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(statement("row_security.row_security_active"), {"oids": list(secured)})
        return {secured[oid] for (oid,) in cursor.fetchall()}
