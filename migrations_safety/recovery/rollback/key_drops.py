"""Drops the foreign keys between tables that go and tables that stay, each in a transaction of its own.

DROP TABLE drops them as well, but all at once: then every table at their other ends is locked in ACCESS EXCLUSIVE mode
until the last table is gone. One by one, each of these locks lasts about a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.recovery.rollback.report import DroppedKey
from migrations_safety.sql.composition import compose, send


def keys_between(connection: Connection, oids: Iterable[int]) -> list[DroppedKey]:
    """Return the foreign keys between the tables with these oids and all other tables, in either direction."""
    return rows(connection, "key_drops.between", {"oids": list(oids)}, DroppedKey)


def drop_keys(connection: Connection, keys: Iterable[DroppedKey]) -> list[DroppedKey]:
    """Drop the foreign keys, and return them; the names of their tables are SQL already."""
    dropped = []
    for key in keys:
        with connection.cursor() as cursor:
            query = compose("key_drops.drop", table=sql.SQL(key.table), name=sql.Identifier(key.name))
            send(cursor, query)
        dropped.append(key)
    return dropped
