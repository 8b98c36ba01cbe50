"""Puts a kept table back, with its rows, and its keys NOT VALID first.

Where the migrations have made a table of its name again, and that one is still empty, it makes place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from psycopg import errors, sql

from migrations_safety.kept.kept_record import KEPT_SCHEMA, Kept, definition_of, redefine
from migrations_safety.kept.obstacles import obstacles
from migrations_safety.kept.physical import Part, Relation, change, qualified_names
from migrations_safety.messages.humanize import listed
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.recovery.kept.put_back import PutBack, in_one_transaction, put_back
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

RENAME = {"i": "rename_index", "I": "rename_index", "S": "rename_sequence"}


TAKEN = {
    errors.InvalidSchemaName: "its schema is gone",
    errors.DuplicateTable: "something else has its name, or that of one of its indexes or sequences",
    errors.DuplicateObject: "something else has its name",
}
"""PostgreSQL's errors that say that a table cannot be in its old place, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Returning:
    """A kept column of a kept table; the migrations have made the table again with this column."""

    number: int
    name: str
    kept_name: str


class Occupied(Exception):
    """Raised inside the transaction where the table that stands in the place cannot go."""


def restore_table(connection: Connection, kept: Kept) -> PutBack:
    """Move a table back, then put its keys back, each in transactions of its own."""
    if _find(connection, KEPT_SCHEMA, kept.kept_name):
        try:
            definition = in_one_transaction(
                connection, lambda: _move_back(connection, kept), what=f"Putting back {kept.subject}"
            )
        except Occupied as reason:
            return PutBack(findings=[wording.made_again(kept.subject, how=str(reason))])
        except DatabaseError as error:
            how = next((words for kind, words in TAKEN.items() if isinstance(error.__cause__, kind)), None)
            if how is None:
                raise
            return PutBack(findings=[wording.made_again(kept.subject, how=how)])
    elif _find(connection, kept.schema, kept.table):
        definition = kept.definition  # a run before this one was killed after the move
    else:
        return PutBack(findings=[wording.is_gone(kept.subject, place=kept.place)])
    return PutBack(is_back=True, findings=list(put_back(connection, kept.subject, definition["keys"])))


def _move_back(connection: Connection, kept: Kept) -> dict[str, Any]:
    """Move the table, its partitions, indexes and sequences back; return the definition that holds now."""
    definition: dict[str, Any] = json.loads(json.dumps(kept.definition))
    returning: list[Returning] = []
    if there := _find(connection, kept.schema, kept.table):
        returning = rows(connection, "restored_tables.returning", _both(kept, there), Returning)
        definition["keys"] = _make_place(connection, kept, there, definition["keys"], returning)
        redefine(connection, kept.number, table=kept.table, definition=definition)
    relations = definition["relations"]
    for one in relations:
        if one["kind"] not in RENAME:
            place = sql.Identifier(KEPT_SCHEMA, one["kept_name"])
            change(connection, "restored_tables.move", table=place, schema=sql.Identifier(one["schema"]))
    for one in relations:
        place = sql.Identifier(one["schema"], one["kept_name"])
        kind = RENAME.get(one["kind"], "rename_table")
        change(connection, f"restored_tables.{kind}", table=place, name=sql.Identifier(one["name"]))
    for column in returning:
        place = sql.Identifier(kept.schema, kept.table)
        names = {"column": sql.Identifier(column.kept_name), "name": sql.Identifier(column.name)}
        change(connection, "restored_columns.rename", table=place, **names)
        redefine(connection, column.number, table=kept.table, definition=definition_of(connection, column.number))
    return definition


def _make_place(
    connection: Connection, kept: Kept, there: Relation, keys: list[dict[str, Any]], returning: list[Returning]
) -> list[dict[str, Any]]:
    """Drop the empty table that stands in the place, and return the keys that the restored one gets.

    `returning` are the kept columns that it has again. Raises Occupied where it holds rows, has other columns, or
    something depends on it.
    """
    change(connection, "restored_tables.lock", table=there.in_sql)
    with connection.cursor() as cursor:
        send(cursor, compose("restored_tables.holds_rows", table=there.in_sql))
        if cursor.fetchone()[0]:
            raise Occupied("a table of its name was made again and holds rows")
        asked = _both(kept, there) | {"returning": [one.name for one in returning]}
        cursor.execute(statement("restored_tables.other_columns"), asked)
        if differ := [name for (name,) in cursor.fetchall()]:
            raise Occupied(f"a table of its name was made again with other columns: {listed(differ)}")
    if things := obstacles(connection, there.oid, column=None):
        raise Occupied(f"a table of its name was made again, and {listed([one.name for one in things])} depends on it")
    tree = [one.oid for one in rows(connection, "kept_tables.tree", {"oid": there.oid}, Relation)]
    with qualified_names(connection):
        now = [one.as_dict() for one in rows(connection, "kept_tables.keys", {"tree": tree}, Part)]
        # a rollback drops the indexes of its own operations before the table, so that the kept one lacks them
        parts = [one.as_dict() for one in rows(connection, "restored_tables.parts", {"oid": there.oid}, Part)]
    for one in now:
        table = sql.Identifier(one["schema"], one["relation"])
        change(connection, "restored_tables.drop_key", table=table, name=sql.Identifier(one["name"]))
    change(connection, "restored_tables.drop", table=there.in_sql)
    names = {(one["schema"], one["relation"], one["name"]) for one in now}
    return parts + now + [one for one in keys if (one["schema"], one["relation"], one["name"]) not in names]


def _both(kept: Kept, there: Relation) -> dict[str, str]:
    return {"schema": KEPT_SCHEMA, "name": kept.kept_name, "other_schema": there.schema, "other": there.name}


def _find(connection: Connection, schema: str, name: str) -> Relation | None:
    found = rows(connection, "restored_tables.find", {"schema": schema, "name": name}, Relation)
    return found[0] if found else None
