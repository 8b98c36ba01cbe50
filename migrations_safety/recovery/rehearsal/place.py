"""Chooses the server on which the copies of a rehearsal are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from subprocess import SubprocessError
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.backup.disk_space import free_bytes, too_little_space
from migrations_safety.backup.restore_place import Original, original_of
from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.measurement.scratch import Situation, situation_of
from migrations_safety.measurement.scratch_server import scratch_server
from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import CopyOf
from migrations_safety.postgresql.named_rows import records
from migrations_safety.postgresql.second_connection import connection_parameters, open_connection
from migrations_safety.postgresql.temporary_folder import temporary_folder
from migrations_safety.recovery.rehearsal.copying import DISK_FULL
from migrations_safety.sql import statement

COPIES = 2
"""How many copies there are at once: the one that is filled, and its clone."""
WITH_WAL = 2
"""How many times their size they may take on a server: as much WAL is written for them."""


FULL = 16 * 2**20
"""A disk with fewer free bytes, the size of one file of WAL, is full for a server."""
ENDED = "the server that was started for it has ended, as with a full disk"
ELSEWHERE = "Name a server with enough room: --scratch-url URL."


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyPlace:
    """A server for copies; `parameters` lead to a database there that nothing is changed in."""

    where: str
    why_not_the_server: str | None
    parameters: dict[str, Any]
    server_version: str
    search_path: str
    clones_by: str = "file_copy"
    """The STRATEGY with which a copy is cloned (PostgreSQL documentation, CREATE DATABASE)."""
    runs_programs: bool = False
    """Whether the role may run programs on a server that is not kept from connecting to others."""

    @property
    def major(self) -> int:
        """The major version of the server."""
        return int(self.server_version.partition(".")[0])


@contextmanager
def copy_place(connection: Connection, made: CopyOf, *, url: str | None, keep: bool = False) -> Iterator[CopyPlace]:
    """Provide the server for copies of this database, where they do not fill the disk of a server at work.

    That of `url` comes first. Then the database's own, if the role may create databases there, is no superuser and may
    run no programs, and the free space can be seen and is enough; then one that is started here; then the database's
    own without a look at its disk. With `keep` none is started, because it ends with the rehearsal. Raises NoCopy where
    there is none.
    """
    situation = situation_of(connection)
    if url:
        yield _of_url(url, situation)
        return
    original, parameters = original_of(connection, made), connection_parameters(connection)
    never = original.why_not_server or _why_never(connection)
    why_not = never or _why_not_yet(original)
    if not why_not:
        yield _place("server", None, parameters, situation)
        return
    with ExitStack() as stack:
        try:
            if keep:
                raise NotMeasured("no copy can be kept on a server that is started for it")
            own = _started(stack, connection, original)
        except (NotMeasured, OSError, SubprocessError) as error:
            if never or original.data_folder:
                why_not_here = str(error) if isinstance(error, NotMeasured) else "no server could be started here"
                raise NoCopy(f"{why_not}, and {why_not_here}", hint=ELSEWHERE) from None
            place = _place("server", None, parameters, situation)
        else:
            place = _place("embedded", why_not, own, situation)
        yield place


def _started(stack: ExitStack, connection: Connection, original: Original) -> dict[str, Any]:
    """Start a server here, and return the parameters of its first database; raises NotMeasured where there is none."""
    if reason := too_little_space(temporary_folder(), bytes=COPIES * original.bytes):
        raise NotMeasured(reason)
    server = stack.enter_context(scratch_server(original.major, _settings(connection)))
    parameters = {**psycopg.conninfo.conninfo_to_dict(server.url()), "autocommit": True}
    with connection.cursor() as cursor:
        cursor.execute(statement("place.roles"))
        names = [name for (name,) in cursor.fetchall()]
    try:
        with closing(open_connection(parameters)) as session:
            for name in names:
                session.execute(sql.SQL(statement("restore_place.make_role")).format(role=sql.Identifier(name)))
    except psycopg.OperationalError:
        raise NotMeasured(ENDED) from None
    return parameters


def _why_never(connection: Connection) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement("place.server"))
        [server] = records(cursor)
    return (
        "the role may run programs on the server, and code in a migration could too" if server["runs_programs"] else ""
    )


def _why_not_yet(original: Original) -> str:
    if original.data_folder is None:
        return "the free space of the server cannot be seen"
    return too_little_space(original.data_folder, bytes=COPIES * WITH_WAL * original.bytes)


@contextmanager
def errors_of_copies(place: CopyPlace) -> Iterator[None]:
    """Tell what only the server of the copies has met as what it is; raises NoCopy."""
    try:
        yield
    except psycopg.errors.DiskFull:
        raise NoCopy(DISK_FULL, hint=ELSEWHERE) from None
    except psycopg.OperationalError:
        if place.where != "embedded":
            raise
        if free_bytes(temporary_folder()) < FULL:  # a server that still answers lets nobody in whom it has no file for
            raise NoCopy(DISK_FULL, hint=ELSEWHERE) from None
        if _answers(place.parameters):
            raise
        raise NoCopy(ENDED, hint=ELSEWHERE) from None


def _answers(parameters: dict[str, Any]) -> bool:
    try:
        open_connection(parameters).close()
    except psycopg.OperationalError:
        return False
    return True


def place_of_clones(connection: Connection) -> CopyPlace:
    """Return the place of copies that a command gives; each copy has parameters of its own."""
    situation = situation_of(connection)
    return CopyPlace(
        where="clone",
        why_not_the_server=None,
        parameters={},
        server_version=f"{situation.version // 10000}.{situation.version % 10000}",
        search_path=situation.search_path,
    )


def _settings(connection: Connection) -> dict[str, str]:
    """Return the settings of the database that decide how long statements take, such as how a commit reaches the disk.

    Memory that a server takes when it starts is left out, because this machine may have less.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("place.settings"))
        return dict(cursor.fetchall())


def _of_url(url: str, situation: Situation) -> CopyPlace:
    try:
        parameters = {**psycopg.conninfo.conninfo_to_dict(url), "autocommit": True}
    except psycopg.ProgrammingError:  # its message repeats the URL
        raise NoCopy("--scratch-url is no URL of a PostgreSQL database", hint="Correct --scratch-url.") from None
    return _place("url", None, parameters, situation)


def _place(where: str, why_not: str | None, parameters: dict[str, Any], situation: Situation) -> CopyPlace:
    try:
        session = open_connection(parameters)
    except psycopg.OperationalError:  # its message may hold the password of the URL
        if where == "url":
            raise NoCopy("the server for it does not answer", hint="Check --scratch-url.") from None
        raise NoCopy(ENDED if where == "embedded" else "its server does not answer", hint=ELSEWHERE) from None
    with closing(session):
        [server] = records(session.execute(statement("place.server").encode()))
        version = session.info.server_version
    if problem := _unfit(where, server):
        raise NoCopy(problem, hint="Name a role with CREATEDB on a server of its own: --scratch-url URL.")
    return CopyPlace(
        where=where,
        why_not_the_server=why_not,
        parameters=parameters,
        server_version=f"{version // 10000}.{version % 10000}",
        search_path=situation.search_path,
        clones_by=server["gentle_strategy"] if where != "embedded" else "file_copy",
        runs_programs=where != "embedded" and server["runs_programs"],
    )


def _unfit(where: str, server: dict[str, Any]) -> str:
    """Return why no copies can be made on a server, empty where they can."""
    named = "the server of --scratch-url" if where == "url" else "the server of the database"
    if server["in_recovery"]:
        return f"{named} is a standby"
    if not server["may_create"]:
        return f"{named} does not let this role create databases"
    return ""
