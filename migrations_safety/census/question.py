"""The question that `census.counts` answers: which foreign-key columns to count, and how."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.schema.declared_keys import DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Foreign keys to the same parent column, whose values are to be counted."""

    keys: tuple[DeclaredKey, ...]
    """The keys whose columns exist; the position of a key in this tuple is its number `reference` in the statements."""
    schema: str
    """The schema of the tables whose names say none."""
    target_exists: bool
    """Whether the parent column exists; if not, no value has a parent."""
    type: str
    """The SQL type as which values are compared, such as `uuid` or `text COLLATE "C"` (where collations differ)."""
    target_is_partitioned: bool = False
    target_is_text: bool = False
    """Whether the ids of the parents are text, so that an id may be a UUID in another spelling."""
    classified: bool = True
    """Whether each value gets a class of identifier from its shape."""
    id_pattern: str = ""
    """The setting MIGRATIONS_SAFETY_ID_PATTERN, a regular expression; empty where it is not set."""
    record_number_column: str | None = None
    """The column of the parent with medical record numbers, which are no ids; None where there is none."""
    reading: ScanOptions = BY_SIZE
    """The number of processes and the rate that the operator asked for."""
    since: int | None = None
    """The number of a transaction: only rows that it or a later one wrote are counted. None counts all rows."""
    only_orphans: bool = False
    """Whether values with a parent are left out."""

    @property
    def is_uuid(self) -> bool:
        """Whether the values are of type uuid, so that only the classes of UUIDs are possible."""
        return self.type == "uuid"
