"""Runs a rollback: keys first, then the nullified references, then the tables, and no row is lost unasked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any

import psycopg
from django.db import DatabaseError, transaction

from migrations_safety.audit.migration_history import History
from migrations_safety.audit.run_log import Run, open_images, recorded_run
from migrations_safety.backfill import nullification
from migrations_safety.backfill.parents import inspect_references
from migrations_safety.kept.keeper import Keeper
from migrations_safety.kept.kept_record import kept_things
from migrations_safety.locking.deploy_lock import deploy_lock
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.recovery import LossesArrived
from migrations_safety.messages.refusals.target import InsideTransaction
from migrations_safety.migrate.ladder_session import ladder_session
from migrations_safety.migrate.options import Listener
from migrations_safety.migrate.own_tables import only_own_tables
from migrations_safety.postgresql.connection import Connection, connection_of, schema_editor_with
from migrations_safety.postgresql.target import Target, connect
from migrations_safety.recovery.rollback.discard import refused
from migrations_safety.recovery.rollback.judgement import Judged, judge
from migrations_safety.recovery.rollback.key_drops import drop_key, keys_in_one_transaction
from migrations_safety.recovery.rollback.loss_guard import GuardedEditor, LossGuard
from migrations_safety.recovery.rollback.options import RollbackOptions
from migrations_safety.recovery.rollback.recorded_files import recorded_files
from migrations_safety.recovery.rollback.report import RollbackReport, Undone
from migrations_safety.recovery.rollback.unapply import Unapplying
from migrations_safety.schema.placeholder_makers import has_makers

SILENT = Listener()
WILL_BE_LOST = "recovery.W003"


def run(options: RollbackOptions, *, listener: Listener = SILENT) -> RollbackReport:
    """Unapply migrations as `migrate APP NAME` does, but lose no row that anybody has written; return the report.

    Raises a subclass of Refusal where nothing was changed for another reason than a finding, or where the work stopped
    and can run again.
    """
    connection = connection_of(options.using)
    expected = {"expect_database": options.expect_database, "expect_schema": options.expect_schema}
    target = connect(connection, **expected, to_migrate=not options.dry_run)
    if options.dry_run:
        with recorded_files(connection) as files:
            return replace(judge(connection, target, options, files, listener.progress).report, dry_run=True)
    if target.in_transaction:
        raise InsideTransaction(name=target.name)
    with (
        deploy_lock(connection, wait=options.locks.deploy_wait, progress=listener.progress),
        only_own_tables(connection),
        recorded_files(connection) as files,
    ):
        judged = judge(connection, target, options, files, listener.progress)
        if judged.report.is_refused or not judged.report.unapplied:
            return judged.report
        return _roll_back(_Work(connection, target, options, judged, listener))


class _Work:
    """What one rollback works with."""

    def __init__(
        self, connection: Connection, target: Target, options: RollbackOptions, judged: Judged, listener: Listener
    ) -> None:
        self.connection = connection
        self.target = target
        self.options = options
        self.judged = judged
        self.listener = listener
        self.history = History(connection=connection)
        self.guard = LossGuard(connection, judged.questions, judge=judged.agreement.unwanted)
        self.unapplying = Unapplying(
            connection=connection,
            on_run=self.history.ran.append,
            progress=listener.progress,
            before_each=lambda label: setattr(self.guard, "migration", label),
        )
        self.counts: dict[str, Any] = {"keys": [], "restored": {}, "not_restored": {}}


def _roll_back(work: _Work) -> RollbackReport:
    report, options = work.judged.report, work.options
    is_whole, found = True, report.findings
    with ladder_session(work.connection, options.locks, is_needed=True, progress=work.listener.progress) as watchdog:
        try:
            with recorded_run(
                work.connection,
                command=options.command,
                arguments=options.arguments,
                checksums=work.judged.checksums,
                stands_on=work.judged.agreement.stands_on,
            ) as run:
                try:
                    _steps(work, run)
                finally:
                    with suppress(DatabaseError):  # where the connection is gone
                        run.done = work.history.done()
                    run.counts = {**work.counts, "keys": [str(key) for key in work.counts["keys"]]}
        except LossesArrived as refusal:
            is_whole, found = False, (*_without_losses(found), *refused(refusal.losses, options))
    undone = Undone(
        run_id=str(run.id),
        done=work.history.done(),
        keys=tuple(work.counts["keys"]),
        restored=work.counts["restored"],
        not_restored=work.counts["not_restored"],
        lock_waits=watchdog.figures(),
        kept=tuple(one for one in kept_things(work.connection) if one.run_id == run.id) if options.keep_dropped else (),
        is_whole=is_whole,
    )
    return replace(report, undone=undone, findings=found)


def _without_losses(found: tuple[Finding, ...]) -> list[Finding]:
    """Leave out that rows will be lost, where they were not."""
    return [one for one in found if one.id != WILL_BE_LOST]


@contextmanager
def _seeing_what_is_committed(connection: Connection) -> Iterator[None]:
    """Let each statement see what is committed by then, whatever the project has set.

    In a REPEATABLE READ transaction the last count would not see rows that arrived while it waited for its lock.
    """
    session = connection.connection
    before = session.isolation_level
    session.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    try:
        yield
    finally:
        if not session.closed:
            session.isolation_level = before


def _steps(work: _Work, run: Run) -> None:
    """Unapply the migrations before the tables, restore references, and unapply the migrations with the tables."""
    judged = work.judged
    keeper = Keeper(connection=work.connection, run_id=run.id) if work.options.keep_dropped else None
    with (
        schema_editor_with(work.connection, GuardedEditor, guard=work.guard),
        _seeing_what_is_committed(work.connection),
    ):
        for label in judged.before_tables:
            for key in keys_in_one_transaction(work.connection, label):
                if keeper:
                    with transaction.atomic(using=work.connection.alias):
                        keeper.remember_key(key.table, key.name)
                drop_key(work.connection, key)
                work.counts["keys"].append(key)
            _unapply(work, [label], keeper)
        if judged.with_tables:
            _restore_references(work, run)
            _unapply(work, judged.with_tables, keeper)


def _unapply(work: _Work, labels: Sequence[str], keeper: Keeper | None) -> None:
    """Unapply the migrations; a keeper keeps what they drop."""
    with keeper.at_work() if keeper else nullcontext():
        work.unapplying.unapply(labels)


def _restore_references(work: _Work, run: Run) -> None:
    """Put back what `--nullify` has set to NULL, while the tables of the parents are still there."""
    if not open_images(work.connection) or not has_makers():
        return
    inspected = inspect_references(work.connection, work.target)
    outcome = nullification.restore(
        work.connection, inspected, run, batching=work.options.batching, progress=work.listener.progress
    )
    work.counts["restored"], work.counts["not_restored"] = outcome.rows, outcome.left
