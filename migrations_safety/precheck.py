"""The first chapter: would `migrate` be safe on this database as it is now?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connections

from migrations_safety import catalog, census, earlier, plan
from migrations_safety.approximation import Estimate, estimate
from migrations_safety.census import Census
from migrations_safety.checks.evidence import Evidence, gather
from migrations_safety.checks.locks import check_locks
from migrations_safety.checks.privilege import check_privilege
from migrations_safety.checks.references import check_indexes, check_references, check_undeclared
from migrations_safety.checks.tables import check_tables
from migrations_safety.checks.target import check_target
from migrations_safety.checks.types import check_types
from migrations_safety.counting import count, questions
from migrations_safety.earlier import Earlier, Mark
from migrations_safety.findings import Finding, Level, blocking
from migrations_safety.findings import references as wording
from migrations_safety.plan import Plan
from migrations_safety.progress import Progress
from migrations_safety.refusals import MayNotRead
from migrations_safety.scanning import BY_SIZE, Reading
from migrations_safety.session import Target, connect, in_snapshot
from migrations_safety.words import counted

CATALOG_CHECKS = (
    check_target, check_privilege, check_tables, check_types, check_indexes, check_undeclared, check_locks,
)  # fmt: skip
BACKFILL = "python manage.py backfill_placeholders"


class Depth(StrEnum):
    """How closely to look at the data: count it, estimate it (which proves nothing), or not at all."""

    COUNT = "count"
    ESTIMATE = "estimate"
    CATALOG = "catalog"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recount:
    """What was counted after an earlier census: rows that are new since, and references as a whole."""

    earlier: Earlier
    new_rows: int
    counted_whole: int

    def __str__(self) -> str:
        where = "the standby" if self.earlier.in_recovery else "the database"
        taken = f'The census of {where} "{self.earlier.alias}", {self.earlier.mark.taken_at}'
        whole = f", and {counted(self.counted_whole, 'reference')} as a whole" if self.counted_whole else ""
        return f"{taken}; since then {counted(self.new_rows, 'new row')} counted here{whole}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What precheck saw; `censuses` is empty where nothing was counted, and holds new rows only after a `recount`."""

    target: Target
    plan: Plan
    evidence: Evidence
    censuses: tuple[Census, ...]
    estimates: tuple[Estimate, ...]
    mark: Mark | None
    recount: Recount | None
    findings: tuple[Finding, ...]
    depth: Depth
    fail_level: Level
    identifiers: tuple[tuple[str, str, str, int], ...] = ()

    @property
    def blocking(self) -> list[Finding]:
        """The findings that forbid to migrate."""
        return blocking(self.findings, fail_level=self.fail_level)

    @property
    def verdict(self) -> str:
        """`blocked`, `attention` (warnings to read) or `safe`."""
        if self.blocking:
            return "blocked"
        return "attention" if any(one.level is Level.WARNING for one in self.findings) else "safe"


def run(
    *,
    using: str,
    app_label: str | None = None,
    migration_name: str | None = None,
    expect_database: str | None = None,
    depth: Depth = Depth.COUNT,
    reading: Reading = BY_SIZE,
    before: Earlier | None = None,
    show_ids: int = 0,
    fail_level: Level = Level.ERROR,
    progress: Progress | None = None,
) -> Report:
    """Look at what `migrate [app_label] [migration_name]` would do, in one read-only snapshot.

    `before` is a census that was taken earlier: then only what is new is counted. `show_ids` is how many orphans to
    bring along, for a terminal only. Raises a Refusal where it could not look.
    """
    connection = connections[using]
    progress = progress or Progress()
    target = connect(connection, expect_database=expect_database)

    def look() -> Report:
        _refuse_unreadable_history(connection, target)
        planned = plan.read(connection, app_label=app_label, migration_name=migration_name)
        evidence = gather(connection, plan=planned, target=target)
        found = [one for check in CATALOG_CHECKS for one in check(connection, evidence)]
        counted = Counted()
        if depth is Depth.COUNT:
            counted = _count(connection, evidence, reading=reading, before=before, progress=progress)
        found += [one for one in counted.findings if one not in found]
        found += check_references(evidence, counted.censuses, backfill_hint=BACKFILL)
        identifiers = [
            one
            for question in questions(evidence, evidence.references() if show_ids else (), reading=reading)
            for one in census.orphan_values(connection, question, limit=show_ids)
        ]
        estimates: list[Estimate] = []
        if depth is Depth.ESTIMATE and (keys := evidence.references()):
            estimates = estimate(connection, evidence, keys)
            found.append(wording.not_counted(target.name, references=len(keys)))
        return Report(
            target=target,
            plan=planned,
            evidence=evidence,
            censuses=tuple(counted.censuses),
            estimates=tuple(estimates),
            mark=counted.mark,
            recount=counted.recount,
            identifiers=tuple(identifiers),
            findings=tuple(sorted(found, key=lambda one: (list(Level).index(one.level), one.id, one.subject))),
            depth=depth,
            fail_level=fail_level,
        )

    return in_snapshot(connection, look, progress=progress)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What was counted, the mark of the moment, and what an earlier census had found already."""

    censuses: tuple[Census, ...] = ()
    mark: Mark | None = None
    recount: Recount | None = None
    findings: tuple[Finding, ...] = ()


def _count(
    connection: Any, evidence: Evidence, *, reading: Reading, before: Earlier | None, progress: Progress
) -> Counted:
    """Count all references; where they were counted `before`, only what is new since."""
    keys = evidence.references()
    mark = earlier.mark(connection, keys)
    how: dict[str, Any] = {"reading": reading, "progress": progress}
    if before is None:
        return Counted(censuses=tuple(count(connection, evidence, keys, **how)), mark=mark)
    earlier.refuse_other(connection, before, mark)
    assert mark is not None
    new, whole = earlier.still_counted(connection, before, mark, keys)
    if whole:
        progress.say(f"{len(whole)} references are counted as a whole: their tables or parents changed since.")
    censuses = count(connection, evidence, new, since=before.mark.transaction, **how)
    rows = sum(one.total_rows for census in censuses for one in census.references)
    censuses += count(connection, evidence, whole, **how)
    return Counted(
        censuses=tuple(censuses),
        mark=mark,
        recount=Recount(earlier=before, new_rows=rows, counted_whole=len(whole)),
        findings=before.findings,
    )


def _refuse_unreadable_history(connection: Any, target: Target) -> None:
    history = catalog.tables(connection, ["django_migrations"]).get("django_migrations")
    if history and not history.may_select:
        raise MayNotRead(role=target.role, tables=["django_migrations"])
