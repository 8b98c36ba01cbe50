"""All rows of a database as plain values, so that two moments, or two databases, can be compared."""

from __future__ import annotations

import re
from typing import Any

from psycopg import sql

TABLES = """SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1, 2"""
OWN = re.compile("django_migrations|migrations_safety_")
MOMENTS = ("createdAt", "updatedAt", "startsAt", "backfillRunId")


def row_snapshot(database: Any, *, bookkeeping: bool = True) -> dict[str, list[str]]:
    """Every row of every table as text; `bookkeeping=False` leaves out our own and Django's tables."""
    return {
        f"{schema}.{table}": [row for (row,) in database.rows(_rows(schema, table))]
        for schema, table in database.rows(TABLES)
        if bookkeeping or not OWN.match(table)
    }


def _rows(schema: str, table: str) -> sql.Composed:
    name = sql.Identifier(schema, table)
    return sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(name)


def results(database: Any, *tables: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of tables without what differs from run to run: moments, the run's id, ids that were made up."""
    taken = {}
    for table in tables:
        rows = [row for (row,) in database.rows(f'SELECT to_jsonb(t) FROM "{table}" AS t')]
        made_up = {"id"} if table == "patient_risk_flags" else set()
        kept = [{name: value for name, value in row.items() if name not in {*MOMENTS, *made_up}} for row in rows]
        taken[table] = sorted(kept, key=repr)
    return taken
