"""Checks of indexes that are there already."""

from __future__ import annotations

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import tables as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql.identifiers import qualify_if_needed


def check_invalid_indexes(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Indexes that a failed or killed build has left invalid, on any table of the schema."""
    return [
        wording.index_invalid(
            one.table, name=one.name, index=qualify_if_needed(one.name, schema=inspected.target.schema)
        )
        for one in catalog.invalid_indexes(connection)
    ]
