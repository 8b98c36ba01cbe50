"""Draws `precheck` as JUnit XML: one test case for each migration and area, so that what passes shows, too.

What blocks is a failure. An accepted finding is a skipped case with the reason, and so is an area that was not looked
at. Warnings and infos that do not block are the case's output.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from xml.etree import ElementTree

from migrations_safety.measurement.report import NOTHING_TO_LOCK
from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.findings import Finding
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering.places import Place, places
from migrations_safety.rendering.template_engine import visible

OF_THE_DATABASE = ("target", "privilege", "tables", "types", "references", "partition", "drift")
OF_A_MIGRATION = ("plan", "data", "locks", "application")
OF_A_ROLLBACK = ("rollback", "locks", "application")
"""The areas that have a case also where nothing was found; an adopted migration has that of the plan alone."""
NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One area of one migration, or of the database, with its findings."""

    subject: str
    area: str
    failures: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    others: tuple[Finding, ...]
    unlooked: str
    """Why nobody looked at it; empty if somebody did."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings of the case."""
        return (*self.failures, *self.accepted, *self.others)

    @property
    def skipped(self) -> str:
        """Why the case is skipped; empty if it is not."""
        if self.failures:
            return ""
        return "; ".join(dict.fromkeys(str(one.accepted) for one in self.accepted)) or self.unlooked


def precheck(report: PrecheckReport, *, seconds: float, at: datetime, root: PurePath) -> str:
    """Return the JUnit XML of `precheck`; `at` is when it ended, and `root` the folder of the repository."""
    found, place_of = list(cases(report)), places(report, root=root)
    counts = {
        "tests": str(len(found)),
        "failures": str(sum(bool(case.failures) for case in found)),
        "errors": "0",
        "skipped": str(sum(bool(case.skipped) for case in found)),
        "time": f"{seconds:.3f}",
    }
    suites = ElementTree.Element("testsuites", {"name": "precheck"} | counts)
    began = {"timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")}
    name = f"precheck of {report.target.name}: {report.verdict}"
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _xml(name)} | counts | began)
    for case in found:
        _add(suite, case, place_of)
    ElementTree.indent(suites)
    return str(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True), "utf-8") + "\n"


def cases(report: PrecheckReport) -> Iterator[Case]:
    """Return the cases of a report: those of the database, then those of each migration."""
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    database = f"database {report.target.name}"
    for finding in report.findings:
        found[finding.migration or database, CATALOGUE[finding.id].area].append(finding)
    blocking = {id(one) for one in report.blocking}
    of_database = [(database, area) for area in OF_THE_DATABASE] + [place for place in found if place[0] == database]
    for subject, area in dict.fromkeys([*of_database, *_of_migrations(report), *found]):
        of_case = found[subject, area]
        yield Case(
            subject=subject,
            area=area,
            failures=tuple(one for one in of_case if id(one) in blocking),
            accepted=tuple(one for one in of_case if one.accepted),
            others=tuple(one for one in of_case if id(one) not in blocking and not one.accepted),
            unlooked=_unlooked(report, subject, area),
        )


def _of_migrations(report: PrecheckReport) -> Iterator[tuple[str, str]]:
    plan = report.plan
    yield from ((one.label, "plan") for one in plan.adopted)
    yield from ((one.label, area) for one in plan.migrations for area in OF_A_MIGRATION)
    yield from ((one.label, area) for one in plan.unapplied for area in OF_A_ROLLBACK)


def _unlooked(report: PrecheckReport, subject: str, area: str) -> str:
    measured = report.review.measured
    if area in ("data", "references") and report.data.depth is Depth.ESTIMATE:
        return "estimated, not counted (--approximate)"
    if area in ("data", "references") and report.data.depth is Depth.CATALOG:
        return f"not counted ({report.uncounted_because})"
    if area not in ("data", "locks"):
        return ""
    if measured.reason == NOTHING_TO_LOCK:
        return ""
    if not measured.is_measured:
        return f"not measured: {measured.reason}"
    planned = {one.label for one in (*report.plan.migrations, *report.plan.unapplied)}
    seen = {label for transaction in measured.transactions for label in transaction.migrations}
    return "not measured: the measurement ended before it" if subject in planned - seen else ""


def _add(suite: ElementTree.Element, case: Case, place_of: Callable[[Finding], Place]) -> None:
    names = {"classname": _xml(case.subject), "name": case.area, "time": "0"}
    element = ElementTree.SubElement(suite, "testcase", names)
    place = place_of(case.findings[0]) if case.findings else None
    if place and place.is_file:
        element.set("file", _xml(place.path))
    if case.failures:
        worst = case.failures[0]
        message = {"message": _xml(f"{worst.subject} {worst.message}"), "type": worst.id}
        ElementTree.SubElement(element, "failure", message).text = _told(case.failures)
    elif case.skipped:
        ElementTree.SubElement(element, "skipped", {"message": _xml(case.skipped)}).text = _told(case.accepted)
    if case.others:
        ElementTree.SubElement(element, "system-out").text = _told(case.others)


def _told(found: Sequence[Finding]) -> str:
    return "\n".join(
        f"{one.level.value} {one.id}: {_xml(f'{one.subject} {one.message}')}\n    {_xml(str(one.accepted or one.hint))}"
        for one in found
    )


def _xml(text: str) -> str:
    """Return a text without characters that XML 1.0 does not have."""
    return NOT_IN_XML.sub("\ufffd", visible(text))
