"""Turns the report of a rollback into the values of its JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from migrations_safety.recovery.rollback.report import RollbackReport
from migrations_safety.rendering.kept_serialization import place_of
from migrations_safety.rendering.serialization import envelope


def rollback(report: RollbackReport, *, seconds: float) -> dict[str, Any]:
    """Return the JSON of a rollback."""
    undone = report.undone
    body = {
        "unapplied": list(report.unapplied),
        "tables": list(report.tables),
        "other_apps": list(report.other_apps),
        "losses": [asdict(one) for one in report.losses],
        "keys_only": report.keys_only,
        "keep_dropped": report.keep_dropped,
        "measured": report.measured.measured,
        "reason": report.measured.reason,
        "transactions": [asdict(one) for one in report.measured.transactions],
        "run_id": undone.run_id if undone else None,
        "did": undone.done.as_dict() if undone else {},
        "keys": [asdict(one) for one in undone.keys] if undone else [],
        "restored": undone.restored if undone else {},
        "not_restored": undone.not_restored if undone else {},
        "kept": [place_of(one) for one in undone.kept] if undone else [],
        "lock_waits": undone.lock_waits if undone else None,
    }
    return envelope(report.command, report, body, found=report.findings, seconds=seconds)
