"""Chooses the server on which the copies of a rehearsal are made."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.measurement.scratch import Situation, situation_of
from migrations_safety.measurement.scratch_server import scratch_server
from migrations_safety.messages.humanize import format_bytes
from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.second_connection import connection_parameters, open_connection
from migrations_safety.sql import statement

ROOM = 2.5
"""How many times the size of the database has to be free: two copies, and what the deploy adds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyPlace:
    """A server for copies; `parameters` lead to a database there that nothing is changed in."""

    where: str
    why_not_the_server: str | None
    parameters: dict[str, Any]
    server_version: str
    search_path: str

    @property
    def major(self) -> int:
        """The major version of the server."""
        return int(self.server_version.partition(".")[0])


@contextmanager
def copy_place(connection: Connection, *, url: str | None, bytes_needed: int) -> Iterator[CopyPlace]:
    """Provide the server: that of `url`, else the target's own, else one that is started for this purpose.

    The target's own is not taken on a standby, without the right to create databases, and for superusers, because code
    in a migration would be one there too. Raises NoCopy where there is none.
    """
    situation = situation_of(connection)
    if url:
        yield _place("url", None, _of_url(url), situation)
        return
    why_not = _why_not(situation)
    if why_not is None:
        yield _place("server", None, connection_parameters(connection), situation)
        return
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < bytes_needed * ROOM:
        wanted = f"{format_bytes(int(bytes_needed * ROOM))} are needed in {tempfile.gettempdir()}"
        reason = f"{why_not}, and {wanted} for a server here, but {format_bytes(free)} are free"
        raise NoCopy(reason, hint="Name a server with enough room: --scratch-url URL.")
    try:
        with scratch_server(situation.version, _settings(connection)) as server:
            own = {**psycopg.conninfo.conninfo_to_dict(server.url()), "autocommit": True}
            yield _place("embedded", why_not, own, situation)
    except NotMeasured as error:
        raise NoCopy(f"{why_not}, and {error}", hint="Name a server: --scratch-url URL.") from None


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


def _why_not(situation: Situation) -> str | None:
    if situation.in_recovery:
        return "the server is a standby"
    if not situation.may_create:
        return "the role may not create databases"
    if situation.is_superuser:
        return "the role is a superuser, and code in a migration would be one too"
    return None


def _of_url(url: str) -> dict[str, Any]:
    try:
        return {**psycopg.conninfo.conninfo_to_dict(url), "autocommit": True}
    except psycopg.ProgrammingError:  # its message repeats the URL
        raise NoCopy("--scratch-url is no URL of a PostgreSQL database", hint="Correct --scratch-url.") from None


def _place(where: str, why_not: str | None, parameters: dict[str, Any], situation: Situation) -> CopyPlace:
    try:
        session = open_connection(parameters)
    except psycopg.OperationalError:  # its message may hold the password of the URL
        raise NoCopy("the server for it does not answer", hint="Check --scratch-url.") from None
    with closing(session):
        may_create, in_recovery = session.execute(statement("place.rights").encode()).fetchall()[0]
        version = session.info.server_version
    if not may_create or in_recovery:
        problem = "is a standby" if in_recovery else "does not let this role create databases"
        raise NoCopy(f"the server of --scratch-url {problem}", hint="Name a role with CREATEDB: --scratch-url URL.")
    return CopyPlace(
        where=where,
        why_not_the_server=why_not,
        parameters=parameters,
        server_version=f"{version // 10000}.{version % 10000}",
        search_path=situation.search_path,
    )
