"""Remembers foreign keys that are dropped in a statement of their own, because their column may be kept afterwards.

Django drops the key of a field before its column, and a rollback drops keys one by one. Outside of one transaction a
kill may come in between, so a key is remembered in the database, in the transaction that drops it.
"""

from __future__ import annotations

import json

from migrations_safety.kept.kept_record import ensure_record
from migrations_safety.kept.physical import Part, Relation
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement


def remember_key(connection: Connection, key: Part) -> None:
    """Remember a key; must run in the transaction that drops it."""
    ensure_record(connection)
    asked = {"schema": key.schema, "table": key.relation, "key": json.dumps(key.as_dict())}
    with connection.cursor() as cursor:
        cursor.execute(statement("dropped_keys.create"))
        cursor.execute(statement("dropped_keys.add"), asked)


def take_keys(connection: Connection, table: Relation, column: str) -> list[Part]:
    """Return the remembered keys of a column that is kept now, and forget them."""
    if not _exists(connection):
        return []
    asked = {"schema": table.schema, "table": table.name, "column": column}
    with connection.cursor() as cursor:
        cursor.execute(statement("dropped_keys.take"), asked)
        found = [json.loads(key) if isinstance(key, str) else key for (key,) in cursor.fetchall()]
    return [Part(**(one | {"columns": tuple(one["columns"])})) for one in found]


def forget_keys(connection: Connection) -> None:
    """Forget the keys of a run that has ended: their columns were not dropped."""
    if _exists(connection):
        with connection.cursor() as cursor:
            cursor.execute(statement("dropped_keys.forget"))


def _exists(connection: Connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement("dropped_keys.exists"))
        return bool(cursor.fetchone()[0])
