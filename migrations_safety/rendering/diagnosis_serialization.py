"""Turns the report of `diagnose` into the values of its JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from migrations_safety.recovery.diagnosis.report import DiagnosisReport, NextStep
from migrations_safety.rendering import serialization
from migrations_safety.rendering.document.diagnosis_account import typed


def diagnosis(report: DiagnosisReport, *, seconds: float) -> dict[str, Any]:
    """Return the JSON of `diagnose`."""
    body = {
        "areas": [asdict(one) for one in report.areas],
        "applied_in_part": [asdict(one) for one in report.halves],
        "forward": [_step(report, one) for one in report.forward],
        "back": [_step(report, one) for one in report.back],
    }
    return serialization.envelope("diagnose", report, body, found=report.findings, seconds=seconds)


def _step(report: DiagnosisReport, step: NextStep) -> dict[str, Any]:
    return {
        "why": step.why,
        "command": typed(report, step) if step.command else None,
        "sql": step.sql or None,
    }
