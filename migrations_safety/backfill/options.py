"""What one backfill is to do, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.backfill.batches import BatchOptions
from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class BackfillOptions:
    """What to do with orphans, and how; without any, a placeholder for each of an allowed class."""

    nullify: tuple[str, ...] = ()
    """Tables whose orphan references become NULL instead, with their before-images kept."""
    dry_run: bool = False
    """Whether to count only."""
    batching: BatchOptions = field(default_factory=BatchOptions)
    scan: ScanOptions = BY_SIZE


EVERY_ORPHAN = BackfillOptions()
