"""What a rollback does to the database, as plain values; tables and columns have their names in the database."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.plan.column_values import Digits


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One operation that is unapplied."""

    # Label of its migration.
    migration: str
    # Its position in the migration, from 1 on.
    number: int
    # What it is, in words: `RunPython fill`, `Create model Bed`.
    operation: str

    def __str__(self) -> str:
        return f"operation {self.number} ({self.operation})"


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedTable:
    """A table that is dropped."""

    table: str
    # Label of the migration that is unapplied.
    migration: str
    # Labels of the apps of its model and of its migration.
    apps: frozenset[str]
    # It belongs to a baseline: it existed before Django managed it.
    is_baseline: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedColumn:
    """A column that is dropped."""

    table: str
    column: str
    # Label of the migration that is unapplied.
    migration: str
    # Labels of the apps of its model and of its migration.
    apps: frozenset[str]
    # The value that existing rows got when the column was added, as text; None where it is unknown.
    filling: str | None

    @property
    def subject(self) -> str:
        """`bills."note"`: how findings name it."""
        return f'{self.table}."{self.column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class RetypedColumn:
    """A column that gets its earlier type back."""

    table: str
    column: str
    # Label of the migration that is unapplied.
    migration: str
    # Labels of the apps of its model and of its migration.
    apps: frozenset[str]
    old_type: str
    new_type: str
    # Length of the new type, where it is a varchar.
    length: int | None
    # Digits of the new type, where it is a DecimalField's.
    digits: Digits | None
    # Django casts the values, so that PostgreSQL truncates a text that is too long; else it refuses it.
    cast: bool

    @property
    def subject(self) -> str:
        """`bills."note"`: how findings name it."""
        return f'{self.table}."{self.column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredColumn:
    """A column that becomes NOT NULL and has no default."""

    table: str
    # None where the rollback adds the column: then it is empty.
    column: str | None
    # Its name after the rollback.
    name: str
    # Label of the migration that is unapplied.
    migration: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """A condition that the rows of a table must fulfil, and that no check evaluates."""

    table: str
    # Label of the migration that is unapplied.
    migration: str
    # The condition in words.
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NeededName:
    """A name that a table gets, and that must be free."""

    # Label of the migration that is unapplied.
    migration: str
    # Labels of the migrations whose code is unapplied before and may free the name, separated by commas.
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollback:
    """All that a rollback does to existing tables."""

    tables: tuple[DroppedTable, ...] = ()
    # Columns that are dropped, also those of tables that are dropped later.
    every_column: tuple[DroppedColumn, ...] = ()
    retyped: tuple[RetypedColumn, ...] = ()
    required: tuple[RequiredColumn, ...] = ()
    # Names of enums that are dropped.
    enums: tuple[str, ...] = ()
    demands: tuple[Demand, ...] = ()
    # Operations without a reverse: the rollback stops there.
    irreversible: tuple[Step, ...] = ()
    # Operations that run code of their own.
    opaque: tuple[Step, ...] = ()
    # Operations that read or rewrite all rows of a table, under a lock.
    unjudged: tuple[Step, ...] = ()
    # Names that must be free because tables get them.
    names: dict[str, NeededName] = field(default_factory=dict)
    # Tables that only their owner may alter.
    altered: frozenset[str] = frozenset()
    # Tables at the other end of a key that is dropped or added.
    locked: frozenset[str] = frozenset()
    # Whether it creates or renames tables, which needs CREATE on the schema.
    creates: bool = False
    # By table and column (None for the table itself) that must exist: the labels of the migrations whose code is
    # unapplied before and may create it.
    after_code: dict[tuple[str, str | None], str] = field(default_factory=dict)

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
