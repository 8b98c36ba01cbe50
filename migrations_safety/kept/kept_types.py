"""Keeps a type that a migration drops, such as an enum, where a kept table or column still has it."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from migrations_safety.kept.kept_record import (
    KEPT_SCHEMA,
    Place,
    Reason,
    add,
    kept_name,
    next_number,
    record_exists,
)
from migrations_safety.kept.physical import change
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptType:
    """A type by its name."""

    schema: str
    name: str
    kept: bool
    """Whether only kept tables and kept columns have the type, and at least one does."""


def keep_type(connection: Connection, written: str, *, reason: Reason) -> int | None:
    """Move a type into the schema of kept tables, and return its number; None where nothing kept has the type.

    `written` is its name in SQL. Then PostgreSQL drops the type, or refuses because something else has it.
    """
    if not record_exists(connection):
        return None
    found = [one for one in rows(connection, "kept_types.find", {"name": written}, KeptType) if one.kept]
    if not found:
        return None
    number, one = next_number(connection), found[0]
    name = kept_name(number, one.name)
    place = sql.Identifier(one.schema, one.name)
    change(connection, "kept_types.rename", type=place, name=sql.Identifier(name))
    renamed = sql.Identifier(one.schema, name)
    change(connection, "kept_types.move", type=renamed, schema=sql.Identifier(KEPT_SCHEMA))
    place_before = Place(kind="type", schema=one.schema, table=one.name)
    add(connection, number, place_before, name=name, reason=reason, definition={})
    return number
