"""Names of tables as Django gives them, for statements."""

from __future__ import annotations

from psycopg import sql


def table_name(name: str) -> sql.Composable:
    """A table's name as Django gives it, which may be quoted already (`"schema"."table"`)."""
    return sql.SQL(name) if name.startswith('"') and name.endswith('"') else sql.Identifier(name)
