"""What a census found, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.schema.declared_keys import DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceCounts:
    """What one referencing column holds; `orphans` maps a class to (values, rows) without a parent."""

    key: DeclaredKey
    total_rows: int = 0
    non_null: int = 0
    distinct_values: int = 0
    most_rows: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    orphans: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def orphan_values(self) -> int:
        """Distinct values without a parent."""
        return sum(values for values, _ in self.orphans.values())

    @property
    def orphan_rows(self) -> int:
        """Rows whose value has no parent."""
        return sum(rows for _, rows in self.orphans.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Census:
    """All references to one parent, in one snapshot; the figures of `orphans` are distinct over all of them.

    Of `several_spellings` people, `spelled_otherwise` have a parent whose id is not in the canonical spelling.
    """

    target_table: str
    references: tuple[ReferenceCounts, ...]
    orphans: dict[str, int]
    covered: int
    several_spellings: int
    spelled_otherwise: int
    case_variants: int
