"""The counts of foreign-key columns, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.schema.declared_keys import DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class OrphanCounts:
    """The values of one class of identifier without a parent, in one foreign-key column."""

    values: int
    """The number of distinct values."""
    rows: int
    """The number of rows that hold one of these values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceCounts:
    """The counts of one foreign-key column."""

    key: DeclaredKey
    total_rows: int = 0
    """The number of rows of the table, including those where the column is NULL."""
    non_null: int = 0
    """The number of rows where the column is not NULL."""
    distinct_values: int = 0
    """The number of distinct values in the column, with and without a parent."""
    most_rows: int = 0
    """The number of rows that hold the most frequent value."""
    classes: dict[str, int] = field(default_factory=dict)
    """For each class of identifier the number of distinct values, with and without a parent."""
    orphans: dict[str, OrphanCounts] = field(default_factory=dict)
    """For each class of identifier the values and rows without a parent."""

    @property
    def orphan_values(self) -> int:
        """The number of distinct values without a parent."""
        return sum(of_class.values for of_class in self.orphans.values())

    @property
    def orphan_rows(self) -> int:
        """The number of rows whose value has no parent."""
        return sum(of_class.rows for of_class in self.orphans.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Census:
    """The counts of all foreign-key columns that refer to one parent column, read in one snapshot."""

    target_table: str
    references: tuple[ReferenceCounts, ...]
    orphans: dict[str, int]
    """For each class the number of distinct values without a parent; a value in several columns counts once."""
    covered: int
    """The number of distinct values that have a parent; a value in several columns counts once."""
    several_spellings: int
    """The number of UUIDs that stand in the columns in more than one spelling."""
    spelled_otherwise: int
    """The number of these UUIDs that the parent table spells otherwise than canonically."""
    case_variants: int
    """The number of values that differ from another value only in upper and lower case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrphanValue:
    """A value of a foreign-key column that has no parent.

    The value may be the id of a patient: it is only shown on a terminal, and only on request.
    """

    subject: str
    """The table and the column, as findings name them: `bills."patientId"`."""
    identifier_class: str
    value: str
    rows: int
    """The number of rows that hold the value."""
