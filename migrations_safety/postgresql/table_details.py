"""Reads what the verification alone needs of tables: indexes key by key, constraints, kinds of columns, comments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypedDict

from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.postgresql.relations import Column, Table
from migrations_safety.sql import statement


class IndexedKey(TypedDict):
    """One key of an index; `collation` is empty where it is the column's own, or an expression's default."""

    expression: str
    is_column: bool
    descending: bool
    nulls_first: bool
    operator_class: str
    is_default_class: bool
    collation: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """One index of a table."""

    table_oid: int
    name: str
    is_unique: bool
    method: str
    """The access method: btree, gin, …"""
    keys: tuple[IndexedKey, ...]
    included: tuple[str, ...]
    """Columns of INCLUDE, as PostgreSQL prints them."""
    predicate: str | None
    """The WHERE of a partial index."""
    nulls_not_distinct: bool
    valid: bool
    """Used by queries: neither left by a failed build nor being built or dropped."""
    options: tuple[str, ...]
    """Storage parameters, `fillfactor=70`."""
    is_of_constraint: bool
    """Made by a PRIMARY KEY, UNIQUE or EXCLUDE constraint."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraint:
    """A constraint that is no foreign key."""

    table_oid: int
    name: str
    kind: str
    """PRIMARY KEY, CHECK, UNIQUE or EXCLUDE."""
    definition: str
    """As PostgreSQL prints it."""
    condition: str | None
    """The expression of a CHECK."""
    operators: tuple[str, ...]
    """Those of an EXCLUDE, one for each key."""
    validated: bool
    enforced: bool
    deferrable: bool
    deferred: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnDetails:
    """How a column gets its values."""

    table_oid: int
    name: str
    identity: str
    """GENERATED … AS IDENTITY: ALWAYS, BY DEFAULT, or empty."""
    generated: str
    """GENERATED ALWAYS AS an expression: STORED, VIRTUAL, or empty."""
    is_serial: bool
    """Its default takes numbers from a sequence that belongs to it."""
    comment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TableDetails:
    """All of one table but its foreign keys; columns by their names."""

    table: Table
    comment: str
    columns: dict[str, Column]
    column_details: dict[str, ColumnDetails]
    indexes: tuple[Index, ...]
    constraints: tuple[Constraint, ...]

    @property
    def collations(self) -> frozenset[str]:
        """Those that its columns have."""
        return frozenset(column.collation for column in self.columns.values())


def read(connection: Connection, names: Iterable[str]) -> dict[str, TableDetails]:
    """The details of each table that exists, by the name asked for; six statements whatever the number of tables."""
    tables = catalog.tables(connection, names)
    asked = {"oids": [table.oid for table in tables.values()]}
    columns = catalog.columns(connection, asked["oids"])
    details = _by_table(rows(connection, "table_details.columns", asked, ColumnDetails))
    indexes = _by_table(rows(connection, "table_details.indexes", asked, Index))
    constraints = _by_table(rows(connection, "table_details.constraints", asked, Constraint))
    with connection.cursor() as cursor:
        cursor.execute(statement("table_details.comments"), asked)
        comments = dict(cursor.fetchall())
    return {
        name: TableDetails(
            table=table,
            comment=comments.get(table.oid, ""),
            columns=columns[table.oid],
            column_details={one.name: one for one in details[table.oid]},
            indexes=tuple(indexes[table.oid]),
            constraints=tuple(constraints[table.oid]),
        )
        for name, table in tables.items()
    }


def _by_table(found: Iterable[Any]) -> dict[int, list[Any]]:
    by_table: dict[int, list[Any]] = defaultdict(list)
    for one in found:
        by_table[one.table_oid].append(one)
    return by_table
