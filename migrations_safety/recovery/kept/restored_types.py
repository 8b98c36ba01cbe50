"""Puts a kept type back."""

from __future__ import annotations

from django.db import DatabaseError
from psycopg import errors, sql

from migrations_safety.kept.kept_record import KEPT_SCHEMA, Kept
from migrations_safety.kept.physical import change
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.kept.put_back import PutBack, in_one_transaction
from migrations_safety.sql import statement


def restore_type(connection: Connection, kept: Kept) -> PutBack:
    """Move a type back into its schema; a type of its name that nothing has any more is dropped before."""

    def work() -> None:
        if _is_there(connection, kept.schema, kept.table):
            change(connection, "restored_types.drop", type=sql.Identifier(kept.schema, kept.table))
        there = sql.Identifier(KEPT_SCHEMA, kept.kept_name)
        change(connection, "restored_types.move", type=there, schema=sql.Identifier(kept.schema))
        moved = sql.Identifier(kept.schema, kept.kept_name)
        change(connection, "restored_types.rename", type=moved, name=sql.Identifier(kept.table))

    if not _is_there(connection, KEPT_SCHEMA, kept.kept_name):
        return PutBack(is_back=_is_there(connection, kept.schema, kept.table))
    try:
        in_one_transaction(connection, work, what=f"Putting back {kept.subject}")
    except DatabaseError as error:
        if not isinstance(error.__cause__, errors.DependentObjectsStillExist):
            raise
        return PutBack(findings=[wording.made_again(kept.subject, how="other columns have a new type of its name")])
    return PutBack(is_back=True)


def was_made_again(connection: Connection, kept: Kept) -> bool:
    """Return whether a type of the name is there, which the migrations have made again."""
    return _is_there(connection, kept.schema, kept.table)


def _is_there(connection: Connection, schema: str, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement("restored_types.exists"), {"schema": schema, "name": name})
        return bool(cursor.fetchone()[0])
