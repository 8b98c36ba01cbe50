"""Runs `restore_dropped`: puts back what was kept, the latest first, and says what could not come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migrations_safety.audit.run_log import Run, recorded_run
from migrations_safety.kept import kept_record
from migrations_safety.kept.kept_record import Kept
from migrations_safety.locking.deploy_lock import deploy_lock
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.kept import NotKept
from migrations_safety.messages.refusals.target import InsideTransaction
from migrations_safety.migrate.ladder_session import ladder_session
from migrations_safety.migrate.options import Listener
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.target import connect
from migrations_safety.recovery.kept.options import KeptOptions
from migrations_safety.recovery.kept.put_back import seeing_all_rows
from migrations_safety.recovery.kept.report import Held, KeptReport
from migrations_safety.recovery.kept.restored_columns import restore_column
from migrations_safety.recovery.kept.restored_tables import restore_table
from migrations_safety.recovery.kept.restored_types import restore_type, was_made_again

COMMAND = "restore_dropped"
RESTORE = {"table": restore_table, "column": restore_column, "type": restore_type}
SILENT = Listener()


def run(options: KeptOptions, *, listener: Listener = SILENT) -> KeptReport:
    """Put back what was kept instead of dropped; return the report.

    It can be killed anywhere and run again. Raises NotKept for a number that names nothing kept, and another subclass
    of Refusal where the work stopped and can run again.
    """
    connection = connection_of(options.using)
    expected = {"expect_database": options.expect_database, "expect_schema": options.expect_schema}
    target = connect(connection, **expected, to_migrate=not options.only_looks)
    things = select(connection, options.numbers)
    if not options.numbers and not options.only_looks:  # a run after one that was killed would put them back again
        things = [one for one in things if not one.was_made_again]
    report = KeptReport(
        command=COMMAND,
        target=target,
        only_looked=options.only_looks,
        things=tuple(Held(kept=one, rows=None) for one in things),
    )
    if options.only_looks or not things:
        return report
    if target.in_transaction:
        raise InsideTransaction(name=target.name)
    with (
        deploy_lock(connection, wait=options.locks.deploy_wait, progress=listener.progress),
        ladder_session(connection, options.locks, is_needed=True, progress=listener.progress),
        seeing_all_rows(connection),
        recorded_run(connection, command=COMMAND, arguments=options.arguments) as recorded,
    ):
        return _restored(connection, report, recorded, listener)


def select(connection: Connection, numbers: tuple[int, ...]) -> list[Kept]:
    """Return what is kept under these numbers, or all of it. Raises NotKept for another number."""
    things = kept_record.kept_things(connection)
    if unknown := set(numbers) - {one.number for one in things}:
        raise NotKept(numbers=sorted(unknown))
    return [one for one in things if not numbers or one.number in numbers]


def _restored(connection: Connection, report: KeptReport, recorded: Run, listener: Listener) -> KeptReport:
    """Put back types, which defaults name, then tables and columns, the latest first.

    A type whose name was made again comes last, because the tables of today may still have the new one.
    """
    found: list[Finding] = []
    outcomes: dict[int, str] = {}
    for one in _in_order(connection, [held.kept for held in report.things]):
        listener.progress.say(f"Putting back {one.subject} …")
        outcome = RESTORE[one.kind](connection, one)
        found += outcome.findings
        if outcome.is_back:
            outcomes[one.number] = "restored"
            kept_record.end(connection, one.number, how="restored", run_id=recorded.id)
    recorded.counts = {"restored": sorted(outcomes)}
    things = tuple(replace(held, outcome=outcomes.get(held.kept.number, "kept")) for held in report.things)
    return replace(report, things=things, findings=tuple(found), run_id=str(recorded.id))


def _in_order(connection: Connection, things: list[Kept]) -> Iterator[Kept]:
    def rank(one: Kept) -> int:
        return 0 if one.kind != "type" else 1 if was_made_again(connection, one) else -1

    yield from sorted(things, key=lambda one: (rank(one), -one.number))
