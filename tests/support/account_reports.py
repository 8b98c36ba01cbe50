"""Reports of the commands other than `precheck`, with the names that they are given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from migrations_safety.audit.report import AuditReport, RecordedRun
from migrations_safety.backfill.report import BackfillReport
from migrations_safety.messages.wording import audit as audit_wording
from migrations_safety.messages.wording import recovery_diagnosis as diagnosis_wording
from migrations_safety.messages.wording import schema
from migrations_safety.postgresql.pooler import Pooler
from migrations_safety.postgresql.target import Target
from migrations_safety.recovery.diagnosis.report import Area, DiagnosisReport, NextStep
from migrations_safety.verification.report import NotCompared, VerificationReport

START = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


def target(name: str) -> Target:
    """Return a database of that name."""
    return Target(
        alias="default", name=name, host="db", port=5432, server_version="18.1", in_recovery=False, role=name,
        schema=name, may_create=True, pooler=Pooler.NONE, in_transaction=False, seconds_behind=None,
    )  # fmt: skip


def verification_report(names: Sequence[str] = ("bed", "ward", "hospital")) -> VerificationReport:
    """Return a report with drift, in which the names stand everywhere."""
    first, second, third = names[:3]
    findings = (
        schema.table_missing(first, made_by=None),
        schema.column_type(second, declared="integer", found=third, change=first),
        schema.key_missing(third, declared=first, is_pending=False, add=second),
        schema.index_extra(first, found=second, drop=third, refuses_rows=False),
        schema.orphans(first, values=2, rows=3, target=second, key="", has_maker=True),
    )
    return VerificationReport(
        target=target(third), apps=(first, second), expected={"tables": 4, "columns": 20, "foreign_keys": 3},
        found={"tables": 3, "columns": 18, "foreign_keys": 2}, keys=(),
        not_compared=(NotCompared(name=first, reason=second),), counted_keys=2, uncounted_keys=1, orphan_rows=3,
        placeholders=4, findings=findings,
    )  # fmt: skip


def backfill_report(names: Sequence[str] = ("bed", "ward", "hospital")) -> BackfillReport:
    """Return a report of a backfill that has refused values."""
    first, second, third = names[:3]
    return BackfillReport(
        target=target(third), run_id="7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001", dry_run=False, applied=(first,),
        created=1234, already_present=5, nullified={first: 3}, restored={second: 4}, not_restored={third: 2, first: 1},
        held_by={first: [second, third]}, refused={"sentinel_word": 2, "mrn_like": 1}, batches=7,
    )  # fmt: skip


def audit_report(names: Sequence[str] = ("bed", "ward", "hospital"), *, runs: int = 6) -> AuditReport:
    """Return a record of runs that somebody has changed."""
    return AuditReport(
        target=target(names[2]), exists=True, runs=tuple(_run(number, names) for number in range(runs)),
        findings=(audit_wording.changed(3), audit_wording.out_of_order(4)),
    )  # fmt: skip


def diagnosis_report(names: Sequence[str] = ("bed", "ward", "hospital")) -> DiagnosisReport:
    """Return what diagnose says of a deploy that was stopped in a migration of the first name."""
    first, second, third = names[:3]
    label = f"{first}.0002_{second}"
    findings = (
        diagnosis_wording.killed_run("migrate", run=second, began="2026-11-01", host=third, again="migrate"),
        diagnosis_wording.applied_in_part(label, steps="done: 1; not done: 2", next=second),
        diagnosis_wording.not_valid(first, kind="foreign key", name=second, is_planned=False),
        diagnosis_wording.not_looked("locks", reason=third, hint=first),
        diagnosis_wording.images_open(first, column=second, rows=3),
    )
    areas = (Area(name="migrations", state="1 pending"), Area(name="locks", state=third, is_known=False))
    return DiagnosisReport(
        target=target(third), areas=areas, halves=(), findings=findings, back=(),
        forward=(NextStep(why=first, command=("migrate", second)), NextStep(why=second, sql=f"SELECT {third}")),
    )  # fmt: skip


def _run(number: int, names: Sequence[str]) -> RecordedRun:
    began = START + timedelta(days=number, minutes=number)
    outcome = ("finished", "failed", "killed or still at work")[number % 3]
    is_open = number % 3 == 2
    return RecordedRun(
        run_id=f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38{number:04}", command="migrate", started_at=began,
        finished_at=None if is_open else began + timedelta(minutes=20 * number + 1), outcome=outcome,
        verdict="applied" if outcome == "finished" else None, role=names[0], client=names[1], host=names[2],
        version="0.1.0", arguments={"app_label": names[0]}, checksums={}, counts={names[1]: number},
        did={"applied": [names[2]]}, error="LockNotAvailable" if outcome == "failed" else None,
        at=names[0] if outcome == "failed" else None,
    )  # fmt: skip
