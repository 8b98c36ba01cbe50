"""What a census found, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.schema.declared_keys import DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class OrphanCounts:
    """Orphans of one class in one referencing column."""

    values: int
    """Distinct values."""
    rows: int
    """Rows that hold them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceCounts:
    """What one referencing column holds."""

    key: DeclaredKey
    total_rows: int = 0
    """Rows of the table, those without a reference too."""
    non_null: int = 0
    """Rows with a reference."""
    distinct_values: int = 0
    most_rows: int = 0
    """Rows of the value that stands in most of them."""
    classes: dict[str, int] = field(default_factory=dict)
    """Distinct values of each class, with and without a parent."""
    orphans: dict[str, OrphanCounts] = field(default_factory=dict)
    """Of each class, what has no parent."""

    @property
    def orphan_values(self) -> int:
        """Distinct values without a parent."""
        return sum(of_class.values for of_class in self.orphans.values())

    @property
    def orphan_rows(self) -> int:
        """Rows whose value has no parent."""
        return sum(of_class.rows for of_class in self.orphans.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Census:
    """All references to one parent, in one snapshot."""

    target_table: str
    references: tuple[ReferenceCounts, ...]
    orphans: dict[str, int]
    """Distinct values without a parent by class; a value that several columns hold is one."""
    covered: int
    """Distinct values that have a parent."""
    several_spellings: int
    """People whose id is there in more than one spelling."""
    spelled_otherwise: int
    """Those of them whose parent has another spelling than the canonical one."""
    case_variants: int
    """Values that differ from another one in capitals only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrphanValue:
    """A value of a referencing column, which may be a patient's id: for a person's terminal, on request alone."""

    subject: str
    """Table and column."""
    identifier_class: str
    value: str
    rows: int
