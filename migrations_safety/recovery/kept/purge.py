"""Runs `purge_dropped`: ends what was kept, behind a gate of its own. What it drops is gone.

The gate asks for three things: each is old enough, a person has typed how many rows and values will be lost, and a
backup holds them that was restored once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.utils.timezone import now
from psycopg import sql

from migrations_safety.audit.run_log import Run, recorded_run
from migrations_safety.kept import kept_record
from migrations_safety.kept.carrying import end_carrying
from migrations_safety.kept.kept_record import KEPT_SCHEMA, Kept
from migrations_safety.kept.obstacles import obstacles
from migrations_safety.kept.physical import Relation, change
from migrations_safety.locking.deploy_lock import deploy_lock
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import format_seconds, pluralize
from migrations_safety.messages.refusals.target import InsideTransaction
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.migrate.ladder_session import ladder_session
from migrations_safety.migrate.options import Listener
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.postgresql.target import Target, connect
from migrations_safety.recovery.kept.backup_gate import check_backup
from migrations_safety.recovery.kept.options import LEAST_AGE, KeptOptions
from migrations_safety.recovery.kept.put_back import in_one_transaction, seeing_all_rows
from migrations_safety.recovery.kept.report import Held, KeptReport
from migrations_safety.recovery.kept.restoration import select
from migrations_safety.sql.composition import compose, send

COMMAND = "purge_dropped"
SILENT = Listener()


def run(options: KeptOptions, *, listener: Listener = SILENT) -> KeptReport:
    """End what is kept, if the gate lets it pass; return the report.

    Killed anywhere, it can run again. Raises NotKept for a number that names nothing kept.
    """
    connection = connection_of(options.using)
    expected = {"expect_database": options.expect_database, "expect_schema": options.expect_schema}
    target = connect(connection, **expected, to_migrate=not options.only_looks)
    if target.in_transaction:
        raise InsideTransaction(name=target.name)
    with seeing_all_rows(connection):
        return _looked_or_purged(connection, options, target, listener)


def _looked_or_purged(connection: Connection, options: KeptOptions, target: Target, listener: Listener) -> KeptReport:
    report = KeptReport(command=COMMAND, target=target, only_looked=options.only_looks, things=())
    if options.only_looks:
        return replace(report, things=tuple(_counted(connection, select(connection, options.numbers))))
    with deploy_lock(connection, wait=options.locks.deploy_wait, progress=listener.progress):
        held = tuple(_counted(connection, select(connection, options.numbers)))
        report = replace(report, things=held, findings=tuple(_gate(connection, held, options)) if held else ())
        if report.findings or not held:
            return report
        with (
            ladder_session(connection, options.locks, is_needed=True, progress=listener.progress),
            recorded_run(connection, command=COMMAND, arguments=options.arguments) as recorded,
        ):
            return _purged(connection, report, recorded)


def _counted(connection: Connection, things: list[Kept]) -> Iterator[Held]:
    """Count the rows of each table, and those with a value in each column."""
    for one in things:
        if one.kind == "type" or not (table := _table(connection, one)):
            yield Held(kept=one, rows=None)
            continue
        name, parts = "purge.rows", {"table": table.in_sql}
        if one.column:
            name, parts = "purge.values", parts | {"column": sql.Identifier(one.kept_name)}
        with connection.cursor() as cursor:
            send(cursor, compose(name, **parts))
            yield Held(kept=one, rows=int(cursor.fetchone()[0]))


def _gate(connection: Connection, held: tuple[Held, ...], options: KeptOptions) -> Iterator[Finding]:
    least = options.older_than or LEAST_AGE
    for one in held:
        age = now() - one.kept.kept_at
        if age < least:
            yield wording.too_young(one.kept.subject, age=_in_words(age), least=_in_words(least))
        table = _table(connection, one.kept) if one.kept.kind != "type" else None
        column = one.kept.kept_name if one.kept.column else None
        if table and (found := [thing.name for thing in obstacles(connection, table.oid, column=column)]):
            yield wording.is_used(one.kept.subject, things=found)
    rows = sum(one.rows or 0 for one in held)
    if options.rows != rows:
        typed = "" if options.rows is None else f"{options.rows:,}"
        yield wording.rows_not_typed(KEPT_SCHEMA, rows=rows, typed=typed, purge=options.typed(COMMAND))
    yield from check_backup(connection, held, options.backup, options.places)


def _in_words(duration: timedelta) -> str:
    return pluralize(duration.days, "day") if duration.days else format_seconds(duration.total_seconds())


def _purged(connection: Connection, report: KeptReport, recorded: Run) -> KeptReport:
    """Drop each in a transaction of its own with its end in the record; the types last, which the tables have."""
    for held in sorted(report.things, key=lambda one: (one.kept.kind == "type", one.kept.number)):
        one = held.kept
        in_one_transaction(connection, partial(_drop, connection, one, recorded), what=f"Purging {one.subject}")
        recorded.counts[str(one.number)] = held.rows
    things = tuple(replace(one, outcome="not found" if _is_lost(one) else "purged") for one in report.things)
    return replace(report, things=things, run_id=str(recorded.id))


def _is_lost(held: Held) -> bool:
    """Whether neither the schema of the table nor that of what is kept has it."""
    return held.rows is None and held.kept.kind != "type"


def _drop(connection: Connection, one: Kept, recorded: Run) -> None:
    if one.kind == "type":
        change(connection, "purge.drop_type", type=sql.Identifier(KEPT_SCHEMA, one.kept_name))
    elif (table := _table(connection, one)) and one.column:
        end_carrying(connection, table, one)  # of a restore that was killed
        change(connection, "purge.drop_column", table=table.in_sql, column=sql.Identifier(one.kept_name))
    elif table:
        change(connection, "purge.drop_table", table=table.in_sql)
    else:
        return  # it is elsewhere or gone: the record stays, so that it can be found
    kept_record.end(connection, one.number, how="purged", run_id=recorded.id)


def _table(connection: Connection, one: Kept) -> Relation | None:
    """The table that is kept, or that has the kept column; None where somebody has dropped it by hand."""
    if one.column:
        places = ({"schema": schema, "column": one.kept_name} for schema in (one.schema, KEPT_SCHEMA))
        found = [table for asked in places for table in rows(connection, "restored_columns.find", asked, Relation)]
    else:
        asked = {"schema": KEPT_SCHEMA, "name": one.kept_name}
        found = rows(connection, "restored_tables.find", asked, Relation)
    return found[0] if found else None
