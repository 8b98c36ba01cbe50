"""Runs `migrate`: the precheck first, then Django's `migrate` under the deploy lock, and one report at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.migrations.recorder import MigrationRecorder

from migrations_safety.audit.migration_history import Done, History
from migrations_safety.audit.run_log import StandsOn
from migrations_safety.kept.keeper import Keeper
from migrations_safety.kept.kept_steps import forget_settled
from migrations_safety.locking.deploy_lock import deploy_lock
from migrations_safety.messages.refusals.kept import BegunWithKeeping
from migrations_safety.migrate.executor import in_steps
from migrations_safety.migrate.gate import ask_gate
from migrations_safety.migrate.ladder_session import ladder_session
from migrations_safety.migrate.options import Listener, MigrateOptions
from migrations_safety.migrate.other_connections import OtherConnections
from migrations_safety.migrate.own_tables import only_own_tables
from migrations_safety.migrate.recorded_steps import recorded, steps_of_records
from migrations_safety.migrate.rehearsed import refuse_unrehearsed
from migrations_safety.migrate.report import LockWaits, MigrateReport
from migrations_safety.migrate.ways_back import NOTHING, WaysBack, backup_before
from migrations_safety.plan import planned_steps
from migrations_safety.plan.done_operations import passing_over_done
from migrations_safety.plan.planned_steps import PlannedSteps
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.target import connect
from migrations_safety.postgresql.transactions import is_in_transaction

SILENT = Listener()
HOLDS_LOCKS = (
    "A transaction is already open on this connection. All locks are held until it ends, nothing is retried, and "
    "nobody watches who waits behind it."
)

Apply = Callable[[Callable[[str], None]], None]
"""A function that runs Django's own `migrate`. Its argument is a function, which it calls with the label of each
migration whose operations it has run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What a `migrate` has done, and the lock waits of other sessions; these are None where it takes no locks."""

    done: Done
    lock_waits: LockWaits | None = None


def run(options: MigrateOptions, *, apply: Apply, listener: Listener = SILENT) -> MigrateReport:
    """Run the precheck, record baselines whose tables exist as applied, and let Django run the other migrations.

    `apply` runs Django's own `migrate`. Where the precheck has blocking findings, nothing is changed, and the report
    says so. Raises a subclass of Refusal where nothing was changed for another reason, or where the work stopped and
    can run again. An error that a migration itself raises is raised unchanged.
    """
    connection = connection_of(options.using)
    expected = {"expect_database": options.expect_database, "expect_schema": options.expect_schema}
    target = connect(connection, **expected, to_migrate=True)
    with (
        deploy_lock(connection, wait=options.locks.deploy_wait, progress=listener.progress),
        only_own_tables(connection),
        _going_on(connection, options),
    ):
        started = time.monotonic()
        catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
        if options.rehearsed and not options.runs_no_migration:
            named = {"app_label": options.app_label, "migration_name": options.migration_name}
            refuse_unrehearsed(connection, options.rehearsed, **named)
        gate = ask_gate(connection, options, listener)
        behind = NOTHING if gate and gate.blocking else _ways_back(connection, options, listener)
        is_refused = behind.is_refused or bool(gate and gate.blocking)
        work = None if is_refused else _work(connection, options, apply, listener, behind.stands_on, started)
        return MigrateReport(
            target=target,
            gate=gate,
            done=work.done if work else None,
            lock_waits=work.lock_waits if work else None,
            seconds=time.monotonic() - started,
            ways_back=behind.findings,
        )


@contextmanager
def _going_on(connection: Connection, options: MigrateOptions) -> Iterator[None]:
    """Pass over what a killed `migrate --keep-dropped` has done of a migration, and go on after it.

    Raises BegunWithKeeping where the rest would be dropped.
    """
    if options.runs_no_migration:
        yield
        return
    with passing_over_done(connection, interrupted=options.interrupted) as halves:
        for one in () if options.keep_dropped else halves:
            if one.migration in _steps(connection, options).checksums:
                raise BegunWithKeeping(migration=one.migration)
        yield


def _ways_back(connection: Connection, options: MigrateOptions, listener: Listener) -> WaysBack:
    """Make or find the backup that is asked for; none is needed where nothing will be changed."""
    if not (options.backup or options.require_backup) or not _changes_anything(connection, options):
        return NOTHING
    return backup_before(
        connection,
        make=options.backup,
        requirement=options.require_backup,
        places=options.backups,
        listener=listener,
    )


def _changes_anything(connection: Connection, options: MigrateOptions) -> bool:
    if options.run_syncdb:
        return True
    if options.runs_no_migration:
        return bool(steps_of_records(connection, options))
    return _steps(connection, options).changes_something


def _steps(connection: Connection, options: MigrateOptions) -> PlannedSteps:
    return planned_steps.read(connection, app_label=options.app_label, migration_name=options.migration_name)


def show(options: MigrateOptions, *, apply: Callable[[], Any]) -> None:
    """Run Django's `migrate --plan` or `--check` (`apply`), with the tables of the current schema only.

    Raises a subclass of Refusal where the connection does not lead to the expected database or schema.
    """
    connection = connection_of(options.using)
    connect(connection, expect_database=options.expect_database, expect_schema=options.expect_schema)
    with only_own_tables(connection):
        apply()


def _work(
    connection: Connection,
    options: MigrateOptions,
    apply: Apply,
    listener: Listener,
    stands_on: StandsOn,
    began: float,
) -> Work:
    """Do the work that the options ask for, and record it as a run; `began` is when the command began to work.

    `--fake`, `--prune` and `--run-syncdb` are recorded, too, because these can make Django's record untrue.
    """
    history = History(connection=connection, makes_tables=options.run_syncdb, rehearsed=options.rehearsed, began=began)
    if not options.runs_no_migration:
        return _migrate(history, options, apply, listener, stands_on)
    steps = steps_of_records(connection, options)
    with recorded(history, steps, arguments=options.arguments, stands_on=stands_on):
        _apply_watched(history, options, apply, listener)
    return Work(done=history.done())


def _migrate(history: History, options: MigrateOptions, apply: Apply, listener: Listener, stands_on: StandsOn) -> Work:
    connection = history.connection
    steps = _steps(connection, options)
    if is_in_transaction(connection) and steps.changes_something:
        listener.notice(HOLDS_LOCKS)
    is_needed = steps.changes_something
    with (
        ladder_session(connection, options.locks, is_needed=is_needed, progress=listener.progress) as watchdog,
        recorded(history, steps.checksums, arguments=options.arguments, watchdog=watchdog, stands_on=stands_on),
    ):
        for label in _adopt(connection, steps):
            listener.notice(f"Adopting {label}: its tables exist, so it is recorded and not run.")
        _apply_watched(history, options, apply, listener)
    return Work(done=history.done(), lock_waits=watchdog.figures())


def _adopt(connection: Connection, steps: PlannedSteps) -> list[str]:
    """Record the baselines whose tables exist as applied, without running them; return their labels."""
    recorder = MigrationRecorder(connection)
    for migration in steps.adopted:
        recorder.record_applied(migration.app, migration.name)
    return [migration.label for migration in steps.adopted]


def _apply_watched(history: History, options: MigrateOptions, apply: Apply, listener: Listener) -> None:
    """Run Django's `migrate`, and warn of statements that its migrations send through other database aliases.

    Where the operator named the database, a statement that would change another database is refused.
    """
    is_expected = options.expect_database is not None
    elsewhere = OtherConnections(history.connection, expected=is_expected, say=listener.warning)
    history.elsewhere = elsewhere.wrote
    keeper = Keeper(connection=history.connection, run_id=history.run_id)
    with ExitStack() as stack:
        stack.enter_context(elsewhere.watched())
        if options.keep_dropped:
            stack.enter_context(keeper.at_work())
            stack.enter_context(in_steps(history.connection))
        apply(history.note)
    if options.keep_dropped:
        keeper.end()
    forget_settled(history.connection)
