"""Makes databases that hold a copy of patients' data for a restore test or a rehearsal, and removes them.

The name of such a database says that it is confidential, and nobody but its owner and superusers may enter it, from its
first moment on. It is dropped at the end, after an error, Ctrl-C and SIGTERM. One that was left by a kill is known by
its name, by its comment, and by the fact that nobody is connected: neither to it, nor on behalf of it. For the length
of the run, a session that has the copy's name as its application_name says that somebody needs it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.database_locale import DatabaseLocale
from migrations_safety.postgresql.named_rows import records
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.sql import statement

PREFIX = "confidential_copy_"
NAME = re.compile(rf"^{PREFIX}(?P<oid>\d+)_(?P<pid>\d+)_(?P<made_at>\d+)$")
MARKER = "confidential copy of migrations_safety"
"""The value of the key `what` in the comment of each copy."""
EMPTY = "template0"
CONNECTIONS = 30
"""How many sessions may use a copy at once; superusers are not counted."""
SECONDS_WITHOUT_MARKER = 600
"""A copy without a comment was killed while it was made, or is being made now: it is left alone while it is young."""
RESTORE_TEST, REHEARSAL = "restore test", "rehearsal"


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyOf:
    """The database that a copy is made of."""

    oid: int
    system_identifier: str | None
    """The cluster's own, None where the role may not read it."""
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CopiedDatabase:
    """A copy; `parameters` are those of `psycopg.connect`, including its name."""

    name: str
    parameters: dict[str, Any]
    oid: int
    made_for: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftoverCopy:
    """A copy on a server: one that a killed run has left, that was kept on request, or that is in use."""

    name: str
    made_for: str
    """Empty where the run was killed before the copy got its comment."""
    made_at: datetime
    bytes: int | None
    """None where the role may not see the size."""
    is_in_use: bool
    is_kept: bool
    """Whether somebody asked to keep it."""
    is_ours: bool
    """Whether the role may drop it."""
    of_oid: int
    """The oid of the database that it was made of."""

    @property
    def is_leftover(self) -> bool:
        """Whether a killed run has left it, so that it may go."""
        is_known = bool(self.made_for) or (datetime.now(UTC) - self.made_at).total_seconds() > SECONDS_WITHOUT_MARKER
        return is_known and not self.is_in_use and not self.is_kept


@contextmanager
def copied_database(
    parameters: dict[str, Any],
    *,
    of: CopyOf,
    made_for: str,
    template: str | None = None,
    strategy: str | None = None,
    locale: DatabaseLocale | None = None,
    keep: bool = False,
) -> Iterator[CopiedDatabase]:
    """Provide a database for a copy of `of`, on the server of `parameters`, and drop it after the block.

    It is empty, with the given locale, or a clone of the database `template`, in which nobody may be connected, made
    with the `strategy` (`file_copy`, which is fast and forces two checkpoints, or PostgreSQL's own `wal_log`). With
    `keep` it stays if the block ends without an error. Leftovers of killed runs are dropped first. Raises NoCopy where
    other roles could enter it, and psycopg.Error where it cannot be created.
    """
    drop_leftovers(parameters, of=of)
    name = f"{PREFIX}{of.oid}_{os.getpid()}_{time.time_ns() // 1000}"
    is_done = False
    with closing(open_connection(parameters)) as session:
        session.execute(statement("copies.hold").encode(), {"name": name})
        try:  # an interrupt may come when the database is there, and before its comment
            how = _how(session, strategy=strategy, locale=locale)
            copy = _create(session, parameters, name, made_for, template=template, how=how)
            _mark(session, name, of=of, made_for=made_for, keep=keep)
            _let_owner_in(session, name)
            yield copy
            is_done = True
        finally:
            if not (keep and is_done):
                drop(parameters, name)  # by a session of its own: this one may be lost or interrupted


def _create(
    session: psycopg.Connection[Any],
    parameters: dict[str, Any],
    name: str,
    made_for: str,
    *,
    template: str | None,
    how: sql.Composable,
) -> CopiedDatabase:
    session.execute(
        sql.SQL(statement("copies.create")).format(
            name=sql.Identifier(name),
            template=sql.Identifier(template or EMPTY),
            how=how,
            limit=sql.Literal(CONNECTIONS),
        )
    )
    oid = session.execute(statement("copies.oid").encode(), {"name": name}).fetchall()[0][0]
    own = {**complete_parameters(parameters, session), "dbname": name}
    return CopiedDatabase(name=name, parameters=own, oid=int(oid), made_for=made_for)


