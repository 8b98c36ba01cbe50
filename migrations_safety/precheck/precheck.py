"""The first chapter: would `migrate` be safe on this database as it is now?"""

from __future__ import annotations

from typing import Any

from migrations_safety.census import identifiers, incremental
from migrations_safety.census.estimates import estimate
from migrations_safety.census.incremental import EarlierCensus
from migrations_safety.census.reference_counts import count, questions
from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
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
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.wording import references as wording
from migrations_safety.plan import migration_plan
from migrations_safety.plan.inspected_schema import InspectedPlan, inspect_plan
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.postgresql.target import connect
from migrations_safety.precheck.report import Data, Depth, Identifier, PrecheckReport, Recount
from migrations_safety.schema.declared_keys import DeclaredKey

CATALOG_CHECKS = (
    check_target, check_privilege, check_records, check_tables, check_types, check_indexes, check_undeclared,
    check_locks, check_invalid_indexes,
)  # fmt: skip
BACKFILL = "python manage.py backfill_placeholders"


def run(
    *,
    using: str,
    app_label: str | None = None,
    migration_name: str | None = None,
    fake_initial: bool = False,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    depth: Depth = Depth.COUNT,
    reading: ScanOptions = BY_SIZE,
    before: EarlierCensus | None = None,
    marked: bool = False,
    show_ids: int = 0,
    fail_level: Level = Level.ERROR,
    progress: Progress | None = None,
) -> PrecheckReport:
    """Look at what `migrate [app_label] [migration_name]` would do, in one read-only snapshot.

    `before` is a census that was taken earlier: then only what is new is counted. `marked` lets this one be used as
    such later. `show_ids` is how many orphans to bring along, for a terminal only.

    Raises a Refusal where it could not look.
    """
    connection = connection_of(using)
    how: dict[str, Any] = {"reading": reading, "progress": progress or Progress()}
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)

    def look() -> PrecheckReport:
        catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
        names: dict[str, Any] = {"app_label": app_label, "migration_name": migration_name}
        planned = migration_plan.read(connection, fake_initial=fake_initial, **names)
        inspected = inspect_plan(connection, plan=planned, target=target)
        found = [one for check in CATALOG_CHECKS for one in check(connection, inspected)]
        for look_at in (check_plan, check_rollback, check_not_looked_at):
            found += look_at(connection, inspected, looks_at_data=depth is not Depth.CATALOG)
        data = _read(connection, inspected, depth, before=before, marked=marked, show_ids=show_ids, **how)
        found += [one for one in data.findings if one not in found]
        if depth is Depth.COUNT:
            found += check_code(inspected, data.findings)
        findings = sorted(found, key=lambda one: (list(Level).index(one.level), one.id, one.subject))
        return PrecheckReport(
            target=target, plan=planned, inspected=inspected, data=data, findings=tuple(findings), fail_level=fail_level
        )

    return in_snapshot(connection, look, progress=how["progress"])


def _read(
    connection: Connection,
    inspected: InspectedPlan,
    depth: Depth,
    *,
    before: EarlierCensus | None,
    marked: bool,
    show_ids: int,
    reading: ScanOptions,
    progress: Progress,
) -> Data:
    keys = inspected.references()
    if depth is Depth.CATALOG or not keys:
        return Data(depth=depth)
    if depth is Depth.ESTIMATE:
        estimates = estimate(connection, inspected, keys)
        finding = wording.not_counted(inspected.target.name, references=len(keys))
        return Data(depth=depth, estimates=tuple(estimates), findings=(finding,))
    how: dict[str, Any] = {"reading": reading, "progress": progress}
    if before:
        return _recount(connection, inspected, keys, before, **how)
    censuses = count(connection, inspected, keys, **how)
    return Data(
        depth=depth,
        censuses=tuple(censuses),
        mark=incremental.mark(connection, keys) if marked else None,
        identifiers=_identifiers(connection, inspected, reading, limit=show_ids) if show_ids else (),
        findings=tuple(check_references(inspected, censuses, backfill_hint=BACKFILL)),
    )


def _recount(
    connection: Connection, inspected: InspectedPlan, keys: list[DeclaredKey], before: EarlierCensus, **how: Any
) -> Data:
    """Only what is new since an earlier census, whose findings still hold."""
    now = incremental.refuse_other(before, incremental.moment(connection, keys), schema=inspected.target.schema)
    new, whole = incremental.still_counted(connection, before, now, keys)
    if whole:
        told = pluralize(len(whole), "reference is", "references are")
        how["progress"].say(f"{told} counted as a whole: their tables or parents changed since.")
    censuses = count(connection, inspected, new, since=before.mark.moment.transaction, **how)
    rows = sum(one.total_rows for census in censuses for one in census.references)
    censuses += count(connection, inspected, whole, **how)
    return Data(
        depth=Depth.COUNT,
        censuses=tuple(censuses),
        recount=Recount(earlier=before, new_rows=rows, counted_whole=len(whole)),
        findings=(*before.findings, *check_references(inspected, censuses, backfill_hint=BACKFILL)),
    )


def _identifiers(
    connection: Connection, inspected: InspectedPlan, reading: ScanOptions, *, limit: int
) -> tuple[Identifier, ...]:
    asked = questions(inspected, inspected.references(), reading=reading)
    return tuple(one for question in asked for one in identifiers.orphan_values(connection, question, limit=limit))
