"""Reads from the catalog of the scratch database what the tables of a plan demand of their rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row

from migrations_safety.sql import statement

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnShape:
    """A column as it is at one moment of the plan; `number` is the same under every name."""

    table_oid: int
    number: int
    name: str
    type_oid: int
    type: str
    type_modifier: int
    category: str
    """The category of the type, a letter of `pg_type.typcategory`."""
    labels: list[str] | None
    """The labels of an enum; None for any other type."""
    is_required: bool
    """Whether it is NOT NULL, and that has been checked for all rows."""
    is_filled: bool
    """Whether all rows that were there before the column have the value `constant`."""
    constant: str | None
    has_default: bool
    is_distinct: bool
    """Whether its default differs from row to row, as numbers of a sequence and random UUIDs do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConstraintShape:
    """A valid CHECK constraint of a table, or of the domain of a column (`of_domain`), or a valid foreign key."""

    oid: int
    table_oid: int
    name: str
    is_key: bool
    of_domain: bool
    is_inherited: bool
    """Whether a partition has it of its parent."""
    numbers: list[int] | None
    """The numbers of its columns; None for a CHECK without columns."""
    expression: str | None
    parent: int | None
    parent_numbers: list[int] | None
    is_full: bool
    """Whether a foreign key is MATCH FULL."""
    has_period: bool
    operators: list[str]
    """How a foreign key compares each column of the parent (left) with its own (right)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexShape:
    """A unique index, or one that excludes rows by `operators`."""

    oid: int
    table_oid: int
    name: str
    is_inherited: bool
    """Whether a partition has it of its parent."""
    nulls_are_equal: bool
    condition: str | None
    keys: list[str]
    """The expression of each key with its collation."""
    numbers: list[int]
    """The numbers of the columns in the keys and in the condition."""
    operators: list[str]
    """For each key the operator that no two rows may fulfil; empty for an index that is just unique."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableShape:
    """A table with all that it demands of its rows."""

    oid: int
    name: str
    """The name as PostgreSQL prints it (`regclass`)."""
    schema: str
    relation: str
    is_partitioned: bool
    is_partition: bool
    parent: int | None
    bounds: str | None
    """The condition on the rows of a partition."""
    columns: dict[int, ColumnShape] = field(default_factory=dict)
    constraints: list[ConstraintShape] = field(default_factory=list)
    indexes: list[IndexShape] = field(default_factory=list)


class DemandCatalog:
    """Reads the shapes of tables, and which tables have changed since the last reading."""

    def __init__(self, session: psycopg.Connection[Any]) -> None:
        self.session = session
        self._since = "0"

    def mark(self) -> None:
        """Remember this moment for `changed`."""
        ((self._since,),) = self.session.execute(statement("demand_catalog.now").encode()).fetchall()

    def changed(self, oids: Iterable[int]) -> list[int]:
        """Return those of these tables whose definition may have changed since `mark`."""
        asked = {"oids": list(oids), "since": self._since}
        return [oid for (oid,) in self.session.execute(statement("demand_catalog.changed").encode(), asked)]

    def there(self, oids: Iterable[int]) -> set[int]:
        """Return those of these tables that exist."""
        asked = {"oids": list(oids)}
        return {oid for (oid,) in self.session.execute(statement("demand_catalog.there").encode(), asked)}

    def types(self) -> frozenset[int]:
        """Return the oids of all types."""
        return frozenset(oid for (oid,) in self.session.execute(statement("demand_catalog.types").encode()))

    def tables(self, oids: Iterable[int] | None = None) -> dict[int, TableShape]:
        """Return the shapes of these tables by oid, or of all tables of the project."""
        asked = {"oids": None if oids is None else list(oids)}
        found = {table.oid: table for table in self._rows("demand_catalog.tables", asked, TableShape)}
        asked = {"oids": list(found)}
        for column in self._rows("demand_catalog.columns", asked, ColumnShape):
            found[column.table_oid].columns[column.number] = column
        for name in ("demand_catalog.constraints", "demand_catalog.domain_checks"):
            for constraint in self._rows(name, asked, ConstraintShape):
                found[constraint.table_oid].constraints.append(constraint)
        for index in self._rows("demand_catalog.indexes", asked, IndexShape):
            found[index.table_oid].indexes.append(index)
        return found

    def _rows(self, name: str, asked: dict[str, Any], row: type[Row]) -> list[Row]:
        with self.session.cursor(row_factory=class_row(row)) as cursor:
            return cursor.execute(statement(name).encode(), asked).fetchall()
