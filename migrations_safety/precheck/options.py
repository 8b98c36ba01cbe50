"""What one precheck is to look at, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.census.incremental import EarlierCensus
from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.precheck.report import Depth


@dataclass(frozen=True, kw_only=True, slots=True)
class PrecheckOptions:
    """What to look at, and how closely; without any, all that `migrate` without arguments would do."""

    app_label: str | None = None
    migration_name: str | None = None
    fake_initial: bool = False
    depth: Depth = Depth.COUNT
    scan: ScanOptions = BY_SIZE
    before: EarlierCensus | None = None
    """A census that was taken earlier: only what is new since is counted."""
    is_marked: bool = False
    """Whether this census can be used as such later."""
    show_ids: int = 0
    """How many orphans to bring along, for a terminal only."""
    fail_level: Level = Level.ERROR


EVERYTHING = PrecheckOptions()
