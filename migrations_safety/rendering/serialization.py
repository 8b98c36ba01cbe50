"""Reports as the values of their JSON; the keys are a contract, see docs/reference.md."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from migrations_safety.audit.report import AuditReport
from migrations_safety.backfill.report import BackfillReport
from migrations_safety.census.estimates import Estimate
from migrations_safety.census.report import ReferenceCounts
from migrations_safety.messages.findings import Finding
from migrations_safety.migrate.report import MigrateReport
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.precheck.report import Depth, PrecheckReport, Recount
from migrations_safety.verification.report import VerificationReport

SCHEMA_VERSION = 1


def precheck(report: PrecheckReport, *, seconds: float) -> dict[str, Any]:
    """The JSON of `precheck`."""
    plan = report.plan
    return {
        "command": "precheck",
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "not_judged": plan.not_judged,
        "database": report.target.as_dict(),
        "seconds_behind": report.target.seconds_behind,
        "data_counted": report.data.depth is Depth.COUNT,
        "approximate": report.data.depth is Depth.ESTIMATE,
        "snapshot": report.data.mark.as_dict() if report.data.mark else None,
        "adopted": [{"app": one.app, "name": one.name} for one in plan.adopted],
        "migrations": [{"app": one.app, "name": one.name, "atomic": one.atomic} for one in plan.migrations],
        "unapplied": [{"app": one.app, "name": one.name} for one in plan.unapplied],
        "drops": {
            "tables": [one.table for one in plan.rollback.tables],
            "columns": [{"table": one.table, "column": one.column} for one in plan.rollback.columns],
        },
        "operations": plan.operations,
        "references": [
            reference(report.inspected, counted) for census in report.data.censuses for counted in census.references
        ]
        + [estimated(report.inspected, estimate) for estimate in report.data.estimates],
        "findings": findings(report.findings),
        "seconds": round(seconds, 3),
    }


def backfill(report: BackfillReport, *, seconds: float) -> dict[str, Any]:
    """The JSON of `backfill_placeholders`."""
    return {
        "command": "backfill_placeholders",
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "database": report.target.as_dict(),
        "run_id": report.run_id,
        "applied": list(report.applied),
        "created": report.created,
        "already_present": report.already_present,
        "nullified": report.nullified,
        "restored": report.restored,
        "not_restored": report.not_restored,
        "refused": report.refused,
        "batches": report.batches,
        "seconds": round(seconds, 3),
    }


def migrate(run: MigrateReport) -> dict[str, Any]:
    """The JSON of `migrate`: what the gate saw, and what came of it."""
    gate = run.gate
    return {
        "command": "migrate",
        "schema_version": SCHEMA_VERSION,
        "verdict": run.verdict,
        "database": run.target.as_dict(),
        "gate": gate.verdict if gate else "not asked",
        "census": recount(gate.data.recount) if gate and gate.data.recount else None,
        "adopted": [{"app": one.app, "name": one.name} for one in gate.plan.adopted] if gate else [],
        "migrations": [{"app": one.app, "name": one.name, "atomic": one.atomic} for one in gate.plan.migrations]
        if gate
        else [],
        "unapplied": [{"app": one.app, "name": one.name} for one in gate.plan.unapplied] if gate else [],
        "did": run.done.as_dict() if run.done else {},
        "elsewhere": run.done.elsewhere if run.done else {},
        "findings": findings(gate.findings) if gate else [],
        "lock_waits": run.lock_waits,
        "seconds": round(run.seconds, 3),
    }


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
    """The JSON of `verify_patient_schema`."""
    return {
        "command": command,
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "database": report.target.as_dict(),
        "expected": report.expected,
        "found": report.found,
        "orphan_rows": report.orphan_rows,
        "placeholders": report.placeholders,
        "findings": findings(report.findings),
        "seconds": round(seconds, 3),
    }


def audit(report: AuditReport, *, seconds: float) -> dict[str, Any]:
    """The JSON of `audit_runs`."""
    return {
        "command": "audit_runs",
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "database": report.target.as_dict(),
        "exists": report.exists,
        "runs": [
            asdict(one)
            | {"started_at": one.started_at.isoformat()}
            | {"finished_at": one.finished_at.isoformat() if one.finished_at else None}
            for one in report.runs
        ],
        "findings": findings(report.findings),
        "seconds": round(seconds, 3),
    }


def reference(inspected: InspectedSchema, counted: ReferenceCounts) -> dict[str, Any]:
    """One referencing column with its counts."""
    key = counted.key
    column = inspected.referencing(key)
    parent = inspected.referenced(key)
    assert column is not None
    return {
        "table": key.table,
        "column": key.column,
        "column_type": column.type,
        "nullable": column.nullable,
        "indexed": column.indexed,
        "target_table": key.target_table,
        "target_column": key.target_column,
        "target_type": parent.type if parent else (key.column_type or "").lower(),
        "total_rows": counted.total_rows,
        "non_null": counted.non_null,
        "distinct_values": counted.distinct_values,
        "orphan_values": counted.orphan_values,
        "orphan_rows": counted.orphan_rows,
        "classes": counted.classes,
        "orphan_classes": {name: values for name, (values, _) in counted.orphans.items()},
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
    return [asdict(one) | {"level": one.level.value} for one in found]
