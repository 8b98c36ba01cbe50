"""Reads pg_catalog: tables, columns, indexes, constraints and enums become the values of `relations`.

A table is looked up by the name that Django gives it, in the schema that the name says, else in the one where new
tables are made (`current_schema()`): what is found only further along the search path is somebody else's. All that
follows goes by oid: names of constraints are unique per table only (PostgreSQL documentation, 53.13).
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
    """The tables that exist, by the name asked for; a name without a table has no entry."""
    return {table.name: table for table in rows(connection, "catalog.tables", _asked(names), Table)}


def refuse_unreadable(connection: Connection, names: Iterable[str], *, role: str) -> None:
    """Raise MayNotRead for those of the tables that are there and that the role may not read."""
    refuse_unreadable_tables(tables(connection, names).values(), role=role)


def refuse_unreadable_tables(there: Iterable[Table], *, role: str) -> None:
    """Raise MayNotRead for those of the tables that the role may not read."""
    closed = sorted((table for table in there if not table.may_select), key=lambda table: table.name)
    if closed:
        grant_on = [table.to_paste for table in closed]
        raise MayNotRead(role=role, tables=[table.name for table in closed], grant_on=grant_on)


def kinds_of_relations(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """What stands under each of the names that is taken: a view, an index, a sequence, … in words."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.kinds_of_relations"), _asked(names))
        return dict(cursor.fetchall())


def physical_tables(connection: Connection, names: Iterable[str]) -> dict[str, list[PhysicalTable]]:
    """Each table that exists and its partitions, in the order of their oids, by the name asked for."""
    found: dict[str, list[PhysicalTable]] = defaultdict(list)
    for part in rows(connection, "catalog.parts", _asked(names), PhysicalTable):
        found[part.name].append(part)
    return dict(found)


def found_only_elsewhere(connection: Connection, names: Iterable[str]) -> list[TableElsewhere]:
    """Tables that the current schema lacks and that another schema further along the search path has.

    Names that say their schema are left out.
    """
    bare = {connection.ops.quote_name(name): name for name in names if address(name)[0] is None}
    if not bare:
        return []
    found = rows(connection, "catalog.found_only_elsewhere", {"names": list(bare)}, TableElsewhere)
    return [replace(table, name=bare[table.name]) for table in found]


def number_of_tables(connection: Connection) -> int:
    """How many tables the current schema holds, without Django's record of migrations and the records of runs."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.number_of_tables"))
        return int(cursor.fetchone()[0])


def columns(connection: Connection, oids: Iterable[int]) -> dict[int, dict[str, Column]]:
    """The columns of each table, by its oid and their name."""
    by_table: dict[int, dict[str, Column]] = defaultdict(dict)
    for column in rows(connection, "catalog.columns", {"oids": list(oids)}, Column):
        by_table[column.table_oid][column.name] = column
    return by_table


def invalid_indexes(connection: Connection) -> list[InvalidIndex]:
    """Those of the current schema that a failed or killed build has left."""
    return rows(connection, "catalog.invalid_indexes", {}, InvalidIndex)


def foreign_keys(connection: Connection, oids: Iterable[int]) -> list[ForeignKey]:
    """All foreign keys of the tables, and those of their partitions that are the partition's own."""
    return rows(connection, "catalog.foreign_keys", {"oids": list(oids)}, ForeignKey)


def referencing(connection: Connection, oids: Iterable[int]) -> dict[int, str]:
    """The tables with a key to one of the tables, by their oid."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.referencing"), {"oids": list(oids)})
        return dict(cursor.fetchall())


def partition_columns(connection: Connection, table: Table) -> set[str]:
    """The columns that a table or any of its partitions is partitioned by, empty where it is not."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.partition_columns"), {"oid": table.oid})
        return {name for (name,) in cursor.fetchall()}


def other_constraints(connection: Connection, oids: Iterable[int]) -> list[OtherConstraint]:
    """The constraints of the tables that are not foreign keys."""
    return rows(connection, "catalog.other_constraints", {"oids": list(oids)}, OtherConstraint)


def enum_labels(connection: Connection, name: str) -> tuple[str, ...]:
    """The labels of an enum in their order; empty where there is no such enum."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.enum_labels"), _address(name))
        return tuple(label for (label,) in cursor.fetchall())


def columns_of_type(connection: Connection, name: str) -> list[NamedColumn]:
    """The columns of tables that have a type or arrays of it."""
    return rows(connection, "catalog.columns_of_type", _address(name), NamedColumn)


def is_type(connection: Connection, name: str) -> bool:
    """Whether a type of that name is there, an enum or not."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.is_type"), _address(name))
        return bool(cursor.fetchone()[0])


def leaf_partitions(connection: Connection, table: str, *, key: str) -> list[Partition]:
    """The partitions of a table that hold rows; none where it is not partitioned, or not there."""
    there = tables(connection, [table]).get(table)
    if there is None:
        return []
    return rows(connection, "catalog.leaf_partitions", {"oid": there.oid, "key": key}, Partition)


def columns_named_alike(
    connection: Connection, *, bare_names: Iterable[str], except_oids: Iterable[int]
) -> list[ColumnNamedAlike]:
    """Columns whose name, in lower case without underscores, ends with one of `bare_names`, and that have no key."""
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
