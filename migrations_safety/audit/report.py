"""The record of runs, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedRun:
    """One run, as it was recorded."""

    run_id: str
    command: str
    started_at: datetime
    finished_at: datetime | None
    """None where it has no end."""
    outcome: str
    """`finished`, `failed`, or `killed or still at work` where it has no end."""
    verdict: str | None
    """What a `migrate` did in one word, as its JSON has it."""
    role: str
    """The role that connected to the server."""
    client: str
    """The address that it connected from, as the server saw it."""
    host: str
    """The name of the machine that ran the command, as that machine said."""
    version: str
    arguments: dict[str, Any]
    checksums: dict[str, str]
    """The SHA-256 of each migration's file, by label."""
    counts: dict[str, Any]
    did: dict[str, list[str]]
    """The labels of migrations by what was done with them."""
    error: str | None
    """The class of the error; its text may hold patient data."""
    at: str | None
    """The migration in which it failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """All recorded runs, and whether the record was changed."""

    target: Target
    exists: bool
    """False where no run was ever recorded."""
    runs: tuple[RecordedRun, ...]
    """Oldest first."""
    findings: tuple[Finding, ...]
    """What is wrong with the chain of events."""

    @property
    def verdict(self) -> str:
        """`holds`, or `broken` where the record was changed."""
        return "broken" if self.findings else "holds"
