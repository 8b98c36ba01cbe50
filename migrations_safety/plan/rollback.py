"""What a rollback does to the database, as plain values; tables and columns have their names in the database."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.plan.column_values import Digits


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One operation that is unapplied."""

    migration: str
    """Label of its migration."""
    number: int
    """Its position in the migration, from 1 on."""
    operation: str
    """What it is, in words: `RunPython fill`, `Create model Bed`."""

    def __str__(self) -> str:
        return f"operation {self.number} ({self.operation})"


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedTable:
    """A table that is dropped."""

    table: str
    migration: str
    """Label of the migration that is unapplied."""
    apps: frozenset[str]
    """Labels of the apps of its model and of its migration."""
    is_baseline: bool
    """It belongs to a baseline: it existed before Django managed it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedColumn:
    """A column that is dropped."""

    table: str
    column: str
    migration: str
    """Label of the migration that is unapplied."""
    apps: frozenset[str]
    """Labels of the apps of its model and of its migration."""
    filling: str | None
    """The value that existing rows got when the column was added, as text; None where it is unknown."""

    @property
    def subject(self) -> str:
        """`bills."note"`: how findings name it."""
        return f'{self.table}."{self.column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class RetypedColumn:
    """A column that gets its earlier type back."""

    table: str
    column: str
    migration: str
    """Label of the migration that is unapplied."""
    apps: frozenset[str]
    """Labels of the apps of its model and of its migration."""
    old_type: str
    new_type: str
    length: int | None
    """Length of the new type, where it is a varchar."""
    digits: Digits | None
    """Digits of the new type, where it is a DecimalField's."""
    cast: bool
    """Django casts the values, so that PostgreSQL truncates a text that is too long; else it refuses it."""

    @property
    def subject(self) -> str:
        """`bills."note"`: how findings name it."""
        return f'{self.table}."{self.column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredColumn:
    """A column that becomes NOT NULL and has no default."""

    table: str
    column: str | None
    """None where the rollback adds the column: then it is empty."""
    name: str
    """Its name after the rollback."""
    migration: str
    """Label of the migration that is unapplied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """A condition that the rows of a table must fulfil, and that no check evaluates."""

    table: str
    migration: str
    """Label of the migration that is unapplied."""
    what: str
    """The condition in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NeededName:
    """A name that a table gets, and that must be free."""

    migration: str
    """Label of the migration that is unapplied."""
    code: str
    """Labels of the migrations whose code is unapplied before and may free the name, separated by commas."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollback:
    """All that a rollback does to existing tables."""

    tables: tuple[DroppedTable, ...] = ()
    every_column: tuple[DroppedColumn, ...] = ()
    """Columns that are dropped, also those of tables that are dropped later."""
    retyped: tuple[RetypedColumn, ...] = ()
    required: tuple[RequiredColumn, ...] = ()
    enums: tuple[str, ...] = ()
    """Names of enums that are dropped."""
    demands: tuple[Demand, ...] = ()
    irreversible: tuple[Step, ...] = ()
    """Operations without a reverse: the rollback stops there."""
    opaque: tuple[Step, ...] = ()
    """Operations that run code of their own."""
    unjudged: tuple[Step, ...] = ()
    """Operations that read or rewrite all rows of a table, under a lock."""
    names: dict[str, NeededName] = field(default_factory=dict)
    """Names that must be free because tables get them."""
    altered: frozenset[str] = frozenset()
    """Tables that only their owner may alter."""
    locked: frozenset[str] = frozenset()
    """Tables at the other end of a key that is dropped or added."""
    creates: bool = False
    """Whether it creates or renames tables, which needs CREATE on the schema."""
    after_code: dict[tuple[str, str | None], str] = field(default_factory=dict)
    """By table and column (None for the table itself) that must exist: the labels of the migrations whose code is
    unapplied before and may create it."""

    @property
    def dropped(self) -> frozenset[str]:
        """The tables that are dropped."""
        return frozenset(dropped.table for dropped in self.tables)

    @property
    def columns(self) -> tuple[DroppedColumn, ...]:
        """The columns that are dropped from tables that stay."""
        return tuple(column for column in self.every_column if column.table not in self.dropped)

    @property
    def touched(self) -> frozenset[str]:
        """Every existing table that is dropped, altered or locked."""
        return self.dropped | self.altered | self.locked

    @property
    def read(self) -> frozenset[str]:
        """The tables whose rows are counted."""
        with_columns = {column.table for kind in (self.columns, self.retyped, self.required) for column in kind}
        return self.dropped | with_columns
