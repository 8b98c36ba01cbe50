"""Reads tables, columns, indexes, constraints and enums from pg_catalog, as values of the classes in `relations`.

A table is looked up by the name that Django gives it. If the name says a schema, the table is looked up there, else in
the schema where new tables are made (`current_schema()`): a table that is found only further along the search path
belongs to somebody else. After that, tables are named by oid, because the name of a constraint is unique only within
its table (PostgreSQL documentation, 53.13).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from migrations_safety.messages.refusals.privilege import MayNotRead
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.postgresql.relations import (
    Column,
    ColumnNamedAlike,
    ForeignKey,
    InvalidIndex,
    NamedColumn,
    OtherConstraint,
    Partition,
    PhysicalTable,
    Table,
    TableElsewhere,
)
from migrations_safety.sql import statement
from migrations_safety.sql.composition import address


def tables(connection: Connection, names: Iterable[str]) -> dict[str, Table]:
    """Return the tables that exist, each under the name that was asked for; a name without a table has no entry."""
    return {table.name: table for table in rows(connection, "catalog.tables", _asked(names), Table)}


def refuse_unreadable(connection: Connection, names: Iterable[str], *, role: str) -> None:
    """Raise MayNotRead if `role` lacks SELECT on any of the named tables; names without a table are passed over."""
    refuse_unreadable_tables(tables(connection, names).values(), role=role)


def refuse_unreadable_tables(there: Iterable[Table], *, role: str) -> None:
    """Raise MayNotRead if `role` lacks SELECT on any of the given tables."""
    closed = sorted((table for table in there if not table.may_select), key=lambda table: table.name)
    if closed:
        grant_on = [table.to_paste for table in closed]
        raise MayNotRead(role=role, tables=[table.name for table in closed], grant_on=grant_on)


def kinds_of_relations(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return what each name stands for in words ("a view", "an index", …); an unused name has no entry."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.kinds_of_relations"), _asked(names))
        return dict(cursor.fetchall())


def physical_tables(connection: Connection, names: Iterable[str]) -> dict[str, list[PhysicalTable]]:
    """Return, under each name that was asked for, the table and its partitions in the order of their oids.

    A name without a table has no entry.
    """
    found: dict[str, list[PhysicalTable]] = defaultdict(list)
    for part in rows(connection, "catalog.parts", _asked(names), PhysicalTable):
        found[part.name].append(part)
    return dict(found)


def found_only_elsewhere(connection: Connection, names: Iterable[str]) -> list[TableElsewhere]:
    """Return the named tables that only another schema further along the search path has, not the current one.

    Names that say their schema are left out.
    """
    bare = {connection.ops.quote_name(name): name for name in names if address(name)[0] is None}
    if not bare:
        return []
    found = rows(connection, "catalog.found_only_elsewhere", {"names": list(bare)}, TableElsewhere)
    return [replace(table, name=bare[table.name]) for table in found]


def number_of_tables(connection: Connection) -> int:
    """Return the number of tables in the current schema, without django_migrations and the tables of this app."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.number_of_tables"))
        return int(cursor.fetchone()[0])


def columns(connection: Connection, oids: Iterable[int]) -> dict[int, dict[str, Column]]:
    """Return the columns of the tables with these oids, by the oid of the table and the name of the column."""
    by_table: dict[int, dict[str, Column]] = defaultdict(dict)
    for column in rows(connection, "catalog.columns", {"oids": list(oids)}, Column):
        by_table[column.table_oid][column.name] = column
    return by_table


def invalid_indexes(connection: Connection) -> list[InvalidIndex]:
    """Return the invalid indexes of the current schema, as a failed CREATE INDEX CONCURRENTLY leaves them."""
    return rows(connection, "catalog.invalid_indexes", {}, InvalidIndex)


def foreign_keys(connection: Connection, oids: Iterable[int]) -> list[ForeignKey]:
    """Return the foreign keys of the tables with these oids, and those that only one of their partitions has."""
    return rows(connection, "catalog.foreign_keys", {"oids": list(oids)}, ForeignKey)


def referencing(connection: Connection, oids: Iterable[int]) -> dict[int, str]:
    """Return the names of the tables that have a foreign key to one of these tables, by their oid."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.referencing"), {"oids": list(oids)})
        return dict(cursor.fetchall())


def partition_columns(connection: Connection, table: Table) -> set[str]:
    """Return the columns by which the table or any of its partitions is partitioned; empty for none."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.partition_columns"), {"oid": table.oid})
        return {name for (name,) in cursor.fetchall()}


def other_constraints(connection: Connection, oids: Iterable[int]) -> list[OtherConstraint]:
    """Return the constraints of the tables with these oids that are not foreign keys."""
    return rows(connection, "catalog.other_constraints", {"oids": list(oids)}, OtherConstraint)


def enum_labels(connection: Connection, name: str) -> tuple[str, ...]:
    """Return the labels of an enum type in their order; empty where no such enum exists."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.enum_labels"), _address(name))
        return tuple(label for (label,) in cursor.fetchall())


def columns_of_type(connection: Connection, name: str) -> list[NamedColumn]:
    """Return the columns of tables whose type is the named one or an array of it."""
    return rows(connection, "catalog.columns_of_type", _address(name), NamedColumn)


def is_type(connection: Connection, name: str) -> bool:
    """Whether a type of that name exists, an enum or not."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.is_type"), _address(name))
        return bool(cursor.fetchone()[0])


def leaf_partitions(connection: Connection, table: str, *, key: str) -> list[Partition]:
    """Return the partitions of a table that hold rows themselves.

    `key` is the name of a foreign key; each Partition says whether that key is validated there. The list is empty where
    the table is not partitioned or does not exist.
    """
    there = tables(connection, [table]).get(table)
    if there is None:
        return []
    return rows(connection, "catalog.leaf_partitions", {"oid": there.oid, "key": key}, Partition)


def columns_named_alike(
    connection: Connection, *, bare_names: Iterable[str], except_oids: Iterable[int]
) -> list[ColumnNamedAlike]:
    """Return columns that are named like a foreign-key column and have no foreign key.

    Only tables of the current schema are looked at, except those with one of `except_oids`. The name of the column, in
    lower case and without underscores, ends with one of `bare_names`.
    """
    parameters = {"bare_names": list(bare_names), "oids": list(except_oids)}
    return rows(connection, "catalog.columns_named_alike", parameters, ColumnNamedAlike)


def _asked(names: Iterable[str]) -> dict[str, list[str] | list[str | None]]:
    wanted = list(names)
    addresses = [address(name) for name in wanted]
    return {
        "names": wanted,
        "schemas": [schema for schema, _ in addresses],
        "relations": [relation for _, relation in addresses],
    }


def _address(name: str) -> dict[str, str | None]:
    schema, relation = address(name)
    return {"schema": schema, "relation": relation}
