"""The third chapter: the gate before `migrate`, and the adoption of tables that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from migrations_safety.audit.migration_history import History
from migrations_safety.audit.run_log import recorded_run
from migrations_safety.checks.plan import holds_anything
from migrations_safety.locking.lock_ladder import Ladder
from migrations_safety.locking.watchdog import Watchdog
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.locks import NobodyWatches
from migrations_safety.messages.refusals.plan import BaselineHoldsRows, Irreversible, PlanWouldFail
from migrations_safety.migrate.executor import on_the_ladder
from migrations_safety.plan import migration_plan, rollback_plan, targets
from migrations_safety.plan.planned_migration import planned
from migrations_safety.plan.rollback import Rollback
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.precheck.report import PrecheckReport

WOULD_FAIL = "plan.E001"
AT_WORK = "migrations_safety_is_at_work"
"""An attribute of the connection meanwhile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LockOptions:
    """How the operator wants it; all in seconds, `max_stall` 0 for never to cancel."""

    max_stall: float
    retry_for: float
    progress: Progress


@contextmanager
def on_its_ladder(connection: Connection, wishes: LockOptions, *, is_needed: bool) -> Iterator[Watchdog]:
    """Everything that Django's migrate does inside takes its locks on the ladder, under the watchdog.

    Inside a transaction that is open already there is neither: its locks are held until the caller ends it, whatever
    we give up. `is_needed` where something is to be done.
    """
    watchdog = Watchdog(connection, max_stall=wishes.max_stall, progress=wishes.progress)
    if is_in_transaction(connection):
        with _at_work(connection):
            yield watchdog
    else:
        with _laddered(connection, watchdog, wishes, is_needed=is_needed):
            yield watchdog


@contextmanager
def recorded(
    history: History, steps: dict[str, str], *, arguments: dict[str, Any], watchdog: Watchdog | None = None
) -> Iterator[None]:
    """What is done inside is recorded as one run; where nothing is to be done, nothing is.

    `steps` are the labels of the migrations with their checksums.
    """
    if not steps and not history.makes_tables:
        yield
        return
    with recorded_run(history.connection, command="migrate", arguments=arguments, checksums=steps) as run:
        try:
            yield
        finally:
            run.counts = {"lock_waits": watchdog.figures()} if watchdog else {}
            run.counts["applied_before"] = len(history.before)
            if history.elsewhere:
                run.counts["elsewhere"] = dict(history.elsewhere)
            with suppress(DatabaseError):  # where the connection is gone
                run.counts["applied_after"] = len(history.now())
                run.done = history.done()


@contextmanager
def _laddered(connection: Connection, watchdog: Watchdog, wishes: LockOptions, *, is_needed: bool) -> Iterator[None]:
    """Raises NobodyWatches where the watchdog is needed and has no connection."""
    with watchdog:
        if watchdog.missing and wishes.max_stall and is_needed:
            raise NobodyWatches(reason=watchdog.missing)
        if watchdog.missing:
            wishes.progress.say(f"Nobody sees who waits behind this migration: {watchdog.missing}.")
        ladder = Ladder(connection, watchdog=watchdog, retry_for=wishes.retry_for, progress=wishes.progress)
        with on_the_ladder(connection, ladder), _at_work(connection):
            yield


@contextmanager
def _at_work(connection: Connection) -> Iterator[None]:
    setattr(connection, AT_WORK, True)
    try:
        yield
    finally:
        delattr(connection, AT_WORK)


def is_at_work(connection: Connection) -> bool:
    """Whether a `migrate` of ours is at work on this connection, and a migration or a signal of it is what asks."""
    return hasattr(connection, AT_WORK)


def refuse_what_would_fail(gate: PrecheckReport) -> None:
    """Raise PlanWouldFail where nothing blocks but that what the plan alters is not there: it could not be run."""
    if gate.blocking and all(one.id == WOULD_FAIL for one in gate.blocking):
        raise PlanWouldFail(gate.blocking)


def steps_of(planned: migration_plan.Plan) -> dict[str, str]:
    """What a plan will do, for `recorded`."""
    return {one.label: one.checksum for one in (*planned.adopted, *planned.migrations, *planned.unapplied)}


def steps_of_records(
    connection: Connection, *, app_label: str | None, migration_name: str | None, prune: bool
) -> dict[str, str]:
    """Whose records `--fake` will write or take away, or `--prune`, which knows no files."""
    executor: Any = MigrationExecutor(connection)
    if prune:
        gone = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
        return {f"{app}.{name}": "" for app, name in sorted(gone) if app == app_label}
    steps = executor.migration_plan(targets.targets(executor, app_label, migration_name))
    found = (planned(migration, connection.alias) for migration, _ in steps)
    return {one.label: one.checksum for one in found}


def adopt(connection: Connection, planned: migration_plan.Plan) -> list[str]:
    """Record, and do not run, the baselines whose tables are there already; their labels."""
    recorder = MigrationRecorder(connection)
    for migration in planned.adopted:
        recorder.record_applied(migration.app, migration.name)
    return [migration.label for migration in planned.adopted]


def refuse_rollback(connection: Connection, *, app_label: str | None, migration_name: str | None, gate: bool) -> None:
    """Raise BaselineHoldsRows where the way back would drop tables that were there before, with their rows.

    And where no `gate` looks at it, Irreversible where a step has no reverse: nothing is undone then.
    """
    executor: Any = MigrationExecutor(connection)
    steps = executor.migration_plan(targets.targets(executor, app_label, migration_name))
    unapplied = [migration for migration, is_backwards in steps if is_backwards]
    if any(hasattr(migration, "adopts") for migration in unapplied):
        _refuse_to_drop_baselines(connection, rollback_plan.read(executor, unapplied))
    if not gate and (found := rollback_plan.irreversible(unapplied)):
        raise Irreversible(migration=found[0].migration, operation=str(found[0]))


def _refuse_to_drop_baselines(connection: Connection, rollback: Rollback) -> None:
    there = catalog.tables(connection, rollback.dropped)
    for migration, dropped in groupby(rollback.tables, key=attrgetter("migration")):
        names = [one.table for one in dropped if one.is_baseline and one.table in there]
        if holding := [name for name in names if holds_anything(connection, there[name])]:
            raise BaselineHoldsRows(migration=migration, tables=holding)
