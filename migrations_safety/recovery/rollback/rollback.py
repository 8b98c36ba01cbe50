"""Runs a rollback: keys first, then the nullified references, then the tables, and no row is lost unasked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from django.db import DatabaseError

from migrations_safety.audit.migration_history import History
from migrations_safety.audit.run_log import Run, recorded_run
from migrations_safety.kept.keeper import Keeper
from migrations_safety.kept.kept_record import Kept, kept_things
from migrations_safety.locking.deploy_lock import deploy_lock
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.recovery import RollbackStopped
from migrations_safety.messages.refusals.target import InsideTransaction
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.migrate.ladder_session import ladder_session
from migrations_safety.migrate.options import Listener
from migrations_safety.migrate.own_tables import only_own_tables
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection, connection_of, schema_editor_with
from migrations_safety.postgresql.target import Target, connect
from migrations_safety.recovery.kept.put_back import in_one_transaction
from migrations_safety.recovery.rollback.code_watch import CodeWatch
from migrations_safety.recovery.rollback.discard import refused
from migrations_safety.recovery.rollback.judgement import Judged, judge
from migrations_safety.recovery.rollback.key_drops import drop_key, keys_in_one_transaction
from migrations_safety.recovery.rollback.loss_guard import GuardedEditor, LossGuard
from migrations_safety.recovery.rollback.options import RollbackOptions
from migrations_safety.recovery.rollback.recorded_files import recorded_files
from migrations_safety.recovery.rollback.references import has_references, restore_references
from migrations_safety.recovery.rollback.report import DroppedKey, RollbackReport, Undone
from migrations_safety.recovery.rollback.unapply import Unapplying
from migrations_safety.recovery.rollback.unended import UnendedRun, unended_run

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
    catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
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
        before = unended_run(connection, options)
        judged = judge(connection, target, options, files, listener.progress, before=before)
        if judged.report.is_refused or not (judged.report.unapplied or before):
            return judged.report
        return _roll_back(_Work(connection, target, options, judged, listener, before), before)


class _Work:
    """What one rollback works with."""

    def __init__(
        self,
        connection: Connection,
        target: Target,
        options: RollbackOptions,
        judged: Judged,
        listener: Listener,
        before: UnendedRun | None,
    ) -> None:
        self.connection = connection
        self.target = target
        self.options = options
        self.judged = judged
        self.listener = listener
        self.history = History(connection=connection)
        unwanted = judged.agreement.unwanted
        self.guard = LossGuard(
            connection,
            judged.questions,
            judge=lambda losses: tuple(refused(unwanted(losses), options)),
            tables=None if options.keep_dropped else judged.oids,
            code=CodeWatch(connection, going=judged.oids, watched=judged.code, again=options.typed_with_numbers),
        )
        self.unapplying = Unapplying(
            connection=connection,
            on_run=self.history.ran.append,
            progress=listener.progress,
            halves=judged.halves,
            before_each=lambda label: setattr(self.guard, "migration", label),
        )
        losing = dict(before.losing) if before else {}
        losing |= {one.subject: max(one.rows, losing.get(one.subject, 0)) for one in judged.report.losses}
        self.losing = {"losing": losing} if options.discard else {}
        """What may be lost, for the run after this one, if this one is killed."""
        self.counts: dict[str, Any] = {"keys": [], "restored": {}, "not_restored": {}}


def _roll_back(work: _Work, before: UnendedRun | None) -> RollbackReport:
    """Do it; `before` is the run that was killed after it had unapplied migrations, maybe all of them."""
    report, options = work.judged.report, work.options
    found = report.findings
    with ladder_session(work.connection, options.locks, is_needed=True, progress=work.listener.progress) as watchdog:
        try:
            with recorded_run(
                work.connection,
                command=options.command,
                arguments=options.arguments | work.losing,
                checksums=work.judged.checksums,
                stands_on=work.judged.agreement.stands_on,
            ) as run:
                try:
                    _steps(work, run)
                finally:
                    with suppress(DatabaseError):  # where the connection is gone
                        run.done = work.history.done()
                    run.counts = {**work.counts, "keys": [str(key) for key in work.counts["keys"]]}
        except RollbackStopped as refusal:
            found = (*_without_losses(found), *refusal.findings)
    undone = Undone(
        run_id=str(run.id),
        done=work.history.done(),
        keys=tuple(work.counts["keys"]),
        restored=work.counts["restored"],
        not_restored=work.counts["not_restored"],
        lock_waits=watchdog.figures(),
        kept=_kept(work, {run.id, *([before.id] if before else [])}),
    )
    return replace(report, undone=undone, findings=found)


def _kept(work: _Work, runs: set[UUID]) -> tuple[Kept, ...]:
    """Return what these runs have kept."""
    if not work.options.keep_dropped:
        return ()
    return tuple(one for one in kept_things(work.connection) if one.run_id in runs)


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
        work.guard.watching_writers(),
    ):
        for label in judged.before_tables:
            for key in keys_in_one_transaction(work.connection, label):
                what = f"The drop of {key.name}"
                in_one_transaction(work.connection, partial(_drop_key, work.connection, key, keeper), what=what)
                work.counts["keys"].append(key)
            _unapply(work, [label], keeper)
        if judged.with_tables:
            _restore_references(work, run)
            _unapply(work, judged.with_tables, keeper)
        if keeper:
            keeper.end()


def _drop_key(connection: Connection, key: DroppedKey, keeper: Keeper | None) -> None:
    if keeper:
        keeper.remember_key(key.table, key.name)
    drop_key(connection, key)


def _unapply(work: _Work, labels: Sequence[str], keeper: Keeper | None) -> None:
    """Unapply the migrations; a keeper keeps what they drop."""
    with keeper.at_work() if keeper else nullcontext():
        work.guard.through_writes(lambda: work.unapplying.unapply(labels))


def _restore_references(work: _Work, run: Run) -> None:
    """Put back what `--nullify` has set to NULL, while the tables of the parents are still there."""
    if not has_references(work.connection, work.judged.report.tables):
        return
    restored, left = restore_references(
        work.connection, work.target, run, batching=work.options.batching, progress=work.listener.progress
    )
    work.counts["restored"], work.counts["not_restored"] = restored, left
    if left and sum(left.values()) != work.options.leave_nullified:
        command = f"{work.options.typed_with_numbers} --leave-nullified {sum(left.values())}"
        found = [wording.references_left(table, rows=rows, leave=command) for table, rows in left.items()]
        raise RollbackStopped(found, place=work.judged.with_tables[0])
