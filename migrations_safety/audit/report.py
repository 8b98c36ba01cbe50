"""The recorded runs, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastAndFact:
    """How long one migration was to take after its rehearsal, and how long it took, in seconds."""

    step: str
    """The label of the migration, or `migrate` for the whole command."""
    measured: float
    """How long it took on the copy."""
    least: float
    most: float
    took: float

    @property
    def is_met(self) -> bool:
        """Whether it took as long as expected."""
        return self.least <= self.took <= self.most


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedRun:
    """One run of a command, as it was recorded."""

    run_id: str
    command: str
    started_at: datetime
    finished_at: datetime | None
    """None where no end of the run was recorded."""
    outcome: str
    """`finished`, `failed`, or `killed or still at work` where no end of the run was recorded."""
    verdict: str | None
    """For `migrate`, the verdict of its JSON report; None for other commands."""
    role: str
    """The role as which the command connected."""
    client: str
    """The address from which it connected, as the server saw it."""
    host: str
    """The host name of the machine that ran the command."""
    version: str
    arguments: dict[str, Any]
    checksums: dict[str, str]
    """The SHA-256 of the file of each migration, by the label of the migration."""
    counts: dict[str, Any]
    did: dict[str, list[str]]
    """The labels of migrations under the keys `applied`, `unapplied`, `recorded` and `forgotten`."""
    error: str | None
    """The name of the class of the error; its text is not kept, because it may hold patient data."""
    at: str | None
    """The label of the migration in which the run failed; None outside of migrations."""
    stands_on: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The backup and the rehearsal that stood behind the run, under the keys `backup` and `rehearsal`."""

    @property
    def forecasts(self) -> tuple[ForecastAndFact, ...]:
        """Forecast and fact of each migration that was rehearsed and ran, and of `migrate` if all of them did."""
        told = (self.counts or {}).get("forecast") or {}
        return tuple(ForecastAndFact(step=step, **seconds) for step, seconds in told.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """All recorded runs, and signs that somebody has changed the record."""

    target: Target
    exists: bool
    """Whether the tables of the record exist; False where no run was ever recorded."""
    runs: tuple[RecordedRun, ...]
    """All recorded runs, the oldest first."""
    findings: tuple[Finding, ...]
    """Signs that somebody has changed, removed or inserted events of the record, and what protects it less."""

    @property
    def verdict(self) -> str:
        """`broken` if somebody has changed the record, else `holds`."""
        return "broken" if self.changes else "holds"

    @property
    def changes(self) -> tuple[Finding, ...]:
        """The signs that somebody has changed the record."""
        return tuple(one for one in self.findings if one.level is Level.ERROR)
