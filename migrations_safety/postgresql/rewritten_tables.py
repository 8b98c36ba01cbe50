"""Tells when a snapshot shows tables without their rows, because they got new files after it was taken."""

from __future__ import annotations

from typing import Any

from migrations_safety.sql import statement


class TablesRewritten(Exception):
    """Raised with the names of the tables that a transaction has read without a row."""

    def __init__(self, tables: list[str]) -> None:
        super().__init__(*tables)
        self.tables = tables


def refuse_rewritten(cursor: Any) -> None:
    """Raise TablesRewritten where a table got new files between the snapshot of the transaction and its first look.

    TRUNCATE and an ALTER TABLE that rewrites do that. An older snapshot sees such a table without any row (PostgreSQL
    documentation, 13.6, "Caveats"), and nothing says so. After its first look a transaction has a lock on the table,
    which keeps both away. `cursor` is one of Django or of psycopg.
    """
    cursor.execute(statement("rewritten_tables.read"))
    if found := [name for (name,) in cursor.fetchall()]:
        raise TablesRewritten(found)
