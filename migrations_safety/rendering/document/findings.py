"""Groups the findings of a report, and says for each area of checks what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby

from migrations_safety.measurement.report import NO_FAULT
from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering.document.rollback import was_measured
from migrations_safety.rendering.document.values import AreaCheck, Findings, Told

AREAS = {
    "target": "the server and the session",
    "privilege": "what the database role may do",
    "tables": "what exists already or is missing",
    "types": "the two columns of a foreign key",
    "references": "the values in foreign-key columns",
    "locks": "who uses the tables now, and how long the plan locks them",
    "plan": "what migrations do besides adding foreign keys",
    "data": "what the rows say to the plan",
    "application": "the release that runs while migrate works",
    "drift": "what somebody changed by hand",
    "partition": "partitioned tables",
    "rollback": "unapplying migrations",
}
"""The areas that precheck looks at, and what each is about; docs/findings.md has the same headings."""
IN_THE_TABLE = frozenset({"locks.I001"})
"""Findings that the table of locks shows already; they are told if they were accepted."""
NOTHING_FOUND = "nothing found"
OF_A_DATABASE = ("target", "privilege", "tables", "drift")
"""The areas about a real database, which one that was made from the migrations says nothing of."""
OF_THE_PLAN = ("types", "references", "locks", "plan", "data", "application", "partition", "rollback")
"""The areas that have nothing to look at without a plan."""
MEASURED = ("locks", "plan", "data", "application")
"""The areas of which a part can only be judged if the plan was measured."""


def grouped(report: PrecheckReport) -> tuple[Findings, ...]:
    """Return the findings with those of one id and one hint together, in the order of the report."""
    return in_groups(report.findings, blocking=report.blocking)


def in_groups(findings: Iterable[Finding], *, blocking: Iterable[Finding]) -> tuple[Findings, ...]:
    """Return findings with those of one id and one hint together, where the first of them stands."""
    blocks = set(blocking)
    return tuple(_group(list(alike), blocks) for _, alike in groupby(_neighbours(findings), key=_alike))


def _neighbours(findings: Iterable[Finding]) -> list[Finding]:
    """Bring findings that are alike together, where the first of them stands."""
    places: dict[tuple[str, str, bool], int] = {}
    for one in findings:
        places.setdefault(_alike(one), len(places))
    return sorted(findings, key=lambda one: places[_alike(one)])


def _alike(one: Finding) -> tuple[str, str, bool]:
    return one.id, one.hint, bool(one.accepted)


def _group(alike: list[Finding], blocking: set[Finding]) -> Findings:
    first, kind = alike[0], CATALOGUE[alike[0].id]
    return Findings(
        id=kind.id,
        level=first.level,
        area=kind.area,
        title=kind.title,
        help=kind.help,
        hint=first.hint,
        is_accepted=bool(first.accepted),
        blocks=first in blocking,
        is_in_the_table=kind.id in IN_THE_TABLE and not first.accepted,
        found=tuple(_told(one) for one in alike),
    )


def _told(one: Finding) -> Told:
    return Told(
        subject=one.subject,
        message=one.message,
        migration=one.migration,
        operation=one.operation,
        accepted=str(one.accepted) if one.accepted else "",
    )


def areas(report: PrecheckReport) -> tuple[AreaCheck, ...]:
    """Return the result of each area. What was not looked at is said; it is never taken for "nothing found"."""
    by_area: dict[str, list[Finding]] = {area: [] for area in AREAS}
    for one in report.findings:
        by_area.setdefault(one.id.partition(".")[0], []).append(one)
    return tuple(
        _area(area, found, not_looked_at=_not_looked_at(area, report))
        for area, found in by_area.items()
        if found or area in AREAS
    )


def _area(area: str, found: list[Finding], *, not_looked_at: str) -> AreaCheck:
    result = count(found) or ("" if not_looked_at else NOTHING_FOUND)
    levels = [one.level for one in found if not one.accepted]
    return AreaCheck(
        area=area,
        looks_at=AREAS.get(area, ""),
        result="; ".join(part for part in (result, not_looked_at) if part),
        level=min(levels, key=list(Level).index, default=None),
        was_looked_at=not not_looked_at,
    )


def count(found: Iterable[Finding]) -> str:
    """Return how many findings of each level there are, accepted ones apart: `2 errors, 1 warning`."""
    numbers = Counter("accepted" if one.accepted else one.level.value for one in found)
    words = {level.value: pluralize(numbers[level.value], level.value) for level in Level}
    words["accepted"] = f"{numbers['accepted']:,} accepted"
    return ", ".join(said for name, said in words.items() if numbers[name])


def _not_looked_at(area: str, report: PrecheckReport) -> str:
    """Return why an area was not looked at, or only in part; an empty text where it was."""
    measured = report.review.measured
    if area in OF_A_DATABASE and report.embedded:
        return "not looked at: there is no real database (--embedded)"
    if area in OF_THE_PLAN and not report.plan.changes_something:
        return "nothing is pending"
    if area == "rollback" and not report.plan.backwards:
        return "" if was_measured(measured.back) else "not looked at: the plan goes forwards"
    if area == "drift" and not report.drift.compared:
        return "nothing to compare: no table of an applied migration"
    if area == "drift" and report.drift.not_compared:
        compared = pluralize(report.drift.compared, "table")
        return f"compared: {compared}, not compared: {len(report.drift.not_compared):,}"
    if area in ("data", "references") and report.data.depth is Depth.CATALOG:
        return f"not looked at: no rows were read ({report.uncounted_because})"
    if area in ("data", "references") and report.data.depth is Depth.ESTIMATE:
        return "estimated, not counted (--approximate)"
    if area in MEASURED and not measured.is_measured and report.plan.changes_something:
        why = f" ({measured.reason})" if measured.reason else ""
        return "" if measured.reason in NO_FAULT - {"--no-measure"} else f"in part only: the plan was not measured{why}"
    if area == "locks" and report.embedded:
        return "in part only: there are no sessions of others (--embedded)"
    if area == "locks" and report.target.in_recovery:
        return "in part only: sessions of the primary are not seen from a standby"
    if area in MEASURED and measured.error:
        return "in part only: the plan did not run to its end on the scratch database"
    return ""
