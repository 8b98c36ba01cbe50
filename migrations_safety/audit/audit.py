"""Reads the record of all runs: who changed what, when and with which outcome.

It also checks whether somebody has changed the record itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from migrations_safety.audit import run_log
from migrations_safety.audit.report import AuditReport, RecordedRun
from migrations_safety.audit.run_log import Event
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import audit as wording
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.postgresql.snapshot import snapshot
from migrations_safety.postgresql.target import connect


def run(*, using: str, expect_database: str | None = None, expect_schema: str | None = None) -> AuditReport:
    """Read the record of runs in one snapshot.

    `using` is a database alias. Raises MayNotRead where the role may not read the record.
    """
    connection = connection_of(using)
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)
    with snapshot(connection):
        catalog.refuse_unreadable(connection, ["migrations_safety_run"], role=target.role)
        exists = run_log.tables_exist(connection)
        events = run_log.events(connection) if exists else []
        given = run_log.numbers_given(connection) if exists else 0
        is_guarded = not exists or run_log.refuses_changes(connection)
    found = _chain(events, given=given) + ([] if is_guarded else [wording.not_guarded()])
    return AuditReport(target=target, exists=exists, runs=tuple(_runs(events)), findings=tuple(found))


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
        stands_on=first.get("stands_on", {}),
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
