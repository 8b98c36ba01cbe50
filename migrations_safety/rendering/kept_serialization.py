"""Turns the report on what was kept instead of dropped into the values of its JSON."""

from __future__ import annotations

from typing import Any

from migrations_safety.kept.kept_record import Kept
from migrations_safety.recovery.kept.report import KeptReport
from migrations_safety.rendering.serialization import envelope


def place_of(kept: Kept) -> dict[str, Any]:
    """Return what was kept, and where."""
    return {
        "number": kept.number,
        "kind": kept.kind,
        "schema": kept.schema,
        "table": kept.table,
        "column": kept.column,
        "place": kept.place,
        "migration": kept.migration,
    }


def kept(report: KeptReport, *, seconds: float) -> dict[str, Any]:
    """Return the JSON of `restore_dropped` and `purge_dropped`."""
    things = [
        place_of(one.kept)
        | {
            "run_id": str(one.kept.run_id) if one.kept.run_id else None,
            "kept_at": one.kept.kept_at.isoformat(),
            "rows": one.rows,
            "outcome": one.outcome,
        }
        for one in report.things
    ]
    body = {"things": things, "run_id": report.run_id or None}
    return envelope(report.command, report, body, found=report.findings, seconds=seconds)
