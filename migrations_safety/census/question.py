"""What a census is asked to count."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.schema.declared_keys import DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What to count: the references to one parent that exist, whether the parent does, the types, and how to read.

    `schema` is where tables stand that say none. `type` is what values are compared as: `uuid`, `text`, with a
    collation where ends differ, or another. `classified` says whether values are told apart, `id_pattern` what ids of
    the house's own format look like. `since` is a transaction's number: only rows written by it or after it are
    counted.
    """

    keys: tuple[DeclaredKey, ...]
    schema: str
    target_exists: bool
    type: str
    target_is_partitioned: bool = False
    target_is_text: bool = False
    classified: bool = True
    id_pattern: str = ""
    record_number_column: str | None = None
    reading: ScanOptions = BY_SIZE
    since: int | None = None
    only_orphans: bool = False

    @property
    def is_uuid(self) -> bool:
        """Whether every value is a UUID, so that there is nothing else to tell them apart by."""
        return self.type == "uuid"
