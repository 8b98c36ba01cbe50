"""The record of all runs: who changed what, when, with which outcome, and whether the record itself was changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections

from migrations_safety.audit import run_log
from migrations_safety.audit.run_log import Event
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import audit as wording
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.target import Target, connect, snapshot


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
class Report:
    """All runs, oldest first, and what is wrong with the chain; `exists` is False where no run was ever recorded."""

    target: Target
    exists: bool
    runs: tuple[RecordedRun, ...]
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """`holds`, or `broken` where the record was changed."""
        return "broken" if self.findings else "holds"


def run(*, using: str, expect_database: str | None = None, expect_schema: str | None = None) -> Report:
    """Read the record in one snapshot."""
    connection = connections[using]
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)
    with snapshot(connection):
        catalog.refuse_unreadable(connection, ["migrations_safety_run"], role=target.role)
        events = run_log.events(connection)
        exists = run_log.tables_exist(connection)
        given = run_log.numbers_given(connection) if exists else 0
    return Report(target=target, exists=exists, runs=tuple(_runs(events)), findings=tuple(_chain(events, given=given)))


def _runs(events: Sequence[Event]) -> list[RecordedRun]:
    by_run: dict[str, list[Event]] = {}
    for event in events:
        by_run.setdefault(str(event.run_id), []).append(event)
    return [_run(run_id, of_run) for run_id, of_run in by_run.items()]


def _run(run_id: str, events: Sequence[Event]) -> RecordedRun:
    first, last = _details(events[0]), _details(events[-1])
    has_ended = events[-1].event != "started"
    return RecordedRun(
        run_id=run_id,
        command=first.get("command", ""),
        started_at=events[0].recorded_at,
        finished_at=events[-1].recorded_at if has_ended else None,
        outcome=events[-1].event if has_ended else "killed or still at work",
        verdict=last.get("verdict"),
        role=first.get("role", ""),
        client=first.get("client", ""),
        host=first.get("host", ""),
        version=first.get("version", ""),
        arguments=first.get("arguments", {}),
        checksums=first.get("checksums", {}),
        counts=last.get("counts", {}),
        did=last.get("did", {}),
        error=last.get("error"),
        at=last.get("at"),
    )


def _details(event: Event) -> dict[str, Any]:
    found = json.loads(event.details) if isinstance(event.details, str) else event.details
    return found if isinstance(found, dict) else {}


def _chain(events: Sequence[Event], *, given: int) -> list[Finding]:
    found = [wording.changed(event.id) for event in events if not event.unchanged]
    found += [wording.out_of_order(event.id) for event in events if not event.follows]
    last = events[-1].id if events else 0
    return found + ([wording.removed_at_the_end(given - last)] if given > last else [])
