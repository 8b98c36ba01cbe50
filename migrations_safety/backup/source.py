"""The database that is dumped: its tables, what a dump lacks, and the snapshot that the dump and our counts see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.backup.manifest import CountedTable
from migrations_safety.messages.humanize import listed
from migrations_safety.messages.refusals.backup import NoBackup, NoCopy, RowsOutOfReach
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import records, rows
from migrations_safety.postgresql.second_connection import open_connection, role_parameters
from migrations_safety.sql import statement
from migrations_safety.sql.identifiers import quote_if_needed

SHOWN = 10
"""How many names of a kind are named; the others are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DumpedTable:
    """A table or sequence that a dump reads."""

    schema: str
    table: str
    name: str
    """As PostgreSQL prints it on the search path."""
    bytes: int
    is_readable: bool
    is_filtered: bool
    """Whether row-level security would hide rows from this role."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The session that holds the snapshot; it takes one query at a time."""

    session: psycopg.Connection[Any]
    name: str
    taken_at: datetime
    wal_position: str | None


def tables_of(session: psycopg.Connection[Any]) -> list[DumpedTable]:
    """Return the tables with rows of their own, the largest first."""
    found = records(session.execute(statement("source.tables").encode(), {"kinds": ["r"], "sized": True}))
    return [DumpedTable(**row) for row in found]


def refuse_out_of_reach(connection: Connection, *, role: str, wanted: str = "backup") -> None:
    """Raise RowsOutOfReach where the role may not read a table or sequence, or where policies would hide rows.

    `wanted` says what there is not then.
    """
    asked = {"kinds": ["r", "p", "S"], "sized": False}  # a size would wait for whoever has locked the table
    found = rows(connection, "source.tables", asked, DumpedTable)
    quoted = quote_if_needed(role)
    if unreadable := [one.name for one in found if not one.is_readable]:
        hint = f"As a superuser: GRANT pg_read_all_data TO {quoted};"
        raise RowsOutOfReach(wanted=wanted, role=role, what="may not read everything", tables=unreadable, hint=hint)
    if filtered := [one.name for one in found if one.is_filtered]:
        hint = f"As a superuser: ALTER ROLE {quoted} BYPASSRLS; or run the command as a role that has it."
        what = "would not see all rows, because of row-level security"
        raise RowsOutOfReach(wanted=wanted, role=role, what=what, tables=filtered, hint=hint)


def not_in_archive(connection: Connection, *, saves_roles: bool) -> list[str]:
    """Return what an archive of this database lacks, in words; `saves_roles` says whether they are beside it."""
    with connection.cursor() as cursor:
        cursor.execute(statement("source.not_dumped"))
        found = [(row["kind"], row["name"]) for row in records(cursor)]
    where = "beside the archive without passwords" if saves_roles else "nor beside it: pg_dumpall could not read them"
    words = [f"roles and their passwords ({where})"]
    for kind, of_kind in groupby(found, key=lambda one: one[0]):
        words.append(_lacking(kind, [name for _, name in of_kind]))
    return words


def _lacking(kind: str, names: Sequence[str]) -> str:
    named = listed(names, most=SHOWN)
    if kind == "materialized view":
        return f"rows of materialized views, which a restore makes anew: {named}"
    if kind in ("tablespace", "subscription"):
        return f"{kind}s: {named}"
    return f"rows of each {kind}: {named}"


@contextmanager
def exported_snapshot(connection: Connection) -> Iterator[Snapshot]:
    """Open one more session with a snapshot that others can take over, for the length of the block."""
    with closing(open_connection(role_parameters(connection))) as session:
        session.execute(statement("source.unhurried").encode())
        session.execute(statement("source.patient_lock").encode())
        session.execute(statement("source.begin").encode())
        [found] = records(session.execute(statement("source.place").encode()))
        yield Snapshot(
            session=session,
            name=found["snapshot"],
            taken_at=found["taken_at"],
            wal_position=found["wal_position"],
        )


def refuse_rewritten(snapshot: Snapshot, refusal: type[NoBackup] | type[NoCopy]) -> None:
    """Raise the refusal where a table was emptied or rewritten between the snapshot and the lock of pg_dump.

    To an older snapshot such a table has no rows (PostgreSQL documentation, 13.6, "Caveats"), and nothing says so.
    """
    found = snapshot.session.execute(statement("source.rewritten").encode()).fetchall()
    if found:
        names = listed([name for (name,) in found], most=SHOWN)
        reason = (
            f"TRUNCATE or a rewriting ALTER TABLE gave new files to {names} while it began, and rows would be missing"
        )
        raise refusal(reason, hint="Run the same command again when no other migration or maintenance is at work.")


def count_rows(session: psycopg.Connection[Any], tables: Sequence[DumpedTable]) -> list[CountedTable]:
    """Return how many rows each table has in the session's snapshot, in the order of their names."""
    counted = []
    is_in_transaction = session.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE
    if is_in_transaction:
        session.execute(statement("source.before_a_count").encode())
    for one in tables:
        rows = count_one(session, one.schema, one.table)
        counted.append(CountedTable(schema=one.schema, table=one.table, rows=rows))
        if is_in_transaction:
            session.execute(statement("source.after_a_count").encode())
    return sorted(counted, key=lambda one: (one.schema, one.table))


def count_one(session: psycopg.Connection[Any], schema: str, table: str) -> int:
    """Return how many rows a table has."""
    query = sql.SQL(statement("source.count")).format(table=sql.Identifier(schema, table))
    return int(session.execute(query).fetchall()[0][0])
