"""The check for invalid indexes."""

from __future__ import annotations

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import tables as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql.identifiers import qualify_if_needed


def check_invalid_indexes(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find the indexes in the schema, on any table, that a failed or killed CREATE INDEX has left invalid."""
    return [
        wording.index_invalid(
            index.table, name=index.name, index=qualify_if_needed(index.name, schema=inspected.target.schema)
        )
        for index in catalog.invalid_indexes(connection)
    ]
