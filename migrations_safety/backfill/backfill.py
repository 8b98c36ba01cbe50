"""The second chapter: every reference gets its parent, or is refused and counted; nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from io import StringIO
from typing import Any

from django.apps import apps
from django.core.management import call_command, load_command_class

from migrations_safety.audit.record_rights import NULLIFIED, RESTORED, RUNS
from migrations_safety.audit.run_log import Run, recorded_run
from migrations_safety.backfill import nullification, placeholders
from migrations_safety.backfill.batches import BatchOptions
from migrations_safety.backfill.nullification import names_rows
from migrations_safety.backfill.report import BackfillReport
from migrations_safety.census import reference_counts
from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES
from migrations_safety.census.report import Census
from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.checks.records import refuse_unwritable_records
from migrations_safety.checks.types import check_types
from migrations_safety.locking.deploy_lock import deploy_lock
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.backfill import NotNullable, RowsWithoutName, TablesRefused, UnknownReference
from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.messages.refusals.plan import TypesDiffer
from migrations_safety.messages.refusals.target import InsideTransaction
from migrations_safety.plan import migration_plan
from migrations_safety.plan.inspected_schema import InspectedSchema, inspect_schema
from migrations_safety.plan.row_security import refuse_hidden_rows
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.postgresql.target import Target, connect
from migrations_safety.precheck import precheck
from migrations_safety.precheck.report import Depth
from migrations_safety.registry import PlaceholderMaker, placeholder_makers
from migrations_safety.schema.declared_keys import DeclaredKey, declared_keys
from migrations_safety.schema.declared_models import models_on

DEFAULT_PACE = BatchOptions()


def run(
    *,
    using: str,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    pace: BatchOptions = DEFAULT_PACE,
    nullify: Iterable[str] = (),
    dry_run: bool = False,
    reading: ScanOptions = BY_SIZE,
    progress: Progress | None = None,
) -> BackfillReport:
    """Make one placeholder for each distinct orphan of an allowed class, in short batches.

    `nullify` names tables whose orphan references become NULL instead, with their before-images kept. `dry_run`
    only counts. Raises a Refusal where nothing was changed, or where the work stopped and can be run again.
    """
    connection = connection_of(using)
    progress = progress or Progress()
    expected = {"expect_database": expect_database, "expect_schema": expect_schema}
    target = connect(connection, **expected, to_migrate=not dry_run)
    if not dry_run:
        _refuse_open_transaction(target)
    nullify = tuple(dict.fromkeys(nullify))
    if dry_run:
        return _dry_run(connection, target, nullify=nullify, reading=reading, progress=progress)
    with deploy_lock(connection):
        inspected = _look(connection, target, nullify=nullify)
        refuse_unwritable_records(connection, target, RUNS, NULLIFIED if nullify else {})
        if applied := _apply_tables(connection, progress=progress):
            inspected = _look(connection, target, nullify=nullify)
        asked = {"nullify": list(nullify), **asdict(pace)}
        with recorded_run(connection, command="backfill_placeholders", arguments=asked) as recorded:
            how: dict[str, Any] = {"pace": pace, "reading": reading, "progress": progress}
            figures = _fill(connection, inspected, recorded, nullify=nullify, **how)
            recorded.counts = figures
    return BackfillReport(target=target, run_id=str(recorded.id), dry_run=False, applied=applied, **figures)


def restore(
    *,
    using: str,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    pace: BatchOptions = DEFAULT_PACE,
    progress: Progress | None = None,
) -> BackfillReport:
    """Put back what `nullify` set to NULL, where the reference is still NULL and no key forbids it."""
    connection = connection_of(using)
    expected = {"expect_database": expect_database, "expect_schema": expect_schema}
    target = connect(connection, **expected, to_migrate=True)
    _refuse_open_transaction(target)
    with deploy_lock(connection):
        inspected = _look(connection, target, nullify=())
        refuse_unwritable_records(connection, target, RUNS, RESTORED)
        asked = {"restore_nullified": True, **asdict(pace)}
        with recorded_run(connection, command="backfill_placeholders", arguments=asked) as recorded:
            outcome = nullification.restore(connection, inspected, recorded, pace=pace, progress=progress or Progress())
            figures: dict[str, Any] = {
                "restored": outcome.rows,
                "not_restored": outcome.left,
                "batches": outcome.batches,
            }
            recorded.counts = figures
    return BackfillReport(target=target, run_id=str(recorded.id), dry_run=False, is_restore=True, **figures)


def _refuse_open_transaction(target: Target) -> None:
    """The batches are short because each is a transaction, which gives its locks back."""
    if target.in_transaction:
        raise InsideTransaction(name=target.name)


def _dry_run(
    connection: Connection, target: Target, *, nullify: tuple[str, ...], reading: ScanOptions, progress: Progress
) -> BackfillReport:
    def look() -> tuple[list[Census], list[Census]]:
        inspected = _look(connection, target, nullify=nullify)
        to_null = [key for key in inspected.references() if key.table in nullify]
        to_place = [key for key in inspected.references() if key.table not in nullify]
        how: dict[str, Any] = {"reading": reading, "progress": progress}
        return reference_counts.count(connection, inspected, to_place, **how), reference_counts.count(
            connection, inspected, to_null, **how
        )

    censuses, nulled = in_snapshot(connection, look, progress=progress)
    rows: Counter[str] = Counter()
    for census in nulled:
        for one in census.references:
            rows[one.key.table] += one.orphan_rows
    return BackfillReport(
        target=target,
        run_id=None,
        dry_run=True,
        created=sum(_values(census, allowed=True) for census in censuses),
        already_present=sum(census.covered for census in censuses),
        nullified=dict(rows),
        refused=_refused(censuses),
    )


def _values(census: Census, *, allowed: bool) -> int:
    return sum(values for name, values in census.orphans.items() if (name in PLACEHOLDER_CLASSES) is allowed)


def _refused(censuses: Iterable[Census]) -> dict[str, int]:
    refused: dict[str, int] = {}
    for census in censuses:
        for name, values in census.orphans.items():
            if name not in PLACEHOLDER_CLASSES:
                refused[name] = refused.get(name, 0) + values
    return dict(sorted(refused.items()))


def _look(connection: Connection, target: Target, *, nullify: tuple[str, ...]) -> InspectedSchema:
    """The references to all parents that placeholders are made for; refuses before anything is changed."""
    makers = _makers(connection)
    declared = [key for maker in makers for key in keys_to(maker, connection.alias)]
    keys = migration_plan.by_names_of_now(connection, declared)
    inspected = inspect_schema(connection, keys=keys, target=target)
    refuse_hidden_rows(connection, inspected)
    for table in nullify:
        _refuse_nullify(inspected, table)
    if mismatches := [one for one in check_types(connection, inspected) if one.id == "types.E001"]:
        raise TypesDiffer(mismatches)
    return inspected


def _refuse_nullify(inspected: InspectedSchema, table: str) -> None:
    columns = [(key, inspected.referencing(key)) for key in inspected.references()]
    if table not in {key.table for key, _ in columns}:
        nullable = {key.table for key, column in columns if column and column.nullable}
        raise UnknownReference(table=table, known=sorted(nullable))
    for key, column in columns:
        if key.table == table and column and not column.nullable:
            raise NotNullable(table=table, column=column.name)
        if key.table == table and not names_rows(inspected, key):
            raise RowsWithoutName(table=table)


def _makers(connection: Connection) -> list[PlaceholderMaker]:
    """Those whose parents belong into this database; CouldNotLook where there are none."""
    here = {model._meta.label for model in models_on(connection.alias)}
    makers = [maker for maker in placeholder_makers() if apps.get_model(maker.model)._meta.label in here]
    if not makers:
        problem = f'No table that placeholders are made in belongs to the database alias "{connection.alias}".'
        raise CouldNotLook(problem, hint="Name another one with --database, or look at DATABASE_ROUTERS.")
    return makers


def table_of(maker: PlaceholderMaker) -> str:
    """The parents' table."""
    return str(apps.get_model(maker.model)._meta.db_table)


