"""Reads pg_catalog: tables, columns, indexes, constraints and enums become plain values.

A table is looked up by the name that Django gives it, in the schema that the name says, else in the one where new
tables are made (`current_schema()`): what is found only further along the search path is somebody else's. All that
follows goes by oid: names of constraints are unique per table only (PostgreSQL documentation, 53.13).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from psycopg import sql

from migrations_safety.messages.refusals.privilege import MayNotRead
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement
from migrations_safety.sql.composition import address
from migrations_safety.sql.identifiers import qualify_if_needed

RULE_WORDS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table: `name` as asked for, `schema` and `relation` as found; privileges are those of the session's role."""

    name: str
    oid: int
    schema: str
    relation: str
    kind: str
    persistence: str
    row_security: bool
    forced_row_security: bool
    owner: str
    owned: bool
    may_drop: bool
    may_select: bool
    may_reference: bool
    estimated_rows: int

    @property
    def in_sql(self) -> sql.Identifier:
        """As a statement names it, whatever the search path is."""
        return sql.Identifier(self.schema, self.relation)

    @property
    def to_paste(self) -> str:
        """As a hint names it."""
        return qualify_if_needed(self.relation, schema=self.schema)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhysicalTable:
    """A table itself or one of its partitions; `name` is the table's."""

    name: str
    oid: int
    schema: str
    relation: str
    kind: str
    bytes: int


KIND_WORDS = {
    "r": "a table", "p": "a table", "v": "a view", "m": "a materialized view", "f": "a foreign table",
    "i": "an index", "I": "an index", "S": "a sequence", "c": "a type",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column; `base_type` is that of a domain; `collation` is empty where it is the type's own.

    `indexed` means that an index leads with it.
    """

    table_oid: int
    name: str
    type_oid: int
    type_modifier: int
    type: str
    base_type: str
    nullable: bool
    default: str | None
    identity: str
    generated: str
    collation: str
    deterministic: bool
    indexed: bool
    is_unique: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """One index; `keys` carry their direction, operator class and collation where these are not the default."""

    table_oid: int
    name: str
    is_unique: bool
    method: str
    keys: tuple[str, ...]
    included: tuple[str, ...]
    predicate: str | None
    nulls_not_distinct: bool
    valid: bool
    constraint_kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignKey:
    """One foreign key; the rules are PostgreSQL's letters, see `RULE_WORDS`.

    `disabled_triggers` are the statements that enable those of its triggers, on both tables, that do not fire.
    `partition` is empty for the table's own, which its partitions have from it; else the partition that alone has it.
    """

    table_oid: int
    name: str
    partition: str
    columns: tuple[str, ...]
    target_oid: int
    target_table: str
    target_schema: str
    target_columns: tuple[str, ...]
    on_delete: str
    on_update: str
    match: str
    set_columns: int
    deferrable: bool
    deferred: bool
    validated: bool
    enforced: bool
    disabled_triggers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherConstraint:
    """A primary key (p), CHECK (c), UNIQUE (u) or EXCLUDE (x) constraint."""

    table_oid: int
    name: str
    kind: str
    columns: tuple[str, ...]
    definition: str
    validated: bool
    deferrable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnNamedAlike:
    """A column that is named like a referencing one, in a table that no declared key covers."""

    schema: str
    table: str
    column: str
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InvalidIndex:
    """An index that no query uses and every write keeps up, with its table."""

    table: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Partition:
    """A leaf partition, by its quoted name; `validated` is None where it has not the key that was asked for."""

    name: str
    validated: bool | None


def rows(connection: Connection, name: str, parameters: dict[str, Any], row: type[Row]) -> list[Row]:
    """Run one named statement and make a value of each row; arrays become tuples."""
    names = [field.name for field in fields(row)]  # type: ignore[arg-type]
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        found = [column.name for column in cursor.description or ()]
        positions = [found.index(field) for field in names]
        return [
            row(**{field: _plain(record[at]) for field, at in zip(names, positions, strict=True)})
            for record in cursor.fetchall()
        ]


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
        return {name: KIND_WORDS.get(kind, "something else") for name, kind in cursor.fetchall()}


def physical_tables(connection: Connection, names: Iterable[str]) -> dict[str, list[PhysicalTable]]:
    """Each table that exists and its partitions, in the order of their oids, by the name asked for."""
    found: dict[str, list[PhysicalTable]] = defaultdict(list)
    for part in rows(connection, "catalog.parts", _asked(names), PhysicalTable):
        found[part.name].append(part)
    return dict(found)


def found_only_elsewhere(connection: Connection, names: Iterable[str]) -> list[tuple[str, str, str]]:
    """Names that the current schema lacks and that another schema further along the search path has.

    Each with that schema and the current one; names that say their schema are left out.
    """
    bare = {connection.ops.quote_name(name): name for name in names if address(name)[0] is None}
    if not bare:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.found_only_elsewhere"), {"names": list(bare)})
        return [(bare[name], other, own) for name, other, own in cursor.fetchall()]


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


def indexes(connection: Connection, oids: Iterable[int]) -> list[Index]:
    """All indexes of the tables."""
    return rows(connection, "catalog.indexes", {"oids": list(oids)}, Index)


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
        cursor.execute(statement("catalog.enum_labels"), dict(zip(("schema", "relation"), address(name), strict=True)))
        return tuple(label for (label,) in cursor.fetchall())


def columns_of_type(connection: Connection, name: str) -> list[tuple[int, str, str]]:
    """The columns of tables that have a type or arrays of it: oid and name of the table, name of the column."""
    with connection.cursor() as cursor:
        parameters = dict(zip(("schema", "relation"), address(name), strict=True))
        cursor.execute(statement("catalog.columns_of_type"), parameters)
        return list(cursor.fetchall())


def is_type(connection: Connection, name: str) -> bool:
    """Whether a type of that name is there, an enum or not."""
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog.is_type"), dict(zip(("schema", "relation"), address(name), strict=True)))
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


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
