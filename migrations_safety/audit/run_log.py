"""Writes down each run that changes something, and keeps the before-images of rows that were changed.

The two tables are made when they are first needed, as Django makes `django_migrations`: no migration of ours
stands among the user's. Events are only ever added, each carries the hash of the one before it.
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


@dataclass(kw_only=True)
class Run:
    """One run at work; what is put into `counts` and `done` is recorded when it ends."""

    id: uuid.UUID
    counts: dict[str, Any] = field(default_factory=dict)
    done: Done | None = None

    def ending(self, command: str) -> dict[str, Any]:
        """The details of its last event."""
        did = {"verdict": self.done.verdict, "did": self.done.as_dict()} if self.done else {}
        return {"command": command, "counts": self.counts} | did


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenImages:
    """Before-images of one column that were not put back."""

    table: str
    column: str
    count: int
    first: int
    """The lowest number of a before-image."""
    last: int
    """The highest number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event of a run, as it is recorded."""

    id: int
    run_id: uuid.UUID
    event: str
    """`started`, `finished` or `failed`."""
    recorded_at: datetime
    details: Any
    follows: bool
    """It carries the hash of the event before it; else events were removed or put in between."""
    unchanged: bool
    """Its hash is that of its content; else somebody changed it."""


@contextmanager
def recorded_run(
    connection: Connection, *, command: str, arguments: dict[str, Any], checksums: dict[str, str] | None = None
) -> Iterator[Run]:
    """Record that a run has started, and how it ended; a run without an end was killed.

    `checksums` maps the migrations to be run to the SHA-256 of their files.
    """
    ensure_tables(connection)
    run = Run(id=uuid.uuid4())
    asked = {"command": command, "version": __version__, "host": socket.gethostname(), "arguments": arguments}
    _append(connection, run, "started", asked | ({"checksums": checksums} if checksums else {}))
    try:
        yield run
    except BaseException as error:
        place = place_of(error)
        failure = run.ending(command) | {"error": type(error).__name__, "sqlstate": sqlstate(error)}
        failure |= {"verdict": "failed", "at": place.migration if place else None}
        with suppress(DatabaseError):  # where the connection is gone, so is the chance to write
            _append(connection, run, "failed", failure)
        raise
    _append(connection, run, "finished", run.ending(command))


def ensure_tables(connection: Connection) -> None:
    """Make the app's own tables where they are not there yet."""
    if not tables_exist(connection):
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(statement("run_log.create"))
            cursor.execute(statement("run_log.refuse_changes"))


def tables_exist(connection: Connection) -> bool:
    """True where the app's own tables are there."""
    with connection.cursor() as cursor:
        cursor.execute(statement("run_log.exists"))
        return bool(cursor.fetchone()[0])


def open_images(connection: Connection) -> list[OpenImages]:
    """The before-images that were not put back, by table and column."""
    if not tables_exist(connection):
        return []
    return rows(connection, "run_log.open_images", {}, OpenImages)


def events(connection: Connection) -> list[Event]:
    """All events in their order; none where nothing was ever written."""
    if not tables_exist(connection):
        return []
    return rows(connection, "run_log.events", {}, Event)


def numbers_given(connection: Connection) -> int:
    """The last number that an event got."""
    with connection.cursor() as cursor:
        cursor.execute(statement("run_log.numbers_given"))
        return int(cursor.fetchone()[0])


def _append(connection: Connection, run: Run, event: str, details: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        parameters = {"run_id": run.id, "event": event, "details": json.dumps(details)}
        cursor.execute(statement("run_log.append"), parameters)
