"""Reads what only `verify_schema` needs of tables: indexes key by key, constraints, kinds of columns, comments."""

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
    """One key of an index.

    `expression` is the column or expression in SQL. `collation` is empty where the index has the collation of the
    column or the default one of the expression.
    """

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
    """The access method, for example btree or gin."""
    keys: tuple[IndexedKey, ...]
    included: tuple[str, ...]
    """The columns of INCLUDE, as PostgreSQL prints them."""
    predicate: str | None
    """The condition of a partial index (WHERE); None where the index holds all rows."""
    nulls_not_distinct: bool
    valid: bool
    """Whether queries use the index; False after a failed build, and while it is built or dropped."""
    options: tuple[str, ...]
    """The storage parameters, for example `fillfactor=70`."""
    is_of_constraint: bool
    """Whether it belongs to a PRIMARY KEY, UNIQUE or EXCLUDE constraint."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraint:
    """A constraint other than a foreign key."""

    table_oid: int
    name: str
    kind: str
    """The kind of constraint: PRIMARY KEY, CHECK, UNIQUE or EXCLUDE."""
    definition: str
    """The definition as PostgreSQL prints it."""
    condition: str | None
    """The expression of a CHECK; None for other constraints."""
    operators: tuple[str, ...]
    """The operators of an EXCLUDE, one for each key; empty for other constraints."""
    validated: bool
    enforced: bool
    deferrable: bool
    deferred: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnDetails:
    """How a column gets its values (identity, generated, serial), and its comment."""

    table_oid: int
    name: str
    identity: str
    """For an identity column ALWAYS or BY DEFAULT; empty for others."""
    generated: str
    """For a generated column STORED or VIRTUAL; empty for others."""
    is_serial: bool
    """Whether the default takes numbers from a sequence that the column owns (serial)."""
    comment: str
    """The text of COMMENT ON COLUMN; empty for none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableDetails:
    """Everything about one table except its foreign keys; `columns` and `column_details` are keyed by column name."""

    table: Table
    comment: str
    columns: dict[str, Column]
    column_details: dict[str, ColumnDetails]
    indexes: tuple[Index, ...]
    constraints: tuple[Constraint, ...]

    @property
    def collations(self) -> frozenset[str]:
        """The collations of the columns; the default one is an empty string."""
        return frozenset(column.collation for column in self.columns.values())


def read(connection: Connection, names: Iterable[str]) -> dict[str, TableDetails]:
    """Return the details of each table that exists, under the name that was asked for.

    A name without a table has no entry. Six statements are sent, whatever the number of tables.
    """
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
