"""Known findings: the file of `--baseline`, which is a report of `precheck` or was written by `--write-baseline`.

A finding is known again by its rule, migration, operation and subject. So a baseline holds as long as the migration is
the same, however the file is formatted and however many rows there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from migrations_safety.messages.catalogue import ACCEPTABLE_AREAS, CATALOGUE
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding, Fingerprint
from migrations_safety.messages.refusals.acceptance import BaselineRefused
from migrations_safety.precheck.report import Known, PrecheckReport


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """The known findings of a file."""

    file: str
    fingerprints: frozenset[Fingerprint]


def read(file: str) -> Baseline:
    """Read the known findings from a file. Raises BaselineRefused for a file that has none."""
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
        known = [*found["findings"], *(found.get("baseline") or {}).get("known", ())]
        fingerprints = frozenset(_fingerprint(one) for one in known if not one.get("accepted"))
    except OSError as error:
        raise BaselineRefused(file=file, problem=f"it cannot be read, {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BaselineRefused(file=file, problem="it holds no findings of precheck as JSON") from None
    return Baseline(file=file, fingerprints=fingerprints)


def _fingerprint(found: dict[str, Any]) -> Fingerprint:
    one = Fingerprint(
        id=found["id"],
        migration=found.get("migration") or "",
        operation=found.get("operation"),
        subject=found["subject"],
    )
    if not all(isinstance(word, str) for word in (one.id, one.migration, one.subject)):
        raise TypeError
    if one.operation is not None and type(one.operation) is not int:
        raise TypeError
    return one


def apply(report: PrecheckReport, baseline: Baseline) -> PrecheckReport:
    """Return the report with the known findings apart from the others."""
    findings = (*report.findings, *(report.known.findings if report.known else ()))
    known = tuple(one for one in findings if one.fingerprint in baseline.fingerprints and may_be_known(one))
    older = report.since.older if report.since else ()
    not_told = (one for one in baseline.fingerprints if one.migration not in older)
    gone = set(not_told) - {one.fingerprint for one in findings}
    return replace(
        report,
        findings=tuple(one for one in findings if one not in known),
        known=Known(file=baseline.file, findings=known, gone=tuple(sorted(gone, key=_order))),
    )


def baseline_of(report: PrecheckReport, file: str) -> Baseline:
    """Return all findings of a report as known ones, also those that were known before."""
    findings = (*report.findings, *(report.known.findings if report.known else ()))
    return Baseline(file=file, fingerprints=frozenset(one.fingerprint for one in findings if may_be_known(one)))


def as_text(baseline: Baseline) -> str:
    """Return the content of the file, which is the same for the same findings, so that it can be kept in git."""
    listed = [asdict(one) | {"migration": one.migration or None} for one in _sorted(baseline.fingerprints)]
    content = {"command": "precheck", "schema_version": 1, "findings": listed}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def may_be_known(finding: Finding) -> bool:
    """Whether a finding may be left untold: an accepted one is told, and an error that forbids to run anything too."""
    is_acceptable = CATALOGUE[finding.id].area in ACCEPTABLE_AREAS
    return not finding.accepted and (is_acceptable or finding.level is not Level.ERROR)


def _sorted(fingerprints: Iterable[Fingerprint]) -> list[Fingerprint]:
    return sorted(fingerprints, key=_order)


def _order(one: Fingerprint) -> tuple[Any, ...]:
    return one.migration, one.operation or 0, one.id, one.subject
