"""What the formats for CI draw of `precheck`: the areas of the database, and those of each migration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from migrations_safety.measurement.report import NOTHING_TO_LOCK
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering.ci_report import CiReport, LookedAt
from migrations_safety.rendering.document.left_out import left_out
from migrations_safety.rendering.document.verdict import sentence
from migrations_safety.rendering.places import places

OF_THE_DATABASE = ("target", "privilege", "tables", "types", "references", "partition", "drift")
OF_A_MIGRATION = ("plan", "data", "locks", "application")
OF_A_ROLLBACK = ("rollback", "locks", "application")
"""The areas that have a case also where nothing was found; an adopted migration has that of the plan alone."""


def of_precheck(report: PrecheckReport, *, root: PurePath) -> CiReport:
    """Return what CI gets of `precheck`; `root` is the folder of the repository."""
    subjects = [(f"database {report.target.name}", area) for area in OF_THE_DATABASE]
    return CiReport(
        command="precheck",
        verdict=report.verdict,
        sentence=sentence(report),
        target=report.target,
        findings=tuple(report.findings),
        blocking=tuple(report.blocking),
        place_of=places(report, root=root),
        looked_at=tuple(
            LookedAt(subject=subject, area=area, unlooked=_unlooked(report, subject, area))
            for subject, area in (*subjects, *_of_migrations(report))
        ),
        left_out=tuple(left_out(report)),
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
