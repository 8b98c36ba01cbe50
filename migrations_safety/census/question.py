"""What a census is asked to count."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.schema.declared_keys import DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What to count: the references to one parent."""

    keys: tuple[DeclaredKey, ...]
    """The references that exist; a key's position here is its `reference` in the statements."""
    schema: str
    """Where tables stand whose names say no schema."""
    target_exists: bool
    """The parent's column is there; else every value is an orphan."""
    type: str
    """What values are compared as: `uuid`, `text`, with a collation where the ends differ, or another type."""
    target_is_partitioned: bool = False
    target_is_text: bool = False
    """The ids of the parents are text, so one may be a UUID in another spelling."""
    classified: bool = True
    """Values are told apart by what they look like."""
    id_pattern: str = ""
    """The regular expression of ids in the house's own format; empty for none."""
    record_number_column: str | None = None
    """The parent's column whose values are no ids; None for none."""
    reading: ScanOptions = BY_SIZE
    """What the operator asked for."""
    since: int | None = None
    """The number of a transaction: only rows written by it or after it are counted. None for all."""
    only_orphans: bool = False
    """Values with a parent are left out."""

    @property
    def is_uuid(self) -> bool:
        """Whether every value is a UUID, so that there is nothing else to tell them apart by."""
        return self.type == "uuid"
