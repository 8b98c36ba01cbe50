"""What a rollback does to the database, as plain values. Tables and columns have their names before the rollback."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.plan.column_values import Digits


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One operation that the rollback reverses."""

    migration: str
    """Label of the operation's migration, such as `ehr.0002_keys`."""
    number: int
    """The position of the operation in its migration, counted from 1."""
    operation: str
    """The operation in words, such as `RunPython fill` or `Create model Bed`."""

    def __str__(self) -> str:
        return f"operation {self.number} ({self.operation})"


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedTable:
    """A table that the rollback drops."""

    table: str
    migration: str
    """Label of the migration that is rolled back, such as `ehr.0002_keys`."""
    apps: frozenset[str]
    """Labels of the apps of its model and of its migration."""
    is_baseline: bool
    """Whether the table belongs to a baseline, a migration that describes tables which existed before Django."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedColumn:
    """A column that the rollback drops."""

    table: str
    column: str
    migration: str
    """Label of the migration that is rolled back, such as `ehr.0002_keys`."""
    apps: frozenset[str]
    """Labels of the apps of its model and of its migration."""
    filling: str | None
    """The value that existing rows got when the column was added, as text; None where this value is unknown."""

    @property
    def subject(self) -> str:
        """`bills."note"`: how findings name it."""
        return f'{self.table}."{self.column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class RetypedColumn:
    """A column that the rollback gives its earlier type."""

    table: str
    column: str
    migration: str
    """Label of the migration that is rolled back, such as `ehr.0002_keys`."""
    apps: frozenset[str]
    """Labels of the apps of its model and of its migration."""
    old_type: str
    new_type: str
    length: int | None
    """The length of `new_type` where this is a varchar, else None."""
    digits: Digits | None
    """The digits that fit into `new_type` where this is the type of a DecimalField, else None."""
    cast: bool
    """Whether Django casts the values. With a cast PostgreSQL truncates a text that is too long. Without a cast
    PostgreSQL refuses such a text."""

    @property
    def subject(self) -> str:
        """`bills."note"`: how findings name it."""
        return f'{self.table}."{self.column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredColumn:
    """A column that becomes NOT NULL, and for which existing rows get no default."""

    table: str
    column: str | None
    """The present name of the column; None where the rollback adds the column, so that existing rows have no value."""
    name: str
    """The name that the rollback gives to the column."""
    migration: str
    """Label of the migration that is rolled back, such as `ehr.0002_keys`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """A condition that the rows of a table must fulfil for the rollback, and that no check evaluates."""

    table: str
    migration: str
    """Label of the migration that is rolled back, such as `ehr.0002_keys`."""
    what: str
    """The condition in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NeededName:
    """Why a name must be free: the rollback gives it to a table."""

    migration: str
    """Label of the migration that is rolled back, such as `ehr.0002_keys`."""
    code: str
    """Labels of migrations whose reverse code runs before and may free the name, separated by commas."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollback:
    """All that a rollback does to existing tables."""

    tables: tuple[DroppedTable, ...] = ()
    """Tables that are dropped."""
    every_column: tuple[DroppedColumn, ...] = ()
    """Columns that are dropped, including those of tables that the rollback drops later."""
    retyped: tuple[RetypedColumn, ...] = ()
    """Columns that get another type."""
    required: tuple[RequiredColumn, ...] = ()
    """Columns that become NOT NULL."""
    enums: tuple[str, ...] = ()
    """Names of enums that are dropped."""
    demands: tuple[Demand, ...] = ()
    """Conditions that the rows of a table must fulfil."""
    irreversible: tuple[Step, ...] = ()
    """Operations without a reverse, at which the rollback stops."""
    opaque: tuple[Step, ...] = ()
    """Operations that run code whose effect is unknown."""
    unjudged: tuple[Step, ...] = ()
    """Operations that read or rewrite all rows of a table, under a lock."""
    names: dict[str, NeededName] = field(default_factory=dict)
    """Names that must be free, because the rollback gives them to tables."""
    altered: frozenset[str] = frozenset()
    """Names of the tables that the rollback alters, for which the role must own them."""
    locked: frozenset[str] = frozenset()
    """Names of the parents of foreign keys that the rollback drops or adds."""
    creates: bool = False
    """Whether the rollback creates or renames tables, for which the role needs CREATE on the schema."""
    after_code: dict[tuple[str, str | None], str] = field(default_factory=dict)
    """The tables and columns that must exist, as pairs of table and column; the column is None for a whole table. The
    value has the labels of migrations whose reverse code runs before and may create the table or column."""

    @property
    def dropped(self) -> frozenset[str]:
        """Names of the tables that the rollback drops."""
        return frozenset(dropped.table for dropped in self.tables)

    @property
    def columns(self) -> tuple[DroppedColumn, ...]:
        """The columns that the rollback drops from tables that it does not drop."""
        return tuple(column for column in self.every_column if column.table not in self.dropped)

    @property
    def touched(self) -> frozenset[str]:
        """Names of all existing tables that the rollback drops, alters or locks."""
        return self.dropped | self.altered | self.locked

    @property
    def read(self) -> frozenset[str]:
        """Names of the tables whose rows are counted before the rollback."""
        with_columns = {column.table for kind in (self.columns, self.retyped, self.required) for column in kind}
        return self.dropped | with_columns
