"""The first chapter: would `migrate` be safe on this database as it is now?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connections

from migrations_safety.census import counts, incremental
from migrations_safety.census.counts import Census
from migrations_safety.census.estimates import Estimate, estimate
from migrations_safety.census.incremental import Earlier, Mark
from migrations_safety.census.reference_counts import count, questions
from migrations_safety.census.scan_strategy import BY_SIZE, Reading
from migrations_safety.checks.indexes import check_invalid_indexes
from migrations_safety.checks.locks import check_locks
from migrations_safety.checks.plan import check_plan
from migrations_safety.checks.privilege import check_privilege
from migrations_safety.checks.records import check_records
from migrations_safety.checks.references import (
    check_code,
    check_indexes,
    check_not_looked_at,
    check_references,
    check_undeclared,
)
from migrations_safety.checks.rollback import check_rollback
from migrations_safety.checks.tables import check_tables
from migrations_safety.checks.target import check_target
from migrations_safety.checks.types import check_types
from migrations_safety.messages.findings import Finding, Level, blocking
from migrations_safety.messages.humanize import counted
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.wording import references as wording
from migrations_safety.plan import migration_plan
from migrations_safety.plan.inspected_schema import InspectedPlan, inspect_plan
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.target import Target, connect, in_snapshot
from migrations_safety.schema.declared_keys import DeclaredKey

CATALOG_CHECKS = (
    check_target, check_privilege, check_records, check_tables, check_types, check_indexes, check_undeclared,
    check_locks, check_invalid_indexes,
)  # fmt: skip
BACKFILL = "python manage.py backfill_placeholders"


Identifier = tuple[str, str, str, int]
"""Subject, class, value and rows of one orphan: patient data."""


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
        taken = f'The census of {where} "{self.earlier.alias}", {self.earlier.mark.moment.taken_at}'
        whole = f", and {counted(self.counted_whole, 'reference')} as a whole" if self.counted_whole else ""
        return f"{taken}; since then {counted(self.new_rows, 'new row')} counted here{whole}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """What was seen of the data, as closely as `depth` says.

    `censuses` hold new rows only after a `recount`; `mark` is the moment, where it was asked for; `identifiers` are
    orphans, for a terminal only.
    """

    depth: Depth
    censuses: tuple[Census, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    mark: Mark | None = None
    recount: Recount | None = None
    identifiers: tuple[Identifier, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What precheck saw; `findings` are those of the catalog and those of the data."""

    target: Target
    plan: Plan
    evidence: InspectedPlan
    data: Data
    findings: tuple[Finding, ...]
    fail_level: Level

    @property
    def blocking(self) -> list[Finding]:
        """The findings that forbid to migrate."""
        return blocking(self.findings, fail_level=self.fail_level)

    @property
    def verdict(self) -> str:
        """`blocked`, `attention` (warnings to read, or operations that nobody judged) or `safe`."""
        if self.blocking:
            return "blocked"
        return "attention" if self.warns or self.plan.not_judged else "safe"

    @property
    def warns(self) -> bool:
        """Whether there are warnings to read."""
        return any(one.level is Level.WARNING for one in self.findings)

    @property
    def uncovered(self) -> bool:
        """Whether a key is added or validated whose rows are not known to have their parents."""
        return any(one.id in wording.NOT_KNOWN for one in self.findings)


def run(
    *,
    using: str,
    app_label: str | None = None,
    migration_name: str | None = None,
    fake_initial: bool = False,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    depth: Depth = Depth.COUNT,
    reading: Reading = BY_SIZE,
    before: Earlier | None = None,
    marked: bool = False,
    show_ids: int = 0,
    fail_level: Level = Level.ERROR,
    progress: Progress | None = None,
) -> Report:
    """Look at what `migrate [app_label] [migration_name]` would do, in one read-only snapshot.

    `before` is a census that was taken earlier: then only what is new is counted. `marked` lets this one be used as
    such later. `show_ids` is how many orphans to bring along, for a terminal only.

    Raises a Refusal where it could not look.
    """
    connection = connections[using]
    how: dict[str, Any] = {"reading": reading, "progress": progress or Progress()}
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)

    def look() -> Report:
        catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
        names: dict[str, Any] = {"app_label": app_label, "migration_name": migration_name}
        planned = migration_plan.read(connection, fake_initial=fake_initial, **names)
        evidence = inspect_plan(connection, plan=planned, target=target)
        found = [one for check in CATALOG_CHECKS for one in check(connection, evidence)]
        for look_at in (check_plan, check_rollback, check_not_looked_at):
            found += look_at(connection, evidence, looks_at_data=depth is not Depth.CATALOG)
        data = _read(connection, evidence, depth, before=before, marked=marked, show_ids=show_ids, **how)
        found += [one for one in data.findings if one not in found]
        if depth is Depth.COUNT:
            found += check_code(evidence, data.findings)
        findings = sorted(found, key=lambda one: (list(Level).index(one.level), one.id, one.subject))
        return Report(
            target=target, plan=planned, evidence=evidence, data=data, findings=tuple(findings), fail_level=fail_level
        )

    return in_snapshot(connection, look, progress=how["progress"])


def _read(
    connection: Any,
    evidence: InspectedPlan,
    depth: Depth,
    *,
    before: Earlier | None,
    marked: bool,
    show_ids: int,
    reading: Reading,
    progress: Progress,
) -> Data:
    keys = evidence.references()
    if depth is Depth.CATALOG or not keys:
        return Data(depth=depth)
    if depth is Depth.ESTIMATE:
        estimates = estimate(connection, evidence, keys)
        finding = wording.not_counted(evidence.target.name, references=len(keys))
        return Data(depth=depth, estimates=tuple(estimates), findings=(finding,))
    how: dict[str, Any] = {"reading": reading, "progress": progress}
    if before:
        return _recount(connection, evidence, keys, before, **how)
    censuses = count(connection, evidence, keys, **how)
    return Data(
        depth=depth,
        censuses=tuple(censuses),
        mark=incremental.mark(connection, keys) if marked else None,
        identifiers=_identifiers(connection, evidence, reading, limit=show_ids) if show_ids else (),
        findings=tuple(check_references(evidence, censuses, backfill_hint=BACKFILL)),
    )


def _recount(connection: Any, evidence: InspectedPlan, keys: list[DeclaredKey], before: Earlier, **how: Any) -> Data:
    """Only what is new since an earlier census, whose findings still hold."""
    now = incremental.refuse_other(before, incremental.moment(connection, keys), schema=evidence.target.schema)
    new, whole = incremental.still_counted(connection, before, now, keys)
    if whole:
        told = counted(len(whole), "reference is", "references are")
        how["progress"].say(f"{told} counted as a whole: their tables or parents changed since.")
    censuses = count(connection, evidence, new, since=before.mark.moment.transaction, **how)
    rows = sum(one.total_rows for census in censuses for one in census.references)
    censuses += count(connection, evidence, whole, **how)
    return Data(
        depth=Depth.COUNT,
        censuses=tuple(censuses),
        recount=Recount(earlier=before, new_rows=rows, counted_whole=len(whole)),
        findings=(*before.findings, *check_references(evidence, censuses, backfill_hint=BACKFILL)),
    )


def _identifiers(connection: Any, evidence: InspectedPlan, reading: Reading, *, limit: int) -> tuple[Identifier, ...]:
    asked = questions(evidence, evidence.references(), reading=reading)
    return tuple(one for question in asked for one in counts.orphan_values(connection, question, limit=limit))
