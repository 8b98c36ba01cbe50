"""Finds rows and values in what a migration has made that is applied in part: undoing it by SQL would lose them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, transaction
from psycopg import sql

from migrations_safety.plan import operation_effects as kinds
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.diagnosis.applied_in_part import Half
from migrations_safety.sql import statement
from migrations_safety.sql.composition import address, compose, send


def lost_rows(connection: Connection, half: Half) -> Iterator[str]:
    """Yield the tables that have rows, and the columns that have values, of those that the migration has made.

    One that cannot be read quickly is among them: nobody has seen that it is empty.
    """
    tables = sorted(one.table for one in half.added if one.kind == kinds.TABLE)
    for table in tables:
        if _is_there(connection, "rows_of_halves.has_rows", table=_named(table)):
            yield table
    for one in sorted(half.added):
        if one.kind == kinds.COLUMN and one.table not in tables:
            names = {"table": _named(one.table), "column": sql.Identifier(one.name)}
            if _is_there(connection, "rows_of_halves.has_values", **names):
                yield f"{one.table}.{one.name}"


def _named(table: str) -> sql.Identifier:
    return sql.Identifier(*(part for part in address(table) if part))


def _is_there(connection: Connection, name: str, **names: Any) -> bool:
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(statement("rows_of_halves.limit"))
            send(cursor, compose(name, **names))
            return bool(cursor.fetchone()[0])
    except DatabaseError:
        return True
