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

from migrations_safety.kept.carrying import carriers, end_carrying, names_of
from migrations_safety.kept.kept_record import Kept
from migrations_safety.kept.physical import Relation, change
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

BLOCKS = 2_000
"""The number of blocks of a table that one transaction reads: 16 MB."""


def carry_over(connection: Connection, table: Relation, kept: Kept) -> bool:
    """Carry over what was written since the column was made again, and what is written from now on.

    Return False where nobody knows what was written in some part of the table, so that the older values stay there.
    """
    is_known = True
    parts = _parts(table, kept)
    change(connection, "carried_values.create_function", **parts)
    for carrier in carriers(connection, table):
        change(connection, "carried_values.create_trigger", **(parts | {"table": carrier.in_sql}))
        change(connection, "carried_values.always", table=carrier.in_sql, trigger=parts["trigger"])
    try:
        for part in rows(connection, "kept_tables.tree", {"oid": table.oid}, Relation):
            if part.kind == "r":
                is_known &= _fill(connection, part, kept, parts)
    except DatabaseError:  # a trigger that stays would fail once one of the columns is gone
        end_carrying(connection, table, kept)
        raise
    return is_known


def _fill(connection: Connection, table: Relation, kept: Kept, parts: dict[str, Any]) -> bool:
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
    return not is_unknown or not _differ(connection, parts | {"table": table.in_sql})


def _differ(connection: Connection, parts: dict[str, Any]) -> bool:
    names = {name: parts[name] for name in ("table", "column", "kept")}
    with connection.cursor() as cursor:
        send(cursor, compose("carried_values.differing", **names))
        return bool(cursor.fetchone()[0])


def _parts(table: Relation, kept: Kept) -> dict[str, Any]:
    assert kept.column
    return {
        "table": table.in_sql,
        "column": sql.Identifier(kept.column),
        "kept": sql.Identifier(kept.kept_name),
        **names_of(kept),
    }
