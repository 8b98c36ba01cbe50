"""Carries what was written into a column that was made again over to the kept column of its name.

A trigger carries over each write from now on. Then the rows are read in ranges, each in a transaction of its own, so
that no row is locked for long. After an error the trigger goes, and a second run makes it again. A row gets the newer
value if it has no older one, or if the application has written one that is not the default with which PostgreSQL filled
the column when it was made. Where a rewrite of the table has ended what says that, the older value stays.
"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from psycopg import sql

from migrations_safety.kept.kept_record import KEPT_SCHEMA, Kept
from migrations_safety.kept.physical import Relation, change
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

BLOCKS = 2_000
"""The number of blocks of a table that one transaction reads: 16 MB."""


def carry_over(connection: Connection, table: Relation, kept: Kept) -> None:
    """Carry over what was written since the column was made again, and what is written from now on."""
    parts = _parts(table, kept)
    change(connection, "carried_values.create_function", **parts)
    change(connection, "carried_values.create_trigger", **parts)
    try:
        for part in rows(connection, "kept_tables.tree", {"oid": table.oid}, Relation):
            if part.kind == "r":
                _fill(connection, part, kept, parts)
    except DatabaseError:  # a trigger that stays would fail once one of the columns is gone
        end_carrying(connection, table, kept)
        raise


def _fill(connection: Connection, table: Relation, kept: Kept, parts: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement("carried_values.blocks"), {"oid": table.oid})
        blocks = cursor.fetchone()[0]
        cursor.execute(statement("carried_values.filling"), {"oid": table.oid, "column": kept.column})
        filling = cursor.fetchone()
    value, is_unknown = filling or (None, False)
    written = compose("carried_values.is_written", column=parts["column"], filling=sql.Literal(value))
    condition = compose("carried_values.nobody_knows") if is_unknown else written
    query = compose("carried_values.fill", **(parts | {"table": table.in_sql}), condition=condition)
    for first in range(0, blocks + 1, BLOCKS):
        with connection.cursor() as cursor:
            send(cursor, query, {"first": f"({first},0)", "after": f"({first + BLOCKS},0)"})


def end_carrying(connection: Connection, table: Relation, kept: Kept) -> None:
    """Drop the trigger and its function; must run in the transaction that gives the columns their names."""
    parts = _parts(table, kept)
    change(connection, "carried_values.drop_trigger", **parts)
    change(connection, "carried_values.drop_function", **parts)


def _parts(table: Relation, kept: Kept) -> dict[str, Any]:
    assert kept.column
    return {
        "table": table.in_sql,
        "column": sql.Identifier(kept.column),
        "kept": sql.Identifier(kept.kept_name),
        "function": sql.Identifier(KEPT_SCHEMA, f"carry_over_{kept.number}"),
        "trigger": sql.Identifier(f"zz_migrations_safety_kept_{kept.number}"),
    }
