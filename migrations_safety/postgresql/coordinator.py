"""Says whether the database is the coordinator of a Citus cluster, and which tables are spread over its workers.

Source of the facts: Citus documentation, "Metadata tables" (pg_dist_node, pg_dist_schema, pg_dist_partition).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement


@dataclass(frozen=True, kw_only=True, slots=True)
class Coordinator:
    """A database with Citus."""

    version: str
    workers: int
    """The number of active nodes that hold tables, besides the coordinator itself."""
    is_distributed: bool
    """Whether the current schema is a distributed schema, whose tables are together on one node."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpreadTable:
    """A table of the current schema that Citus keeps on several nodes."""

    oid: int
    column: str | None
    """The column by which its rows are distributed; None for a reference table, which each node has whole."""


def find_coordinator(connection: Connection) -> Coordinator | None:
    """Return what Citus says about the cluster and the current schema; None where the extension is not there."""
    with connection.cursor() as cursor:
        cursor.execute(statement("coordinator.version"))
        found = cursor.fetchone()
        if found is None:
            return None
        cursor.execute(statement("coordinator.cluster"))
        workers, is_distributed = cursor.fetchone()
    return Coordinator(version=found[0], workers=workers, is_distributed=is_distributed)


def spread_tables(connection: Connection, oids: Iterable[int]) -> list[SpreadTable]:
    """Return those of the tables that are distributed by a column, or are reference tables; Citus must be there."""
    return rows(connection, "coordinator.spread_tables", {"oids": list(oids)}, SpreadTable)
