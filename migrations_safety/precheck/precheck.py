"""Runs the precheck: whether `migrate` would be safe on this database as it is now."""

from __future__ import annotations

from datetime import date
from functools import partial
from itertools import chain

from migrations_safety import registry
from migrations_safety.census import identifiers, incremental
from migrations_safety.census.estimates import estimate
from migrations_safety.census.incremental import EarlierCensus
from migrations_safety.census.reference_counts import count, questions
from migrations_safety.census.report import OrphanValue
from migrations_safety.census.scan_strategy import ScanOptions
from migrations_safety.checks.coordinator import check_coordinator, refuse_on_coordinator
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
from migrations_safety.checks.target import check_embedded, check_target
from migrations_safety.checks.types import check_types
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.wording import references as wording
from migrations_safety.plan import migration_plan
from migrations_safety.plan.done_operations import passing_over_done
from migrations_safety.plan.inspected_schema import InspectedPlan, inspect_plan
from migrations_safety.plan.since import older_than
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.postgresql.table_figures import Counters, read_counters
from migrations_safety.postgresql.target import REFUSED_POOLERS, Target, connect
from migrations_safety.precheck.kept import with_kept
from migrations_safety.precheck.last_backup import tell_last_backup
from migrations_safety.precheck.measuring import Measurements, measured
from migrations_safety.precheck.options import EVERYTHING, PrecheckOptions
from migrations_safety.precheck.report import Data, Depth, PrecheckReport, Recount
from migrations_safety.precheck.review import review
from migrations_safety.precheck.selection import select
from migrations_safety.verification.drift import check_drift, find_drift

CATALOG_CHECKS = (
    check_target, check_privilege, check_records, check_tables, check_types, check_indexes, check_undeclared,
    check_locks, check_invalid_indexes, check_plan, check_coordinator,
)  # fmt: skip
NOT_THERE, FAILS = "plan.E001", "plan.E002"
NO_STATEMENTS = "application.I002"
SPREAD = "target.E012"
LENGTH_NOT_JUDGED = "rollback.I001"
BACKFILL = "python manage.py backfill_placeholders"


def run(
    *,
    using: str,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    options: PrecheckOptions = EVERYTHING,
    progress: Progress | None = None,
) -> PrecheckReport:
    """Check what `migrate [app_label] [migration_name]` would do, in one read-only snapshot; return the report.

    `using` is the database alias. Nothing is changed in the database. Raises a subclass of Refusal where the precheck
    could not look, for example without SELECT on a table, or where the connection leads to another database or schema
    than expected.
    """
    if options.since:
        older_than(options.since, ())  # an unknown revision is refused before the work
    connection = connection_of(using)
    progress = progress or Progress()
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)
    catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
    refuse_on_coordinator(
        connection,
        schema=target.schema,
        estimates=options.depth is Depth.ESTIMATE,
        counts_new_rows=options.before is not None,
    )
    counters = read_counters(connection) if options.measure.is_wanted or options.earlier else None
    with passing_over_done(connection):
        measurements = measured(connection, options, progress, is_pooled=target.pooler in REFUSED_POOLERS)
        examine = partial(_examine, connection, target, options, progress, measurements, counters)
        report = in_snapshot(connection, examine, progress=progress)
        if options.keep_dropped:
            report = with_kept(connection, report, options.app_label, options.migration_name)
    return select(report, options, today=date.today())


def _examine(
    connection: Connection,
    target: Target,
    options: PrecheckOptions,
    progress: Progress,
    measurements: Measurements,
    counters: Counters | None,
) -> PrecheckReport:
    plan = migration_plan.read(
        connection,
        app_label=options.app_label,
        migration_name=options.migration_name,
        fake_initial=options.fake_initial,
    )
    drift = find_drift(connection, plan.applied)
    inspected = inspect_plan(connection, plan=plan, target=target)
    found = _of_catalog(connection, inspected, options)
    found = [one for one in found if not measurements.plan.is_measured or one.id != LENGTH_NOT_JUDGED]
    is_spread = any(one.id == SPREAD for one in found)
    data = _data(connection, inspected, options, progress, is_spread=is_spread)
    reviewed = review(connection, inspected, measurements, options=options, data=data, counters=counters)
    found += [one for one in reviewed.findings if one not in found]
    found = [one for one in found if one.id != NO_STATEMENTS or not options.embedded]  # which never has the extension
    return PrecheckReport(
        target=target,
        plan=plan,
        inspected=inspected,
        data=data,
        review=reviewed,
        drift=drift,
        findings=tuple(
            check_embedded(target, options.embedded)
            + _each_once(check_drift(drift) + found + _of_data(inspected, data, besides=found))
            + tell_last_backup(connection, None if options.embedded else options.backups)
        ),
        fail_level=options.fail_level,
        embedded=options.embedded,
        arguments=options.arguments,
        verified_by=registry.verifying_commands(),
    )