def _how(session: psycopg.Connection[Any], *, strategy: str | None, locale: DatabaseLocale | None) -> sql.Composable:
    named = sql.SQL("STRATEGY {}").format(sql.Identifier(strategy)) if strategy else sql.SQL("")
    return sql.SQL(" ").join([named, locale.clause(session) if locale else sql.SQL("")])


def _mark(session: psycopg.Connection[Any], name: str, *, of: CopyOf, made_for: str, keep: bool) -> None:
    marker = {"what": MARKER, "made_for": made_for, "kept": keep, "of": asdict(of)}
    comment = sql.SQL(statement("copies.mark"))
    session.execute(comment.format(name=sql.Identifier(name), marker=sql.Literal(json.dumps(marker))))


def _let_owner_in(session: psycopg.Connection[Any], name: str) -> None:
    """Take the right to enter from every other role, and only then let anybody in."""
    named = sql.Identifier(name)
    session.execute(sql.SQL(statement("copies.close")).format(name=named))
    others = session.execute(statement("copies.others").encode(), {"name": name}).fetchall()[0][0]
    if others:
        raise NoCopy("other roles could enter it")
    session.execute(sql.SQL(statement("copies.open")).format(name=named))


def complete_parameters(parameters: dict[str, Any], session: psycopg.Connection[Any]) -> dict[str, Any]:
    """Return the parameters with all that libpq took from its environment, a service file or its defaults."""
    found = {
        option.keyword.decode(): option.val.decode(session.info.encoding)
        for option in session.pgconn.info
        if option.val and option.val != option.compiled and option.keyword != b"sslcertmode"  # unknown to version 15
    }
    there = {"host": session.info.host, "port": session.info.port}  # of several hosts the one that answered
    if "hostaddr" in found:
        there["hostaddr"] = session.info.hostaddr
    return {name: value for name, value in (parameters | found | there).items() if name != "service"}


def drop(parameters: dict[str, Any], name: str) -> None:
    """Drop a copy, whoever is still in it; raises ValueError for a database that is none by its name."""
    if not NAME.match(name):
        raise ValueError(f"{name} is no copy")
    with closing(open_connection(parameters)) as session:
        session.execute(sql.SQL(statement("copies.drop")).format(name=sql.Identifier(name)))


def drop_leftovers(parameters: dict[str, Any], *, of: CopyOf | None = None) -> list[str]:
    """Drop the copies that killed runs left on the server of `parameters`; return their names.

    With `of` only those that were made of that database. One that cannot be dropped stays: `leftover_copies` has it.
    """
    dropped = []
    for one in copies_on(parameters):
        if one.is_leftover and one.is_ours and (of is None or one.of_oid == of.oid):
            with suppress(psycopg.Error):
                drop(parameters, one.name)
                dropped.append(one.name)
    return dropped


def copies_on(parameters: dict[str, Any]) -> list[LeftoverCopy]:
    """Return all copies on the server of `parameters`."""
    with closing(open_connection(parameters)) as session:
        return _found(records(session.execute(statement("copies.found").encode())))


def leftover_copies(connection: Connection) -> list[LeftoverCopy]:
    """Return all copies on the server of this connection, those that are kept or in use too."""
    with connection.cursor() as cursor:
        cursor.execute(statement("copies.found"))
        return _found(records(cursor))


def _found(rows: list[dict[str, Any]]) -> list[LeftoverCopy]:
    return [_copy(row) for row in rows]


def _copy(row: dict[str, Any]) -> LeftoverCopy:
    parts = NAME.match(row["name"])
    assert parts is not None  # the statement asks for such names
    marker = _marker(row["marker"])
    return LeftoverCopy(
        name=row["name"],
        made_for=marker.get("made_for", ""),
        made_at=datetime.fromtimestamp(int(parts["made_at"]) / 1_000_000, UTC),
        bytes=row["bytes"],
        is_in_use=row["is_in_use"],
        is_kept=bool(marker.get("kept")),
        is_ours=row["is_ours"],
        of_oid=int(parts["oid"]),
    )


def _marker(comment: str) -> dict[str, Any]:
    """Return what the comment of a copy says, and nothing for a comment that is not ours."""
    try:
        marker = json.loads(comment)
    except ValueError:
        return {}
    return marker if isinstance(marker, dict) and marker.get("what") == MARKER else {}
