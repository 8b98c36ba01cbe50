"""The options of one backfill, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.backfill.batches import BatchOptions
from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class BackfillOptions:
    """What the backfill does. By default each orphan value of an allowed class of identifier gets a placeholder."""

    nullify: tuple[str, ...] = ()
    """Names of tables in which values without a parent are set to NULL instead. The earlier values are kept."""
    dry_run: bool = False
    """Whether to count only, and to change nothing."""
    batching: BatchOptions = field(default_factory=BatchOptions)
    scan: ScanOptions = BY_SIZE


EVERY_ORPHAN = BackfillOptions()
