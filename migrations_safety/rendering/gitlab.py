"""Draws the findings of a report as GitLab's Code Quality report, which a merge request shows beside its changes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.rendering.ci_report import CiReport
from migrations_safety.rendering.places import Place
from migrations_safety.rendering.sarif import fingerprint
from migrations_safety.rendering.template_engine import visible

SEVERITIES = {Level.ERROR: "critical", Level.WARNING: "major", Level.INFO: "info"}


def draw(report: CiReport, *, seconds: float, at: datetime) -> str:
    """Return the Code Quality report. GitLab shows no duration and no date, so `seconds` and `at` are not used."""
    del seconds, at
    blocking, place_of = {id(one) for one in report.blocking}, report.place_of
    seen: Counter[str] = Counter()
    issues = [_issue(one, is_blocking=id(one) in blocking, place_of=place_of, seen=seen) for one in report.findings]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _issue(
    finding: Finding, *, is_blocking: bool, place_of: Callable[[Finding], Place], seen: Counter[str]
) -> dict[str, Any]:
    place, below = place_of(finding), str(finding.accepted or finding.hint)
    severity = "blocker" if is_blocking else SEVERITIES[finding.level]
    return {
        "type": "issue",
        "check_name": finding.id,
        "description": visible(f"{finding.subject} {finding.message} {below}"),
        "categories": ["Compatibility"],
        "severity": "info" if finding.accepted else severity,
        "fingerprint": _unique(fingerprint(finding), seen),
        "location": {"path": visible(place.path), "lines": {"begin": place.line or 1}},
    }


def _unique(fingerprint: str, seen: Counter[str]) -> str:
    """Return the fingerprint, and another one each further time: of equal ones GitLab shows the first alone."""
    seen[fingerprint] += 1
    if seen[fingerprint] == 1:
        return fingerprint
    return sha256(f"{fingerprint} {seen[fingerprint]}".encode()).hexdigest()
