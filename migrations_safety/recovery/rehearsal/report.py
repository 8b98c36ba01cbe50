"""The result of one rehearsal as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target
from migrations_safety.recovery.rehearsal.options import Limits


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldLock:
    """The longest time that one transaction held or waited for a lock on a table that existed before."""

    table: str
    mode: str
    held_ms: int
    waited_ms: int
    stops_writers: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Stall:
    """The longest time that a write of the application waited, on one table."""

    table: str
    writes: int
    longest_ms: int
    errors: dict[str, int]
    """How many writes failed, by SQLSTATE."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One command of the deploy, as it ran on the copy."""

    name: str
    command: str
    exit_code: int
    seconds: float
    locks: tuple[HeldLock, ...]
    rows: dict[str, int]
    """How many rows were written, by table."""
    wal_bytes: int
    temporary_bytes: int
    size_before: int
    size_after: int
    findings: tuple[dict[str, Any], ...]
    """The findings in the command's own report that are no information."""
    said: str
    """The sentence with which a command ended that failed."""
    is_way_back: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """How long one step or migration takes in the real run, as a range in seconds."""

    step: str
    measured: float
    least: float
    most: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """By what factors the last deploys on this database took longer (above 1) or shorter than on their copies."""

    deploys: int
    """How many there were."""
    factor: float
    """Their geometric mean, by which the forecast has moved."""
    least: float
    most: float


NOTHING_LEARNED = Learned(deploys=0, factor=1.0, least=1.0, most=1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Basis:
    """What the rehearsal stands on; `migrate --rehearsed` compares it with the target."""

    system_identifier: str | None
    database_oid: int
    server_major: int
    migrations: dict[str, str]
    """The checksum of each migration of the plan, by its label, in their order."""
    catalog: str
    catalog_before_migrate: str | None
    """The fingerprint on the copy before `migrate`, where another command ran before it."""
    rows: dict[str, int]
    """The rows of each table, counted on the copy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedBackup:
    """The backup that the copy was restored from."""

    name: str
    sha256: str
    taken_at: datetime
    age: int
    """Its age in seconds when the rehearsal began."""
    proof: str
    """How far it was tried: `written`, `read`, `restored` or `compared`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeysOnly:
    """A copy with replaced keys and made-up rows."""

    tables: int
    rows: int
    keys: int
    """How many columns hold keys, which were replaced."""
    filled: int
    """How many columns hold made-up values."""
    as_they_are: tuple[str, ...]
    """Tables with names of the project's code, which were copied as they are."""
    lost: tuple[str, ...]
    """What is not of the rows of the copy as it is of the original's, in words."""
    left_out: tuple[str, ...]
    """Constraints that no made-up row fulfils."""
    empty: tuple[str, ...]
    """Tables whose rows could not be made up."""
    plan_unknown: str | None
    """Why it is not known what the plan demands of rows; None where it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RehearsalReport:
    """All that was seen on the copy, and the verdict."""

    target: Target
    place: str
    """Where the copy was: `server`, `url`, `embedded`, or `clone` for one that a command gave."""
    why_not_the_server: str | None
    copy_version: str
    finished_at: datetime
    basis: Basis
    seconds_to_copy: float
    seconds_to_clone: float
    left_out: tuple[str, ...]
    not_restored: tuple[str, ...]
    steps: tuple[Step, ...]
    stalls: tuple[Stall, ...] | None
    """None where nobody wrote while the deploy ran."""
    compared_tables: int
    rows_compared: int
    differing_tables: tuple[str, ...]
    forecast: tuple[Forecast, ...]
    limits: Limits
    kept: str | None
    """The name of the copy that was kept."""
    findings: tuple[Finding, ...]
    backup: UsedBackup | None = None
    """None where the copy was made of the database itself."""
    learned: Learned = NOTHING_LEARNED
    growth: float = 1.0
    """How many times as large as the copy the database is, at least 1."""
    keys_only: KeysOnly | None = None
    """None where the copy has the rows of the database."""
    open_ways: tuple[str, ...] = ()
    """On which ways code of a migration could reach the database itself, in words."""
    changed_objects: tuple[str, ...] = ()
    """What changed that the copy shares with other databases."""
    not_removed: tuple[str, ...] = ()
    """Copies that the command of the caller has made, and that were not removed."""

    @property
    def is_empty(self) -> bool:
        """Whether no migration is pending."""
        return not self.basis.migrations

    @property
    def verdict(self) -> str:
        """`passed`, `failed`, or `nothing to rehearse`."""
        if self.is_empty:
            return "nothing to rehearse"
        return "failed" if any(one.level == "error" for one in self.findings) else "passed"

    @property
    def deploy(self) -> tuple[Step, ...]:
        """The steps without the way back."""
        return tuple(one for one in self.steps if not one.is_way_back)

    @property
    def longest_lock(self) -> HeldLock | None:
        """The lock of the deploy that stopped writers of an existing table for the longest time."""
        stopping = [lock for step in self.deploy for lock in step.locks if lock.stops_writers]
        return max(stopping, key=lambda lock: lock.held_ms, default=None)

    @property
    def longest_stall(self) -> Stall | None:
        """The longest wait of a write."""
        return max(self.stalls or (), key=lambda stall: stall.longest_ms, default=None)
