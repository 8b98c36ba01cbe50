"""Turns the report on what was kept instead of dropped into the values of its JSON."""

from __future__ import annotations

from typing import Any

from migrations_safety.recovery.kept.report import KeptReport
from migrations_safety.rendering.serialization import envelope


def kept(report: KeptReport, *, seconds: float) -> dict[str, Any]:
    """Return the JSON of `restore_dropped` and `purge_dropped`."""
    things = [
        {
            "number": one.kept.number,
            "kind": one.kept.kind,
            "schema": one.kept.schema,
            "table": one.kept.table,
            "column": one.kept.column,
            "place": one.kept.place,
            "migration": one.kept.migration,
            "run_id": str(one.kept.run_id) if one.kept.run_id else None,
            "kept_at": one.kept.kept_at.isoformat(),
            "rows": one.rows,
            "outcome": one.outcome,
        }
        for one in report.things
    ]
    body = {"things": things, "run_id": report.run_id or None}
    return envelope(report.command, report, body, found=report.findings, seconds=seconds)
