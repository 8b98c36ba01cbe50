"""Reports as the values of their JSON; the keys are a contract, see docs/reference.md."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from migrations_safety.census import Counted
from migrations_safety.checks.evidence import Evidence
from migrations_safety.findings import Finding
from migrations_safety.precheck import Report as PrecheckReport

SCHEMA_VERSION = 1


def precheck(report: PrecheckReport, *, seconds: float) -> dict[str, Any]:
    """The JSON of `precheck`."""
    plan = report.plan
    return {
        "command": "precheck",
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "database": report.target.as_dict(),
        "data_counted": report.data_counted,
        "adopted": [{"app": one.app, "name": one.name} for one in plan.adopted],
        "migrations": [{"app": one.app, "name": one.name, "atomic": one.atomic} for one in plan.migrations],
        "operations": plan.operations,
        "references": [
            reference(report.evidence, counted) for census in report.censuses for counted in census.references
        ],
        "findings": findings(report.findings),
        "seconds": round(seconds, 3),
    }


def reference(evidence: Evidence, counted: Counted) -> dict[str, Any]:
    """One referencing column with its counts."""
    key = counted.key
    column = evidence.column(key.table, key.column)
    parent = evidence.column(key.target_table, key.target_column)
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


def findings(found: tuple[Finding, ...]) -> list[dict[str, str]]:
    """The findings, errors first."""
    return [asdict(one) | {"level": one.level.value} for one in found]