def _each_once(found: list[Finding]) -> list[Finding]:
    """Leave out that a migration failed on the scratch database, where the catalog shows already what is missing."""
    explained = {finding.migration for finding in found if finding.id == NOT_THERE}
    return [finding for finding in found if finding.id != FAILS or finding.migration not in explained]


def _of_catalog(connection: Connection, inspected: InspectedPlan, options: PrecheckOptions) -> list[Finding]:
    looks_at_data = options.depth is not Depth.CATALOG
    option = "--embedded" if options.embedded else "--no-data"
    found = [finding for check in CATALOG_CHECKS for finding in check(connection, inspected)]
    found += check_rollback(connection, inspected, looks_at_data=looks_at_data)
    return found + check_not_looked_at(connection, inspected, looks_at_data=looks_at_data, option=option)


def _of_data(inspected: InspectedPlan, data: Data, *, besides: list[Finding]) -> list[Finding]:
    found = [finding for finding in data.findings if finding not in besides]
    return found + check_code(inspected, data.findings) if data.depth is Depth.COUNT else found


def _data(
    connection: Connection, inspected: InspectedPlan, options: PrecheckOptions, progress: Progress, *, is_spread: bool
) -> Data:
    """Count or estimate the references; not where tables are spread, as Citus refuses some of the statements then."""
    keys = inspected.references()
    if is_spread:
        return Data(depth=Depth.CATALOG)
    if options.depth is Depth.CATALOG or not keys:
        return Data(depth=options.depth)
    if options.depth is Depth.ESTIMATE:
        estimates = estimate(connection, inspected, keys)
        finding = wording.not_counted(inspected.target.name, references=len(keys))
        return Data(depth=options.depth, estimates=tuple(estimates), findings=(finding,))
    if options.before:
        return _recount(connection, inspected, options.before, options.scan, progress)
    censuses = count(connection, inspected, keys, reading=options.scan, progress=progress)
    return Data(
        depth=options.depth,
        censuses=tuple(censuses),
        mark=incremental.mark(connection, keys) if options.is_marked else None,
        identifiers=_identifiers(connection, inspected, options),
        findings=tuple(check_references(inspected, censuses, backfill_hint=BACKFILL)),
    )


def _recount(
    connection: Connection, inspected: InspectedPlan, before: EarlierCensus, scan: ScanOptions, progress: Progress
) -> Data:
    """Count only rows that are new since an earlier precheck, and keep the findings of that precheck."""
    keys = inspected.references()
    now = incremental.refuse_other(before, incremental.moment(connection, keys), schema=inspected.target.schema)
    left = incremental.still_counted(connection, before, now, keys)
    if left.all_rows:
        references = pluralize(len(left.all_rows), "reference is", "references are")
        progress.say(f"{references} counted in full: their tables or parents changed since then.")
    counted = partial(count, connection, inspected, reading=scan, progress=progress)
    censuses = counted(left.new_rows, since=before.mark.moment.transaction)
    rows = sum(reference.total_rows for census in censuses for reference in census.references)
    censuses += counted(left.all_rows)
    return Data(
        depth=Depth.COUNT,
        censuses=tuple(censuses),
        recount=Recount(earlier=before, new_rows=rows, counted_whole=len(left.all_rows)),
        findings=(*before.findings, *check_references(inspected, censuses, backfill_hint=BACKFILL)),
    )


def _identifiers(connection: Connection, inspected: InspectedPlan, options: PrecheckOptions) -> tuple[OrphanValue, ...]:
    if not options.show_ids:
        return ()
    asked = questions(inspected, inspected.references(), reading=options.scan)
    found = (identifiers.orphan_values(connection, question, limit=options.show_ids) for question in asked)
    return tuple(chain.from_iterable(found))
