"""Draws the findings of a report as SARIF 2.1.0, which GitHub code scanning, Azure DevOps and editors read.

The format is that of OASIS (SARIF 2.1.0, Errata 01), with what GitHub demands beyond it: a place for each result, a
line in each file, and a fingerprint that outlives a change of lines.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import migrations_safety
from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.catalogue.kind import FindingKind, Level
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.rendering.ci_report import CiReport
from migrations_safety.rendering.places import Base, Place
from migrations_safety.rendering.template_engine import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST = 25_000
"""How many results GitHub takes of one run."""
LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
BASES = {
    Base.REPOSITORY: "The folder of the repository.",
    Base.PACKAGES: "The folder in which Python packages are installed.",
    Base.DATABASE: "The PostgreSQL server; a path is the name of a database.",
}


def draw(report: CiReport, *, seconds: float, at: datetime) -> str:
    """Return the SARIF of a run that took so many seconds and ended at `at`."""
    found = sorted(report.findings, key=_severity)
    shown = found[:MOST]
    rules = [kind for id, kind in CATALOGUE.items() if id in {one.id for one in shown}]
    run = {
        "tool": {"driver": _driver(rules)},
        "automationDetails": {"id": f"{report.command}/{quote(report.target.alias)}/"},
        "invocations": [_invocation(report, seconds=seconds, at=at, left_out=len(found) - len(shown))],
        "originalUriBaseIds": {base.value: {"description": {"text": text}} for base, text in BASES.items()},
        "results": _results(shown, [kind.id for kind in rules], report.place_of),
        "properties": {"verdict": report.verdict, "database": report.target.as_dict()},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def fingerprint(finding: Finding) -> str:
    """Return what is the same for a finding as long as its migration, operation, rule and subject are the same."""
    one = finding.fingerprint
    return sha256(json.dumps([one.id, one.migration, one.operation, one.subject]).encode()).hexdigest()


def _severity(finding: Finding) -> tuple[bool, int]:
    return finding.accepted is not None, list(Level).index(finding.level)


def _driver(rules: Sequence[FindingKind]) -> dict[str, Any]:
    return {
        "name": "django-migrations-safety",
        "version": migrations_safety.__version__,
        "semanticVersion": migrations_safety.__version__,
        "rules": [_rule(kind) for kind in rules],
    }


def _rule(kind: FindingKind) -> dict[str, Any]:
    return {
        "id": kind.id,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.help},
        "help": {"text": kind.help, "markdown": kind.help},
        "defaultConfiguration": {"level": LEVELS[kind.level]},
        "properties": {"tags": ["migrations", "postgresql", kind.area]},
    }


def _invocation(report: CiReport, *, seconds: float, at: datetime, left_out: int) -> dict[str, Any]:
    told = [("note", sentence) for sentence in report.left_out]
    if left_out:
        told.append(("warning", f"{pluralize(left_out, 'finding')} left out: a run may have {MOST:,} results."))
    return {
        "executionSuccessful": True,
        "startTimeUtc": _utc(at - timedelta(seconds=seconds)),
        "endTimeUtc": _utc(at),
        "toolExecutionNotifications": [{"level": level, "message": {"text": _plain(text)}} for level, text in told],
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _results(found: Sequence[Finding], rules: list[str], place_of: Callable[[Finding], Place]) -> list[dict[str, Any]]:
    index = {id: number for number, id in enumerate(rules)}
    placed = [(one, place_of(one)) for one in found]
    alike = Counter((one.id, place.path, place.line) for one, place in placed)
    return [
        _result(one, index[one.id], place, is_told_apart=alike[one.id, place.path, place.line] == 1)
        for one, place in placed
    ]


def _result(finding: Finding, rule: int, place: Place, *, is_told_apart: bool) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": "note" if finding.accepted else LEVELS[finding.level],
        "message": {"text": _plain(f"{finding.subject} {finding.message} {finding.hint}")},
        "locations": [_location(place, kind="module" if finding.migration else "resource")],
        "partialFingerprints": _fingerprints(fingerprint(finding), is_githubs=place.is_file and is_told_apart),
        "properties": {"subject": finding.subject, "operation": finding.operation, "rows": finding.rows},
    }
    if finding.accepted:
        justification = str(finding.accepted)
        result["suppressions"] = [{"kind": "inSource", "status": "accepted", "justification": justification}]
    return result


def _fingerprints(ours: str, *, is_githubs: bool) -> dict[str, str]:
    """Return our fingerprint, and in place of GitHub's own one where that does not do.

    GitHub knows a result again by the rule and the text around its line, and its action warns of any other value. But
    it has no text where there is no file, and takes two results for one that have the same rule and line.
    """
    return {"migrationOperationRule/v1": ours} | ({} if is_githubs else {"primaryLocationLineHash": ours})


def _location(place: Place, *, kind: str) -> dict[str, Any]:
    artifact = {"uri": quote(place.path, errors="surrogateescape"), "uriBaseId": place.base.value}
    return {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": place.line or 1}},
        "logicalLocations": [{"fullyQualifiedName": place.name, "kind": kind}],
    }


def _plain(text: str) -> str:
    """Return a text as a message without placeholders and without links (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return visible(text).replace("{", "{{").replace("}", "}}").replace("](", "]\\(")
