"""Runs the backfill: every foreign-key value gets a parent row, or is refused and counted. No value is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from typing import Any

from migrations_safety.audit.record_rights import NULLIFIED, RESTORED, RUNS
from migrations_safety.audit.run_log import Run, recorded_run
from migrations_safety.backfill import nullification, placeholders
from migrations_safety.backfill.batches import BatchOptions
from migrations_safety.backfill.options import EVERY_ORPHAN, BackfillOptions
from migrations_safety.backfill.parents import inspect_references, makers_on, table_of
from migrations_safety.backfill.pending_tables import Migrate, apply_pending_tables
from migrations_safety.backfill.report import BackfillReport
from migrations_safety.census import reference_counts
from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES
from migrations_safety.census.report import Census
from migrations_safety.checks.records import refuse_unwritable_records
from migrations_safety.locking.deploy_lock import deploy_lock
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.backfill import NullifyOnCoordinator
from migrations_safety.messages.refusals.target import InsideTransaction
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.coordinator import find_coordinator
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.postgresql.target import Target, connect

DEFAULT_BATCHING = BatchOptions()


def run(
    *,
    using: str,
    migrate: Migrate,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    options: BackfillOptions = EVERY_ORPHAN,
    progress: Progress | None = None,
) -> BackfillReport:
    """Create one placeholder for each distinct orphan value of an allowed class of identifier, in short batches.

    `using` is the database alias. `migrate` runs the `migrate` of this package, which creates tables of the parents
    that do not exist yet. Raises a subclass of Refusal where nothing was changed, or where the work stopped and can run
    again.
    """
    connection, progress = connection_of(using), progress or Progress()
    expected = {"expect_database": expect_database, "expect_schema": expect_schema}
    target = connect(connection, **expected, to_migrate=not options.dry_run)
    catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
    if options.nullify:
        _refuse_distributed(connection, target)
    if options.dry_run:
        return _dry_run(connection, target, options, progress)
    _refuse_open_transaction(target)
    with deploy_lock(connection):
        inspected = inspect_references(connection, target, nullify=options.nullify)
        refuse_unwritable_records(connection, target, RUNS, NULLIFIED if options.nullify else {})
        if applied := apply_pending_tables(connection, migrate=migrate, progress=progress):
            inspected = inspect_references(connection, target, nullify=options.nullify)
        asked = {"nullify": list(options.nullify), **asdict(options.batching)}
        with recorded_run(connection, command="backfill_placeholders", arguments=asked) as recorded:
            recorded.counts = _fill(connection, inspected, recorded, options, progress)
    return BackfillReport(target=target, run_id=str(recorded.id), dry_run=False, applied=applied, **recorded.counts)


def restore(
    *,
    using: str,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    batching: BatchOptions = DEFAULT_BATCHING,
    progress: Progress | None = None,
) -> BackfillReport:
    """Restore the values that an earlier backfill set to NULL (`nullify`); return the report.

    A value is restored where the column is still NULL and no foreign key forbids the value. The other values are
    counted as `not_restored`. Raises a subclass of Refusal where nothing was changed, or where the work stopped and can
    run again.
    """
    connection, progress = connection_of(using), progress or Progress()
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema, to_migrate=True)
    _refuse_open_transaction(target)
    _refuse_distributed(connection, target)
    with deploy_lock(connection):
        inspected = inspect_references(connection, target)
        refuse_unwritable_records(connection, target, RUNS, RESTORED)
        asked = {"restore_nullified": True, **asdict(batching)}
        with recorded_run(connection, command="backfill_placeholders", arguments=asked) as recorded:
            outcome = nullification.restore(connection, inspected, recorded, batching=batching, progress=progress)
            recorded.counts = {
                "restored": outcome.rows,
                "not_restored": outcome.left,
                "batches": outcome.batches,
            }
    return BackfillReport(
        target=target,
        run_id=str(recorded.id),
        dry_run=False,
        is_restore=True,
        held_by=outcome.held_by,
        **recorded.counts,
    )


def _refuse_open_transaction(target: Target) -> None:
    """Raise InsideTransaction where a transaction is open, as each batch has to be a transaction of its own.

    Only then the locks of a batch are released soon.
    """
    if target.in_transaction:
        raise InsideTransaction(name=target.name)


def _refuse_distributed(connection: Connection, target: Target) -> None:
    """Raise NullifyOnCoordinator in a distributed schema of Citus.

    Citus 13.2 ends the statement that keeps an old value and sets the reference to NULL with 22P02.
    """
    coordinator = find_coordinator(connection)
    if coordinator and coordinator.is_distributed:
        raise NullifyOnCoordinator(schema=target.schema)


def _dry_run(connection: Connection, target: Target, options: BackfillOptions, progress: Progress) -> BackfillReport:
    count = partial(_count, connection, target, options, progress)
    to_place, to_nullify = in_snapshot(connection, count, progress=progress)
    rows: Counter[str] = Counter()
    for census in to_nullify:
        for reference in census.references:
            rows[reference.key.table] += reference.orphan_rows
    return BackfillReport(
        target=target,
        run_id=None,
        dry_run=True,
        created=sum(_allowed(census) for census in to_place),
        already_present=sum(census.covered for census in to_place),
        nullified=dict(rows),
        refused=_refused(to_place),
    )


def _count(
    connection: Connection, target: Target, options: BackfillOptions, progress: Progress
) -> tuple[list[Census], list[Census]]:
    """The counts of columns whose orphans would get placeholders, and those of columns whose orphans become NULL."""
    inspected = inspect_references(connection, target, nullify=options.nullify)
    to_nullify = [key for key in inspected.references() if key.table in options.nullify]
    to_place = [key for key in inspected.references() if key.table not in options.nullify]
    count = partial(reference_counts.count, connection, inspected, reading=options.scan, progress=progress)
    return count(to_place), count(to_nullify)


def _allowed(census: Census) -> int:
    return sum(values for name, values in census.orphans.items() if name in PLACEHOLDER_CLASSES)


def _refused(censuses: Iterable[Census]) -> dict[str, int]:
    refused: Counter[str] = Counter()
    for census in censuses:
        refused.update({name: values for name, values in census.orphans.items() if name not in PLACEHOLDER_CLASSES})
    return dict(sorted(refused.items()))


def _fill(
    connection: Connection, inspected: InspectedSchema, run: Run, options: BackfillOptions, progress: Progress
) -> dict[str, Any]:
    """Set values to NULL and create placeholders as the options ask; return the numbers for the report, by field."""
    batching = options.batching
    nullified, placed = nullification.Outcome(), placeholders.Outcome()
    for key in inspected.references():
        if key.table in options.nullify:
            nullification.nullify(connection, inspected, key, run, nullified, batching=batching, progress=progress)
    for maker in makers_on(connection):
        to_parent = [key for key in inspected.references() if key.target_table == table_of(maker)]
        keys = [key for key in to_parent if key.table not in options.nullify]
        for question in reference_counts.questions(inspected, keys, reading=options.scan):
            placeholders.place(connection, maker, question, run, placed, batching=batching, progress=progress)
    return {
        "created": placed.created,
        "already_present": placed.already_present,
        "nullified": nullified.rows,
        "refused": dict(sorted(placed.refused.items())),
        "batches": placed.batches + nullified.batches,
    }
