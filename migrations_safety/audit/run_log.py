"""Records each run that changes something, and keeps the old values (before-images) of changed rows.

The two tables are made when they are first needed, as Django makes `django_migrations`, so this app has no migrations
of its own. Events are only added, never changed, and each event holds the hash of the event before it.
"""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction

from migrations_safety import __version__
from migrations_safety.audit.migration_history import Done
from migrations_safety.messages.error_place import place_of
from migrations_safety.messages.errors import sqlstate
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement


@dataclass(frozen=True, kw_only=True, slots=True)
class StandsOn:
    """The tried ways back that a run stands on: plain values for JSON, None where there is none."""

    backup: dict[str, Any] | None = None
    """The backup: `kind`, `name`, `checksum`, `taken_at` (ISO) and `proof`."""
    rehearsal: dict[str, Any] | None = None
    """The report of a rehearsal: `name`, `checksum` and `verdict`."""

    def as_dict(self) -> dict[str, Any]:
        """Return what is there, by name; an empty dictionary where nothing is."""
        return {name: one for name, one in (("backup", self.backup), ("rehearsal", self.rehearsal)) if one}


MADE = (
    "run_log.create_runs", "run_log.create_before_images", "run_log.index_open_images", "run_log.index_images_of_rows",
    "run_log.make_refusal",
)  # fmt: skip
"""The statements that make the tables, in their order, before the trigger."""

NO_TRIGGERS = ("0A000", "XX000")
"""How servers refuse a trigger that they cannot have: feature not supported, and without a code of its own (Citus)."""


@dataclass(kw_only=True)
class Run:
    """A run that has not ended yet; the values in `counts` and `done` are recorded when it ends."""

    id: uuid.UUID
    counts: dict[str, Any] = field(default_factory=dict)
    done: Done | None = None

    def ending(self, command: str) -> dict[str, Any]:
        """Return the details that are recorded with the last event of the run."""
        did = {"verdict": self.done.verdict, "did": self.done.as_dict()} if self.done else {}
        return {"command": command, "counts": self.counts} | did


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenImages:
    """The before-images of one column that were not restored yet."""

    table: str
    column: str
    count: int
    """The number of before-images."""
    first: int
    """The lowest id of these before-images."""
    last: int
    """The highest id of these before-images."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One recorded event of a run."""

    id: int
    run_id: uuid.UUID
    event: str
    """The kind of event: `started`, `finished` or `failed`."""
    recorded_at: datetime
    details: Any
    follows: bool
    """Whether it holds the hash of the event before it; if not, events were removed or inserted in between."""
    unchanged: bool
    """Whether its hash is that of its content; if not, somebody has changed the event."""


@contextmanager
def recorded_run(
    connection: Connection,
    *,
    command: str,
    arguments: dict[str, Any],
    checksums: dict[str, str] | None = None,
    stands_on: StandsOn | None = None,
    sources: dict[str, str] | None = None,
    goes_back: bool = False,
) -> Iterator[Run]:
    """Record that a run starts, and at the end of the block how it ended.

    A run that is killed has no recorded end. `arguments` are the options of the command. `checksums` maps the labels of
    the migrations that will be run to the SHA-256 of their files. `stands_on` names the backup and the rehearsal that
    stand behind the run. `sources` maps labels of migrations to the text of their files, so that a rollback works when
    a file is gone. With `goes_back` the migrations will be unapplied.
    """
    ensure_tables(connection)
    run = Run(id=uuid.uuid4())
    asked: dict[str, Any] = {
        "command": command,
        "version": __version__,
        "host": socket.gethostname(),
        "arguments": arguments,
    }
    asked |= {"goes_back": True} if goes_back else {}
    behind = stands_on.as_dict() if stands_on else {}
    asked |= {name: one for name, one in (("checksums", checksums), ("sources", sources), ("stands_on", behind)) if one}
    _append(connection, run, "started", asked)
    try:
        yield run
    except BaseException as error:
        place = place_of(error)
        failure = run.ending(command) | {"error": type(error).__name__, "sqlstate": sqlstate(error)}
        failure |= {"verdict": "failed", "at": place.migration if place else None}
        with suppress(DatabaseError):  # a lost connection cannot write the event
            _append(connection, run, "failed", failure)
        raise
    _append(connection, run, "finished", run.ending(command))


def ensure_tables(connection: Connection) -> None:
    """Create the two tables of the record where they do not exist."""
    if tables_exist(connection):
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(statement("run_log.one_at_a_time"))  # IF NOT EXISTS is no help where two make it at once
        for name in MADE:
            cursor.execute(statement(name))
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute(statement("run_log.refuse_changes"))
        except DatabaseError as error:
            if sqlstate(error) not in NO_TRIGGERS:
                raise


def refuses_changes(connection: Connection) -> bool:
    """Return whether a trigger keeps the events from being changed; some servers refuse to make it.

    The tables must exist.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("run_log.refuses_changes"))
        return bool(cursor.fetchone()[0])


def tables_exist(connection: Connection) -> bool:
    """Return whether the two tables of the record exist."""
    with connection.cursor() as cursor:
        cursor.execute(statement("run_log.exists"))
        return bool(cursor.fetchone()[0])


def open_images(connection: Connection) -> list[OpenImages]:
    """Return the before-images that were not restored yet, summed up by table and column."""
    if not tables_exist(connection):
        return []
    return rows(connection, "run_log.open_images", {}, OpenImages)


def events(connection: Connection) -> list[Event]:
    """Return all events in their order; the tables must exist."""
    return rows(connection, "run_log.events", {}, Event)


def recorded_sources(connection: Connection) -> dict[str, str]:
    """Return the source text of each migration as it was when it was last applied, by label."""
    if not tables_exist(connection):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(statement("run_log.sources"))
        return dict(cursor.fetchall())


def numbers_given(connection: Connection) -> int:
    """Return the highest id that the sequence has given to an event."""
    with connection.cursor() as cursor:
        cursor.execute(statement("run_log.numbers_given"))
        return int(cursor.fetchone()[0])


def _append(connection: Connection, run: Run, event: str, details: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        parameters = {"run_id": run.id, "event": event, "details": json.dumps(details)}
        cursor.execute(statement("run_log.append"), parameters)
