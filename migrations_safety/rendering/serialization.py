"""Turns reports into the values of their JSON; docs/reference.md documents the keys, which stay the same."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Protocol

from migrations_safety.audit.report import AuditReport, RecordedRun
from migrations_safety.backfill.report import BackfillReport
from migrations_safety.census.estimates import Estimate
from migrations_safety.census.report import ReferenceCounts
from migrations_safety.measurement.answer import way_back_values
from migrations_safety.messages.findings import Finding
from migrations_safety.migrate.report import MigrateReport
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.report import Depth, Known, PrecheckReport, Recount, Review
from migrations_safety.rendering import traffic_serialization
from migrations_safety.verification.report import VerificationReport

SCHEMA_VERSION = 1


class Report(Protocol):
    """The attributes that every report has."""

    @property
    def target(self) -> Target:
        """The database on which the command worked."""

    @property
    def verdict(self) -> str:
        """The verdict, for example `safe` or `drift`."""


def envelope(
    command: str,
    report: Report,
    body: dict[str, Any],
    *,
    found: tuple[Finding, ...] | None = None,
    seconds: float,
) -> dict[str, Any]:
    """Return the complete JSON of a report: `body` with the keys that all reports have.

    `found` are the findings, None for a command that has none; `seconds` is the duration of the command.
    """
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
    """Return the JSON of `precheck`."""
    plan, data = report.plan, report.data
    counted = [reference(report.inspected, counts) for census in data.censuses for counts in census.references]
    body = {
        "not_judged": report.not_judged,
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
        "plan": measured(report.review),
        "circumstances": asdict(report.review.circumstances) if report.review.circumstances else None,
        "tables": traffic_serialization.tables(report.review.figures.values()),
        "statistics": traffic_serialization.saved(report.review.saved),
        "data_checks": [asdict(one) for one in report.review.data.checks],
        "application": [asdict(one) for one in report.review.measured.application],
        "references": counted + [estimated(report.inspected, estimate) for estimate in data.estimates],
        "drift": [
            {"object": one.object, "declared": one.declared, "found": one.found} for one in report.drift.differences
        ],
        "drift_not_compared": [{"name": one.name, "reason": one.reason} for one in report.drift.not_compared],
        "tables_of_others": list(report.drift.unmanaged),
        "baseline": _known(report.known) if report.known else None,
        "since": asdict(report.since) if report.since else None,
        "embedded": asdict(report.embedded) if report.embedded else None,
    }
    body["notes"] = findings(report.notes)
    return envelope("precheck", report, body, found=report.about_the_plan, seconds=seconds)


def _known(known: Known) -> dict[str, Any]:
    fingerprints = [asdict(one.fingerprint) for one in known.findings]
    return {"file": known.file, "known": fingerprints, "gone": [asdict(one) for one in known.gone]}


def measured(review: Review) -> dict[str, Any]:
    """Return the JSON of what was measured, per transaction."""
    measured = review.measured
    return {
        "measured": measured.measured,
        "reason": measured.reason,
        "server_version": measured.server_version,
        "left_out": list(measured.left_out),
        "demands": [asdict(one) for one in measured.demands],
        "application": [asdict(one) for one in measured.application],
        "statements": asdict(measured.statements) if measured.statements else None,
        "losses": None if measured.losses is None else [asdict(one) for one in measured.losses],
        "remade": [asdict(one) for one in measured.remade],
        "error": measured.error,
        "transactions": [
            asdict(one) | {"rollout": review.rollouts.get(one.migrations[0]), "held": traffic_serialization.held(held)}
            for one, held in zip(measured.transactions, review.held, strict=True)
        ],
        **way_back_values(measured.back),
    }


def migrations(plan: Plan | None) -> dict[str, Any]:
    """Return the migrations that a plan adopts, applies and unapplies; without a plan the three lists are empty."""
    adopted, running, unapplied = (plan.adopted, plan.migrations, plan.unapplied) if plan else ((), (), ())
    return {
        "adopted": [{"app": step.app, "name": step.name} for step in adopted],
        "migrations": [{"app": step.app, "name": step.name, "atomic": step.atomic} for step in running],
        "unapplied": [{"app": step.app, "name": step.name} for step in unapplied],
    }


def backfill(report: BackfillReport, *, seconds: float) -> dict[str, Any]:
    """Return the JSON of `backfill_placeholders`."""
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
    """Return the JSON of `migrate`.

    The key `gate` holds the verdict of the precheck that `migrate` runs first.
    """
    gate, done = report.gate, report.done
    body = {
        "gate": gate.verdict if gate else "not asked",
        "census": recount(gate.data.recount) if gate and gate.data.recount else None,
        **migrations(gate.plan if gate else None),
        "did": done.as_dict() if done else {},
        "took": done.took if done else {},
        "elsewhere": done.elsewhere if done else {},
        "lock_waits": report.lock_waits,
    }
    found = (*(gate.about_the_plan if gate else ()), *report.ways_back)
    return envelope("migrate", report, body, found=found, seconds=report.seconds)


def recount(after: Recount) -> dict[str, Any]:
    """Return the facts about an earlier `precheck`, and what was counted again after it."""
    return {
        "alias": after.earlier.alias,
        "in_recovery": after.earlier.in_recovery,
        "taken_at": after.earlier.mark.moment.taken_at,
        "new_rows": after.new_rows,
        "counted_whole": after.counted_whole,
    }


def verification(report: VerificationReport, *, command: str, seconds: float) -> dict[str, Any]:
    """Return the JSON of a command that verifies one registered schema."""
    body = {
        "expected": report.expected,
        "found": report.found,
        "counted_keys": report.counted_keys,
        "uncounted_keys": report.uncounted_keys,
        "orphan_rows": report.orphan_rows,
        "placeholders": report.placeholders or 0,
    }
    return envelope(command, report, body, found=report.findings, seconds=seconds)


def verification_of_apps(report: VerificationReport, *, command: str, seconds: float) -> dict[str, Any]:
    """Return the JSON of `verify_schema`."""
    return verification(report, command=command, seconds=seconds) | {
        "apps": list(report.apps),
        "not_compared": [{"name": one.name, "reason": one.reason} for one in report.not_compared],
    }


def audit(report: AuditReport, *, seconds: float) -> dict[str, Any]:
    """Return the JSON of `audit_runs`."""
    body = {"exists": report.exists, "runs": [recorded_run(run) for run in report.runs]}
    return envelope("audit_runs", report, body, found=report.findings, seconds=seconds)


def recorded_run(run: RecordedRun) -> dict[str, Any]:
    """Return the JSON of one recorded run, with its times in ISO format."""
    finished_at = run.finished_at.isoformat() if run.finished_at else None
    return asdict(run) | {"started_at": run.started_at.isoformat(), "finished_at": finished_at}


def reference(inspected: InspectedSchema, counted: ReferenceCounts) -> dict[str, Any]:
    """Return the JSON of one foreign-key column with its counts."""
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
    """Return the JSON of one foreign-key column with estimates.

    The numbers that only counting gives are null or empty; `sample` holds those of the sampled values.
    """
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


def findings(found: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Return the JSON of findings, in the order of the report; what a finding does not have is null."""
    return [asdict(one) | {"level": one.level.value, "migration": one.migration or None} for one in found]
