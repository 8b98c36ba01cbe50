"""Draws a report as JUnit XML: one test case for each migration and area, so that what passes shows, too.

What blocks is a failure. An accepted finding is a skipped case with the reason, and so is an area that was not looked
at. Warnings and infos that do not block are the case's output.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.findings import Finding
from migrations_safety.rendering.ci_report import CiReport
from migrations_safety.rendering.places import Place
from migrations_safety.rendering.template_engine import visible

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


def draw(report: CiReport, *, seconds: float, at: datetime) -> str:
    """Return the JUnit XML of a run that took so many seconds and ended at `at`."""
    found = list(cases(report))
    counts = {
        "tests": str(len(found)),
        "failures": str(sum(bool(case.failures) for case in found)),
        "errors": "0",
        "skipped": str(sum(bool(case.skipped) for case in found)),
        "time": f"{seconds:.3f}",
    }
    suites = ElementTree.Element("testsuites", {"name": report.command} | counts)
    began = {"timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")}
    name = f"{report.command} of {report.target.name}: {report.verdict}"
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _xml(name)} | counts | began)
    for case in found:
        _add(suite, case, report.place_of)
    ElementTree.indent(suites)
    return str(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True), "utf-8") + "\n"


def cases(report: CiReport) -> Iterator[Case]:
    """Return the cases of a report: what is looked at in each run, those of the database first, then the others."""
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in report.findings:
        found[finding.migration or report.whole, CATALOGUE[finding.id].area].append(finding)
    blocking, unlooked = {id(one) for one in report.blocking}, {}
    for one in report.looked_at:
        unlooked[one.subject, one.area] = one.unlooked
    places = sorted(dict.fromkeys([*unlooked, *found]), key=lambda place: place[0] != report.whole)
    for subject, area in places:
        of_case = found[subject, area]
        yield Case(
            subject=subject,
            area=area,
            failures=tuple(one for one in of_case if id(one) in blocking),
            accepted=tuple(one for one in of_case if one.accepted),
            others=tuple(one for one in of_case if id(one) not in blocking and not one.accepted),
            unlooked=unlooked.get((subject, area), ""),
        )


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
