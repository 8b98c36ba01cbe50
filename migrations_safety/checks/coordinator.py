"""The check of a Citus cluster: what was met, and which tables of the plan it cannot change safely yet."""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.target import NotOnCoordinator
from migrations_safety.messages.wording import target as wording
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.coordinator import find_coordinator, spread_tables

ESTIMATES = "the estimates of the tables are on the worker"
NUMBERS = "transactions have other numbers on the worker, so new rows cannot be told from old ones"


def refuse_on_coordinator(connection: Connection, *, schema: str, estimates: bool, counts_new_rows: bool) -> None:
    """Raise NotOnCoordinator in a distributed schema where rows are estimated, or where only new rows are counted."""
    asked = {"--approximate": ESTIMATES} if estimates else {"--census": NUMBERS} if counts_new_rows else {}
    found = find_coordinator(connection) if asked else None
    if found and found.is_distributed:
        ((option, reason),) = asked.items()
        raise NotOnCoordinator(schema=schema, option=option, reason=reason)


def check_coordinator(connection: Connection, inspected: InspectedSchema) -> list[Finding]:
    """Say that the database is a coordinator of Citus, and find tables whose rows are spread over its workers."""
    found = find_coordinator(connection)
    if found is None:
        return []
    cluster: dict[str, Any] = {name: getattr(found, name) for name in ("version", "workers", "is_distributed")}
    names = {table.oid: name for name, table in sorted(inspected.tables.items())}
    return [
        wording.coordinator(inspected.target.name, schema=inspected.target.schema, **cluster),
        *(wording.spread_table(names[one.oid], column=one.column) for one in spread_tables(connection, names)),
    ]
