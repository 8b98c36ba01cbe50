"""Turns the report of a backup into the values of its JSON."""

from __future__ import annotations

from typing import Any

from migrations_safety.backup.report import BackupReport
from migrations_safety.rendering.serialization import envelope


def backup(report: BackupReport, *, seconds: float) -> dict[str, Any]:
    """Return the JSON of `backup_database`."""
    body = {
        "archive": str(report.manifest.path),
        "beside": list(report.beside),
        "manifest": report.manifest.as_dict(),
        "why_not_restored": report.why_not_restored,
        "run_id": report.run_id,
        "why_not_recorded": report.why_not_recorded,
        "removed": list(report.removed),
    }
    return envelope("backup_database", report, body, found=report.findings, seconds=seconds)
