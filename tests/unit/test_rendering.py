"""Reports drawn without a database."""

from datetime import UTC, datetime
from typing import Any

from migrations_safety.audit.report import AuditReport, RecordedRun
from migrations_safety.postgresql.pooler import Pooler
from migrations_safety.postgresql.target import Target
from migrations_safety.rendering import serialization, text

TARGET = Target(
    alias="default",
    name="hospital",
    host="db",
    port=5432,
    server_version="18.0",
    in_recovery=False,
    role="migrator",
    schema="public",
    may_create=True,
    pooler=Pooler.NONE,
    in_transaction=False,
    seconds_behind=None,
)
ENVELOPE = {"command", "schema_version", "verdict", "database", "findings", "seconds"}


def recorded(**values: Any) -> RecordedRun:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    of_run: dict[str, Any] = {
        "run_id": "1",
        "command": "migrate",
        "started_at": moment,
        "finished_at": moment,
        "outcome": "finished",
    }
    of_run |= {"verdict": None, "role": "", "client": "", "host": "", "version": "", "arguments": {}, "checksums": {}}
    return RecordedRun(**of_run | {"counts": {}, "did": {}, "error": None, "at": None} | values)


def test_a_run_that_was_recorded_under_the_older_word_is_drawn_as_unapplied():
    run = recorded(verdict="taken back", did={"taken_back": ["ward.0002_more"]})
    report = AuditReport(target=TARGET, exists=True, runs=(run,), findings=())

    drawn = text.audit(report, width=100, colour=False)

    assert "    unapplied: ward.0002_more\n" in drawn


def test_the_json_of_a_report_has_the_envelope_around_its_own_keys():
    report = AuditReport(target=TARGET, exists=True, runs=(recorded(),), findings=())

    drawn = serialization.audit(report, seconds=1.23456)

    assert set(drawn) == ENVELOPE | {"exists", "runs"}
    assert drawn["seconds"] == 1.235
    assert drawn["database"]["name"] == "hospital"


def test_a_run_names_the_backup_and_the_rehearsal_that_it_stands_on():
    backup = {"kind": "archive", "name": "hospital.dump", "checksum": "ab12", "taken_at": "2026-01-01T00:00:00+00:00"}
    rehearsal = {"name": "rehearsed.json", "checksum": "cd34", "verdict": "passed"}
    run = recorded(stands_on={"backup": backup | {"proof": "restored"}, "rehearsal": rehearsal})
    report = AuditReport(target=TARGET, exists=True, runs=(run,), findings=())

    drawn = " ".join(text.audit(report, width=100, colour=False).split())

    assert "stands on the backup hospital.dump (archive, taken at 2026-01-01T00:00:00+00:00, restored," in drawn
    assert "SHA-256 ab12)" in drawn
    assert "stands on the rehearsal rehearsed.json (passed, SHA-256 cd34)" in drawn
