"""The result of one rollback, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.audit.migration_history import Done
from migrations_safety.kept.kept_record import Kept
from migrations_safety.measurement.report import MeasuredPlan, not_measured
from migrations_safety.messages.findings import Finding, blocking
from migrations_safety.migrate.report import LockWaits
from migrations_safety.postgresql.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """The rows of a table, or the values of a column, that the rollback would lose."""

    table: str
    column: str | None
    """The column that is dropped or changed; None where the whole table is dropped."""
    rows: int
    cut_to: str | None = None
    """The type that cuts or rounds the values; None where the column is dropped."""

    @property
    def subject(self) -> str:
        """`bills."note"`: how findings name it."""
        return f'{self.table}."{self.column}"' if self.column else self.table


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedKey:
    """A foreign key that is dropped before the atomic migration that has added it is unapplied."""

    name: str
    table: str
    target_table: str

    def __str__(self) -> str:
        return f"{self.name} ({self.table} to {self.target_table})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Undone:
    """What a rollback has done so far."""

    run_id: str
    done: Done
    keys: tuple[DroppedKey, ...] = ()
    """The foreign keys of atomic migrations, which were dropped one by one before."""
    restored: dict[str, int] = field(default_factory=dict)
    """The number of nullified references that were restored, by table."""
    not_restored: dict[str, int] = field(default_factory=dict)
    """The number of those that could not be restored and stay kept, by table."""
    lock_waits: LockWaits | None = None
    kept: tuple[Kept, ...] = ()
    """The tables, columns and types that this run has kept instead of dropped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackReport:
    """The result of one rollback, from which the command makes its reports and its exit code."""

    command: str
    target: Target
    unapplied: tuple[str, ...]
    """The labels of the migrations that are to be unapplied, in their order."""
    asked: tuple[str, str] = ("", "")
    """App label and migration name of the command line."""
    tables: tuple[str, ...] = ()
    """The tables that are to be dropped."""
    other_apps: tuple[str, ...] = ()
    """The labels of the other apps whose migrations are unapplied as well."""
    losses: tuple[Loss, ...] = ()
    findings: tuple[Finding, ...] = ()
    measured: MeasuredPlan = field(default_factory=lambda: not_measured("it was not asked for"))
    dry_run: bool = False
    keys_only: bool = False
    keep_dropped: bool = False
    undone: Undone | None = None
    """What was done; None where nothing was."""

    @property
    def blocking(self) -> list[Finding]:
        """The findings that forbid the rollback."""
        return blocking(self.findings)

    @property
    def is_refused(self) -> bool:
        """Whether something forbids the rollback, or stopped it before the tables."""
        return bool(self.blocking)

    @property
    def verdict(self) -> str:
        """One of `rolled back`, `stopped`, `refused`, `dry-run` and `nothing to do`."""
        if self.is_refused:
            return "stopped" if self.undone else "refused"
        if self.undone:
            return "rolled back"
        return "dry-run" if self.dry_run and self.unapplied else "nothing to do"
