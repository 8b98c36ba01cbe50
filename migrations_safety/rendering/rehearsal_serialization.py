"""Turns the report of a rehearsal into its JSON, which `migrate --rehearsed FILE` reads."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from migrations_safety.recovery.rehearsal.report import RehearsalReport, Step, UsedBackup
from migrations_safety.rendering.serialization import envelope


def rehearsal(report: RehearsalReport, *, seconds: float) -> dict[str, Any]:
    """Return the JSON of `rehearse`; `seconds` is the duration of the command."""
    body = {
        "finished_at": report.finished_at.isoformat(),
        "basis": asdict(report.basis),
        "copy": {
            "place": report.place,
            "why_not_the_server": report.why_not_the_server,
            "server_version": report.copy_version,
            "seconds_to_copy": report.seconds_to_copy,
            "seconds_to_clone": report.seconds_to_clone,
            "left_out": list(report.left_out),
            "not_restored": list(report.not_restored),
            "kept": report.kept,
            "not_removed": list(report.not_removed),
            "keys_only": asdict(report.keys_only) if report.keys_only else None,
            "open_ways": list(report.open_ways),
            "changed_objects": list(report.changed_objects),
            "backup": _backup(report.backup),
        },
        "steps": [_step(one) for one in report.steps],
        "stalls": None if report.stalls is None else [asdict(one) for one in report.stalls],
        "compared": {
            "tables": report.compared_tables,
            "rows": report.rows_compared,
            "differing": list(report.differing_tables),
        },
        "forecast": [asdict(one) for one in report.forecast],
        "forecast_from": asdict(report.learned) | {"growth": report.growth},
        "limits": report.limits.as_dict(),
    }
    return envelope("rehearse", report, body, found=report.findings, seconds=seconds)


def _backup(backup: UsedBackup | None) -> dict[str, Any] | None:
    return asdict(backup) | {"taken_at": backup.taken_at.isoformat()} if backup else None


def _step(step: Step) -> dict[str, Any]:
    return asdict(step) | {"findings": list(step.findings), "locks": [asdict(one) for one in step.locks]}