def keys_to(maker: PlaceholderMaker, alias: str) -> list[DeclaredKey]:
    """Every key to the maker's parent that the models declare in the database of that alias."""
    parent = table_of(maker)
    return [key for model in models_on(alias) for key in declared_keys(model) if key.target_table == parent]


def _pending(connection: Connection, maker: PlaceholderMaker) -> migration_plan.Plan:
    app_label, name = maker.migration
    return migration_plan.read(connection, app_label=app_label, migration_name=name, forwards_only=True)


def _apply_tables(connection: Connection, *, progress: Progress) -> tuple[str, ...]:
    """Apply the migrations that make the parents' tables where they are pending; their labels."""
    applied: list[str] = []
    for maker in _makers(connection):
        pending = _pending(connection, maker)
        if not (pending.migrations or pending.adopted):
            continue
        app_label, name = maker.migration
        report = precheck.run(using=connection.alias, app_label=app_label, migration_name=name, depth=Depth.CATALOG)
        if report.blocking:
            findings = "; ".join(f"{one.id} {one.subject} {one.message.rstrip('.')}" for one in report.blocking)
            raise TablesRefused(migration=f"{app_label}.{name}", findings=findings)
        labels = [one.label for one in (*pending.adopted, *pending.migrations)]
        progress.say(f"The tables are pending: applying {', '.join(labels)} …")
        options = {"database": connection.alias, "interactive": False, "no_progress": type(progress) is Progress}
        command = load_command_class("migrations_safety", "migrate")  # whichever app's is the first
        call_command(command, app_label, name, stdout=StringIO(), stderr=StringIO(), **options)
        applied += labels
    return tuple(applied)


def _fill(
    connection: Connection,
    inspected: InspectedSchema,
    run: Run,
    *,
    nullify: tuple[str, ...],
    pace: BatchOptions,
    reading: ScanOptions,
    progress: Progress,
) -> dict[str, Any]:
    nullified = nullification.Outcome()
    for key in inspected.references():
        if key.table in nullify:
            nullification.nullify(connection, inspected, key, run, nullified, pace=pace, progress=progress)
    placed = placeholders.Outcome()
    for maker in _makers(connection):
        parent = table_of(maker)
        keys = [key for key in inspected.references() if key.target_table == parent and key.table not in nullify]
        for question in reference_counts.questions(inspected, keys, reading=reading):
            placeholders.place(connection, maker, question, run, placed, pace=pace, progress=progress)
    return {
        "created": placed.created,
        "already_present": placed.already_present,
        "nullified": nullified.rows,
        "refused": dict(sorted(placed.refused.items())),
        "batches": placed.batches + nullified.batches,
    }
