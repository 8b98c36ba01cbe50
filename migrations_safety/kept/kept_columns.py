"""Keeps a column instead of dropping it: it stays in its table under a name of ours, with all its values.

Only the catalog changes, under the lock that a DROP COLUMN would take. All that would give the column a say goes as
with DROP … CASCADE: NOT NULL, default, identity, constraints, keys and indexes. Their definitions are recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import sql

from migrations_safety.kept.carrying import end_carrying_over
from migrations_safety.kept.dropped_keys import take_keys
from migrations_safety.kept.kept_record import Place, Reason, add, ensure_record, kept_name, next_number
from migrations_safety.kept.obstacles import refuse_obstacles
from migrations_safety.kept.physical import Part, Relation, change, qualified_names
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import records, rows
from migrations_safety.sql.composition import compose, send


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptColumn:
    """A column before it is kept."""

    attnum: int
    type: str
    """The type with length and precision, and with its schema."""
    required: bool
    """Whether it is NOT NULL."""
    required_by: str | None
    """The name of its NOT NULL, which PostgreSQL 18 and later know."""
    default_sql: str | None
    identity: str
    """PostgreSQL's letter for an identity column: a for ALWAYS, d for BY DEFAULT, empty for none."""
    generated: str
    """Not empty for a column that is computed from others."""


def keep_column(connection: Connection, table: Relation, column: str, *, reason: Reason) -> int | None:
    """Keep a column under a name of ours, and return its number in the record; None where the table lacks the column.

    Must run in a transaction. A generated column is not kept, because its values follow from others: then None, too.
    Foreign keys that were dropped just before belong to the column if they have it.

    Raises CannotKeep where something else in the database depends on the column.
    """
    ensure_record(connection)
    change(connection, "kept_tables.lock", table=table.in_sql)
    with qualified_names(connection):
        found = rows(connection, "kept_columns.column", {"oid": table.oid, "column": column}, KeptColumn)
    if not found or found[0].generated:
        return None
    end_carrying_over(connection, table, column)
    refuse_obstacles(connection, table, column=column)
    number = next_number(connection)
    name = kept_name(number, column)
    definition = _taken_off(connection, table, column, found[0], number=number)
    definition["constraints"] += [one.as_dict() for one in take_keys(connection, table, column)]
    names = {"column": sql.Identifier(column), "name": sql.Identifier(name)}
    change(connection, "kept_columns.rename", table=table.in_sql, **names)
    place = Place(kind="column", schema=table.schema, table=table.name, column=column)
    add(connection, number, place, name=name, reason=reason, definition=definition)
    return number


def _taken_off(connection: Connection, table: Relation, column: str, was: KeptColumn, *, number: int) -> dict[str, Any]:
    """Take all off that gives the column a say, and return what it was."""
    tree = rows(connection, "kept_tables.tree", {"oid": table.oid}, Relation)
    asked = {"tree": [one.oid for one in tree], "column": column}
    with qualified_names(connection):
        constraints = rows(connection, "kept_columns.constraints", asked, Part)
        indexes = rows(connection, "kept_columns.indexes", asked, Part)
    sequences = rows(connection, "kept_columns.sequences", {"oid": table.oid, "attnum": was.attnum}, Relation)
    counter = _counter(connection, sequences) if was.identity else None
    for one in constraints:
        change(connection, "kept_columns.drop_constraint", table=one.table_in_sql, name=sql.Identifier(one.name))
    for one in indexes:
        change(connection, "kept_columns.drop_index", name=sql.Identifier(one.schema, one.name))
    _free(connection, tree, column, was)
    renamed = [] if was.identity else [_renamed(connection, one, number) for one in sequences]
    return {
        "type": was.type,
        "required": was.required,
        "required_by": was.required_by,
        "default": was.default_sql,
        "identity": was.identity,
        "counter": counter,
        "sequences": renamed,
        "constraints": [one.as_dict() for one in constraints],
        "indexes": [one.as_dict() for one in indexes],
    }


def _free(connection: Connection, tree: list[Relation], column: str, was: KeptColumn) -> None:
    """Let writers leave the column out: no identity, no default, no NOT NULL, in the table and in each partition."""
    parts: dict[str, Any] = {"column": sql.Identifier(column)}
    if was.identity:
        change(connection, "kept_columns.drop_identity", table=tree[0].in_sql, **parts)
    for one in tree:
        change(connection, "kept_columns.drop_default", table=one.in_sql, **parts)
        change(connection, "kept_columns.drop_not_null", table=one.in_sql, **parts)


def _counter(connection: Connection, sequences: list[Relation]) -> dict[str, Any] | None:
    """The state of the sequence of an identity column, which goes with the identity."""
    if not sequences:
        return None
    one = sequences[0]
    with connection.cursor() as cursor:
        send(cursor, compose("kept_columns.sequence_state", sequence=one.in_sql), {"oid": one.oid})
        (state,) = records(cursor)
    return {"schema": one.schema, "name": one.name} | state


def _renamed(connection: Connection, one: Relation, number: int) -> dict[str, str]:
    """Give the sequence of a `serial` column a name of ours: a new column of the same name needs its own."""
    name = kept_name(number, one.name)
    change(connection, "kept_columns.rename_sequence", sequence=one.in_sql, name=sql.Identifier(name))
    return {"schema": one.schema, "name": one.name, "kept_name": name}
