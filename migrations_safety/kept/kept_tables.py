"""Keeps a table instead of dropping it: it moves into a schema of ours, with all its rows and as it is.

Only the catalog changes, under the lock that a DROP TABLE would take. Keys that lead to other tables, or from them,
are taken off as DROP … CASCADE would: a key of the kept table would forbid the application to delete parents.
"""

from __future__ import annotations

from psycopg import sql

from migrations_safety.kept.kept_record import KEPT_SCHEMA, Place, Reason, add, ensure_record, kept_name, next_number
from migrations_safety.kept.obstacles import refuse_obstacles
from migrations_safety.kept.physical import Part, Relation, change, qualified_names
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows


def keep_table(connection: Connection, table: Relation, *, reason: Reason) -> int:
    """Move a table with its partitions into the schema of kept tables; return its number in the record.

    Must run in a transaction. Raises CannotKeep where something else in the database depends on the table.
    """
    ensure_record(connection)
    change(connection, "kept_tables.lock", table=table.in_sql)
    refuse_obstacles(connection, table, column=None)
    number = next_number(connection)
    tree = rows(connection, "kept_tables.tree", {"oid": table.oid}, Relation)
    oids = {"tree": [one.oid for one in tree]}
    followers = rows(connection, "kept_tables.followers", oids, Relation)
    with qualified_names(connection):
        keys = rows(connection, "kept_tables.keys", oids, Part)
    for key in keys:
        change(connection, "kept_tables.drop_constraint", table=key.table_in_sql, name=sql.Identifier(key.name))
    names = [_renamed(connection, one, number, place) for place, one in enumerate([*tree, *followers])]
    for one, name in zip(tree, names, strict=False):
        moved = sql.Identifier(one.schema, name)
        change(connection, "kept_tables.move", table=moved, schema=sql.Identifier(KEPT_SCHEMA))
    relations = [
        {"schema": one.schema, "name": one.name, "kind": one.kind, "kept_name": name}
        for one, name in zip([*tree, *followers], names, strict=True)
    ]
    definition = {"relations": relations, "keys": [key.as_dict() for key in keys]}
    place = Place(kind="table", schema=table.schema, table=table.name)
    add(connection, number, place, name=names[0], reason=reason, definition=definition)
    return number


STATEMENTS = {"i": "rename_index", "I": "rename_index", "S": "rename_sequence"}


def _renamed(connection: Connection, one: Relation, number: int, place: int) -> str:
    """Give a table, an index or a sequence a name of ours, because another one of its name may be kept already."""
    name = kept_name(number, one.name if place == 0 else f"{place}_{one.name}")
    kind = STATEMENTS.get(one.kind, "rename_table")
    change(connection, f"kept_tables.{kind}", table=one.in_sql, name=sql.Identifier(name))
    return name
