"""What is asked of one `migrate`, as plain values, and who hears of it while it is at work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.messages.progress import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class LockOptions:
    """How long to try for a lock, and how long others may wait behind it; in seconds."""

    max_stall: float = 0.2
    """A statement of ours is cancelled when others wait longer behind it; 0: never."""
    retry_for: float = 600
    """How long to try again for a lock that is not free."""
    deploy_wait: float = 600
    """How long to wait for another deploy; 0: not at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrateOptions:
    """What one `migrate` is to do; what Django's command has too has Django's name here."""

    using: str
    app_label: str | None = None
    migration_name: str | None = None
    fake: bool = False
    fake_initial: bool = False
    prune: bool = False
    run_syncdb: bool = False
    skip_precheck: bool = False
    census: str | None = None
    """The file of an earlier census, whose counts the gate takes."""
    expect_database: str | None = None
    expect_schema: str | None = None
    scan: ScanOptions = BY_SIZE
    locks: LockOptions = field(default_factory=LockOptions)

    @property
    def runs_no_migration(self) -> bool:
        """True for what changes Django's records only, or concerns apps without migrations."""
        return bool(self.fake or self.prune or (self.run_syncdb and self.app_label))

    @property
    def arguments(self) -> dict[str, Any]:
        """Those that are set, as the record of runs keeps them: in the units of the command line."""
        asked = {
            "app_label": self.app_label,
            "migration_name": self.migration_name,
            "fake": self.fake,
            "fake_initial": self.fake_initial,
            "prune": self.prune,
            "run_syncdb": self.run_syncdb,
            "skip_precheck": self.skip_precheck,
            "census": self.census,
            "retry_for": self.locks.retry_for,
            "max_stall": round(self.locks.max_stall * 1000),
            "expect_database": self.expect_database,
            "expect_schema": self.expect_schema,
        }
        return {name: value for name, value in asked.items() if value}


def ignore(sentence: str) -> None:
    """For those who need not hear it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """Who hears of a `migrate` while it is at work."""

    progress: Progress = field(default_factory=Progress)
    notice: Callable[[str], None] = ignore
    """Takes what the log of a deploy should keep: what the gate says, what is adopted."""
    warning: Callable[[str], None] = ignore
    """Takes what is never left out."""
