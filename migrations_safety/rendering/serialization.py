"""Reports as the values of their JSON; the keys are a contract, see docs/reference.md."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Protocol

from migrations_safety.audit.report import AuditReport, RecordedRun
from migrations_safety.backfill.report import BackfillReport
from migrations_safety.census.estimates import Estimate
from migrations_safety.census.report import ReferenceCounts
from migrations_safety.messages.findings import Finding
from migrations_safety.migrate.report import MigrateReport
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.report import Depth, PrecheckReport, Recount
from migrations_safety.verification.report import VerificationReport

SCHEMA_VERSION = 1


class Report(Protocol):
    """What every report has."""

    @property
    def target(self) -> Target:
        """The database that was looked at."""

    @property
    def verdict(self) -> str:
        """The outcome in one word."""


def envelope(
    command: str,
    report: Report,
    body: dict[str, Any],
    *,
    found: tuple[Finding, ...] | None = None,
    seconds: float,
) -> dict[str, Any]:
    """What the JSON of every report has around its own keys; `findings` where the command has any."""
    return {
        "command": command,
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "database": report.target.as_dict(),
        **body,
        **({} if found is None else {"findings": findings(found)}),
        "seconds": round(seconds, 3),
    }


def precheck(report: PrecheckReport, *, seconds: float) -> dict[str, Any]:
    """The JSON of `precheck`."""
    plan, data = report.plan, report.data
    counted = [reference(report.inspected, counts) for census in data.censuses for counts in census.references]
    body = {
        "not_judged": plan.not_judged,
        "seconds_behind": report.target.seconds_behind,
        "data_counted": data.depth is Depth.COUNT,
        "approximate": data.depth is Depth.ESTIMATE,
        "snapshot": data.mark.as_dict() if data.mark else None,
        **migrations(plan),
        "drops": {
            "tables": [drop.table for drop in plan.rollback.tables],
            "columns": [{"table": drop.table, "column": drop.column} for drop in plan.rollback.columns],
        },
        "operations": plan.operations,
        "references": counted + [estimated(report.inspected, estimate) for estimate in data.estimates],
    }
    return envelope("precheck", report, body, found=report.findings, seconds=seconds)


def migrations(plan: Plan | None) -> dict[str, Any]:
    """What a plan adopts, runs and unapplies; three empty lists without one."""
    adopted, running, unapplied = (plan.adopted, plan.migrations, plan.unapplied) if plan else ((), (), ())
    return {
        "adopted": [{"app": step.app, "name": step.name} for step in adopted],
        "migrations": [{"app": step.app, "name": step.name, "atomic": step.atomic} for step in running],
        "unapplied": [{"app": step.app, "name": step.name} for step in unapplied],
    }


def backfill(report: BackfillReport, *, seconds: float) -> dict[str, Any]:
    """The JSON of `backfill_placeholders`."""
    body = {
        "run_id": report.run_id,
        "applied": list(report.applied),
        "created": report.created,
        "already_present": report.already_present,
        "nullified": report.nullified,
        "restored": report.restored,
        "not_restored": report.not_restored,
        "refused": report.refused,
        "batches": report.batches,
    }
    return envelope("backfill_placeholders", report, body, seconds=seconds)


def migrate(report: MigrateReport) -> dict[str, Any]:
    """The JSON of `migrate`: what the gate saw, and what came of it."""
    gate, done = report.gate, report.done
    body = {
        "gate": gate.verdict if gate else "not asked",
        "census": recount(gate.data.recount) if gate and gate.data.recount else None,
        **migrations(gate.plan if gate else None),
        "did": done.as_dict() if done else {},
        "elsewhere": done.elsewhere if done else {},
        "lock_waits": report.lock_waits,
    }
    return envelope("migrate", report, body, found=gate.findings if gate else (), seconds=report.seconds)


def recount(after: Recount) -> dict[str, Any]:
    """An earlier census, and what was counted after it."""
    return {
        "alias": after.earlier.alias,
        "in_recovery": after.earlier.in_recovery,
        "taken_at": after.earlier.mark.moment.taken_at,
        "new_rows": after.new_rows,
        "counted_whole": after.counted_whole,
    }


def verification(report: VerificationReport, *, command: str, seconds: float) -> dict[str, Any]:
    """The JSON of a command that verifies a schema."""
    body = {
        "expected": report.expected,
        "found": report.found,
        "orphan_rows": report.orphan_rows,
        "placeholders": report.placeholders,
    }
    return envelope(command, report, body, found=report.findings, seconds=seconds)


def verification_of_apps(report: VerificationReport, *, command: str, seconds: float) -> dict[str, Any]:
    """The JSON of `verify_schema`."""
    return verification(report, command=command, seconds=seconds) | {
        "apps": list(report.apps),
        "counted_keys": report.counted_keys,
        "uncounted_keys": report.uncounted_keys,
        "not_compared": [{"name": one.name, "reason": one.reason} for one in report.not_compared],
    }


def audit(report: AuditReport, *, seconds: float) -> dict[str, Any]:
    """The JSON of `audit_runs`."""
    body = {"exists": report.exists, "runs": [recorded_run(run) for run in report.runs]}
    return envelope("audit_runs", report, body, found=report.findings, seconds=seconds)


def recorded_run(run: RecordedRun) -> dict[str, Any]:
    """One recorded run, its times as text."""
    finished_at = run.finished_at.isoformat() if run.finished_at else None
    return asdict(run) | {"started_at": run.started_at.isoformat(), "finished_at": finished_at}


def reference(inspected: InspectedSchema, counted: ReferenceCounts) -> dict[str, Any]:
    """One referencing column with its counts."""
    key = counted.key
    column = inspected.referencing(key)
    parent = inspected.referenced(key)
    assert column is not None
    return {
        **asdict(key.ends),
        "column_type": column.type,
        "nullable": column.nullable,
        "indexed": column.indexed,
        "target_type": parent.type if parent else (key.column_type or "").lower(),
        "total_rows": counted.total_rows,
        "non_null": counted.non_null,
        "distinct_values": counted.distinct_values,
        "orphan_values": counted.orphan_values,
        "orphan_rows": counted.orphan_rows,
        "classes": counted.classes,
        "orphan_classes": {name: of_class.values for name, of_class in counted.orphans.items()},
    }


def estimated(inspected: InspectedSchema, estimate: Estimate) -> dict[str, Any]:
    """One referencing column as the statistics have it: the figures of a count are null, they are not known."""
    of_sample = reference(inspected, estimate.sampled)
    return of_sample | {
        "total_rows": estimate.rows,
        "non_null": estimate.non_null,
        "distinct_values": estimate.distinct_values,
        "orphan_values": None,
        "orphan_rows": None,
        "classes": {},
        "orphan_classes": {},
        "sample": {name: of_sample[name] for name in ("distinct_values", "orphan_values", "classes", "orphan_classes")},
    }


def findings(found: tuple[Finding, ...]) -> list[dict[str, str]]:
    """The findings, errors first."""
    return [asdict(finding) | {"level": finding.level.value} for finding in found]
