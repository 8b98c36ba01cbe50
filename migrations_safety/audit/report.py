"""The record of runs, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedRun:
    """One run: `outcome` is `finished`, `failed`, or `killed or still at work` where it has no end.

    `verdict` is what a `migrate` did in one word, as its JSON has it, `did` the migrations; `at` is where it failed.
    """

    run_id: str
    command: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    verdict: str | None
    role: str
    client: str
    host: str
    version: str
    arguments: dict[str, Any]
    checksums: dict[str, str]
    counts: dict[str, Any]
    did: dict[str, list[str]]
    error: str | None
    at: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """All runs, oldest first, and what is wrong with the chain; `exists` is False where no run was ever recorded."""

    target: Target
    exists: bool
    runs: tuple[RecordedRun, ...]
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """`holds`, or `broken` where the record was changed."""
        return "broken" if self.findings else "holds"
