"""Compares SQL expressions by letting PostgreSQL itself read, fold and print both.

The catalog prints an expression in other words than it was declared in (`'A'` becomes `'A'::text`). EXPLAIN
VERBOSE plans both in the same way and runs neither, so what it prints is equal where the two mean the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DatabaseError, transaction
from psycopg import sql

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql.composition import compose, send


def are_equivalent(
    connection: Connection, pairs: Sequence[tuple[str, str]], *, table: sql.Composable | None = None
) -> list[bool]:
    """For each pair of expressions, over the columns of `table` where one is given: do the two mean the same?

    An expression that PostgreSQL cannot read is not the same as anything.
    """
    if not pairs:
        return []
    try:
        return _compare(connection, pairs, table)
    except DatabaseError:
        if len(pairs) == 1:
            return [False]
        return [one for pair in pairs for one in are_equivalent(connection, [pair], table=table)]


def _compare(connection: Connection, pairs: Sequence[tuple[str, str]], table: sql.Composable | None) -> list[bool]:
    expressions = [sql.SQL(f"({expression})") for pair in pairs for expression in pair]
    from_table = sql.SQL("") if table is None else compose("expressions.from_table", table=table)
    query = compose("expressions.printed", expressions=sql.SQL(", ").join(expressions), from_table=from_table)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        send(cursor, query)
        printed = cursor.fetchone()[0][0]["Plan"]["Output"]
    return [declared == found for declared, found in zip(printed[::2], printed[1::2], strict=True)]
