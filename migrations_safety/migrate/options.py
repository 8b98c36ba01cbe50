"""The options of one `migrate` as plain values, and the functions that it calls with messages while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from migrations_safety.backup.evidence.values import Places
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.requirement import Requirement
from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.measurement.options import NOT_WANTED, MeasureOptions
from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.rehearsed import Rehearsed


@dataclass(frozen=True, kw_only=True, slots=True)
class LockOptions:
    """How long to try for a lock, and how long other sessions may wait behind the migration; all in seconds."""

    max_stall: float = 0.2
    """A statement of the migration is cancelled before another session has waited longer for it; 0 means never."""
    retry_for: float = 600
    """How long to try again for a lock that is not free."""
    deploy_wait: float = 600
    """How long to wait for another running deploy; 0 means not at all."""
    hot_tables: frozenset[str] = frozenset()
    """The names of the tables on which no lock may stop writers or readers, however short."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrateOptions:
    """What one `migrate` is to do. Options that Django's `migrate` has, too, have their names from Django."""

    using: str
    app_label: str | None = None
    migration_name: str | None = None
    fake: bool = False
    fake_initial: bool = False
    prune: bool = False
    run_syncdb: bool = False
    skip_precheck: bool = False
    census: str | None = None
    """The path of a file with the counts of an earlier precheck, which the precheck of this `migrate` then uses."""
    precheck: str | None = None
    """The path of a JSON report of `precheck`, whose measurements are used if nothing has changed since."""
    keep_dropped: bool = False
    """Whether tables and columns that the migrations drop are kept under other names."""
    interrupted: str | None = None
    """`done` or `again`: what an operation is that had begun when an earlier run was killed; None for not said."""
    expect_database: str | None = None
    expect_schema: str | None = None
    scan: ScanOptions = BY_SIZE
    measure: MeasureOptions = NOT_WANTED
    locks: LockOptions = field(default_factory=LockOptions)
    backup: BackupOptions | None = None
    """The backup to make before anything is changed."""
    require_backup: Requirement | None = None
    """The backup that must be there."""
    backups: Places = field(default_factory=Places)
    """Where backups are."""
    rehearsed: Rehearsed | None = None
    """The report of a rehearsal without which nothing is migrated."""

    @property
    def runs_no_migration(self) -> bool:
        """Whether the command only changes rows of `django_migrations`, or only concerns an app without migrations."""
        return bool(self.fake or self.prune or (self.run_syncdb and self.app_label))

    @property
    def arguments(self) -> dict[str, Any]:
        """The options that are set, for the record of runs: by name, in the units of the command line."""
        asked = {
            "app_label": self.app_label,
            "migration_name": self.migration_name,
            "fake": self.fake,
            "fake_initial": self.fake_initial,
            "prune": self.prune,
            "run_syncdb": self.run_syncdb,
            "skip_precheck": self.skip_precheck,
            "census": self.census,
            "precheck": self.precheck,
            "rehearsed": self.rehearsed.file if self.rehearsed else None,
            "keep_dropped": self.keep_dropped,
            "interrupted": self.interrupted,
            "retry_for": self.locks.retry_for,
            "max_stall": round(self.locks.max_stall * 1000),
            "expect_database": self.expect_database,
            "expect_schema": self.expect_schema,
            "backup": str(self.backup.output) if self.backup else None,
            "require_backup": str(self.require_backup) if self.require_backup else None,
        }
        return {name: value for name, value in asked.items() if value}


def ignore(sentence: str) -> None:
    """Do nothing with the sentence. This is for callers that need no messages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """The functions that `migrate` calls with messages while it runs."""

    progress: Progress = field(default_factory=Progress)
    notice: Callable[[str], None] = ignore
    """Gets the sentences that the log of a deploy should keep, such as the result of the precheck."""
    warning: Callable[[str], None] = ignore
    """Gets the sentences that are printed even where the operator asked for no output."""
