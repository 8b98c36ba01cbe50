"""Counts the placeholder rows of a parent table that still await a real row in their place."""

from __future__ import annotations

from psycopg import sql

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.registry import PlaceholderMaker
from migrations_safety.sql.composition import compose, send


def count_unresolved(connection: Connection, maker: PlaceholderMaker, parent: Table) -> int:
    """Return the number of rows of `parent`, the table of `maker`, that are still placeholders."""
    query = compose("placeholders.unresolved", parent=parent.in_sql, unresolved=sql.SQL(maker.unresolved))
    with connection.cursor() as cursor:
        send(cursor, query)
        return int(cursor.fetchone()[0])
