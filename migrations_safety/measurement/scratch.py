"""Creates and drops the scratch database, which holds the target's schema and django_migrations, but none of its rows.

It is created on the target's server if the role may create databases and is no superuser, else on a PostgreSQL server
that is started for this purpose. `--scratch-url` names an existing empty database instead. The scratch database is
dropped at the end. If the process was killed, the next run drops it: it is known by its name and its comment (or its
age, where the process was killed before the comment), and by the fact that nobody is connected.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.measurement.given_scratch import emptied_again
from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.measurement.scratch_server import scratch_server
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.second_connection import connection_parameters, open_connection
from migrations_safety.sql import statement

PYTHON_ONLY = ("autocommit", "prepare_threshold", "row_factory")
"""Parameters of psycopg that libpq does not know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a scratch database is.

    `parameters` are those of `psycopg.connect`, including its name. They need no variable of the environment.
    """

    where: str  # the kind of place: `url`, `server` or `embedded`
    why_not_the_server: str | None
    server_version: str  # as PostgreSQL prints it, such as `18.4`
    parameters: dict[str, Any]
    token: str
    search_path: str  # that of the target, its schemas quoted and without "$user"

    @property
    def version(self) -> int:
        """The major version of its server."""
        return int(self.server_version.partition(".")[0])

    @property
    def name(self) -> str:
        """The name of the scratch database."""
        return str(self.parameters["dbname"])


def dsn(parameters: dict[str, Any]) -> str:
    """Return the connection string for PostgreSQL's own programs.

    It is without the password, which a list of processes would show: they get it in the environment.
    """
    without = {key: value for key, value in parameters.items() if key not in (*PYTHON_ONLY, "password")}
    return psycopg.conninfo.make_conninfo("", **without)


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """The facts about the target that decide where the scratch database can be."""

    may_create: bool
    is_superuser: bool
    in_recovery: bool
    version: int
    search_path: str
    oid: int
    identity: str  # which no database of another server has


def situation_of(connection: Connection) -> Situation:
    """Read these facts from the target database."""
    with connection.cursor() as cursor:
        cursor.execute(statement("scratch.may_create"))
        may_create, is_superuser, in_recovery, version, search_path, oid, identity = cursor.fetchone()
    return Situation(
        may_create=may_create,
        is_superuser=is_superuser,
        in_recovery=in_recovery,
        version=version,
        search_path=search_path,
        oid=oid,
        identity=identity,
    )


@contextmanager
def scratch_database(connection: Connection, *, url: str | None = None, as_superuser: bool = False) -> Iterator[Place]:
    """Provide an empty scratch database for the `with` block, and remove it afterwards.

    With `as_superuser` it may be on the same server although the role is a superuser. Raises NotMeasured where there
    can be none.
    """
    situation = situation_of(connection)
    if url:
        with _at_url(url, situation) as place:
            yield place
        return
    why_not = _why_not_on_the_server(situation, as_superuser=as_superuser)
    if why_not is None:
        parameters = connection_parameters(connection)
        with _made_on(parameters, situation, where="server", why_not=None) as place:
            yield place
        return
    with scratch_server(situation.version) as server:
        own: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(server.url()), "autocommit": True}
        with _made_on(own, situation, where="embedded", why_not=why_not) as place:
            yield place


def _why_not_on_the_server(situation: Situation, *, as_superuser: bool) -> str | None:
    if situation.in_recovery:
        return "the server is a standby"
    if not situation.may_create:
        return "the role may not create databases"
    if situation.is_superuser and not as_superuser:
        return "the role is a superuser, and code in a migration would be one too"
    return None


@contextmanager
def _made_on(parameters: dict[str, Any], situation: Situation, *, where: str, why_not: str | None) -> Iterator[Place]:
    marker = f"scratch of migrations_safety for the database {situation.oid}"
    token = secrets.token_hex(16)
    name = f"migrations_safety_scratch_{situation.oid}_{os.getpid()}_{int(time.time())}"
    with closing(open_connection(parameters)) as session:
        _drop_leftovers(session, situation.oid, marker)
        named = sql.Identifier(name)
        try:  # an interrupt may come when the database is there, and before its comment
            session.execute(sql.SQL(statement("scratch.create")).format(name=named))
            session.execute(sql.SQL(statement("scratch.mark")).format(name=named, marker=sql.Literal(marker)))
            own = _complete(parameters, session) | {"dbname": name}
            server_version = _leave_token(own, token)
            yield Place(
                where=where,
                why_not_the_server=why_not,
                server_version=server_version,
                parameters=own,
                token=token,
                search_path=situation.search_path,
            )
        finally:
            _drop(session, name)


def _complete(parameters: dict[str, Any], session: psycopg.Connection[Any]) -> dict[str, Any]:
    """Return the parameters with all that libpq took from its environment, a service file or its defaults."""
    found = {
        option.keyword.decode(): option.val.decode(session.info.encoding)
        for option in session.pgconn.info
        if option.val and option.val != option.compiled and option.keyword != b"sslcertmode"  # unknown to pg_restore 15
    }
    there = {"host": session.info.host, "port": session.info.port}  # of several hosts the one that answered
    if "hostaddr" in found:
        there["hostaddr"] = session.info.hostaddr
    return {name: value for name, value in (parameters | found | there).items() if name != "service"}


def _drop_leftovers(session: psycopg.Connection[Any], oid: int, marker: str) -> None:
    wanted = {"marker": marker, "prefix": f"migrations_safety_scratch_{oid}_"}
    for (name,) in session.execute(statement("scratch.leftovers").encode(), wanted).fetchall():
        _drop(session, name)


def _drop(session: psycopg.Connection[Any], name: str) -> None:
    session.execute(sql.SQL(statement("scratch.drop")).format(name=sql.Identifier(name)))


def _leave_token(parameters: dict[str, Any], token: str) -> str:
    """Leave the token in the scratch database, and return the version of its server."""
    with closing(open_connection(parameters)) as session:
        session.execute(statement("scratch.leave_token").encode())
        session.execute(statement("scratch.token").encode(), {"token": token})
        major, minor = divmod(session.info.server_version, 10000)
        return f"{major}.{minor}"


@contextmanager
def _at_url(url: str, situation: Situation) -> Iterator[Place]:
    """Use the database of `--scratch-url`, which must be empty and is emptied again afterwards."""
    try:
        given: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(url), "autocommit": True}
    except psycopg.ProgrammingError:  # its message repeats the URL
        raise NotMeasured("--scratch-url is no URL of a PostgreSQL database") from None
    token = secrets.token_hex(16)
    with closing(open_connection(given)) as session, emptied_again(session, target=situation.identity):
        parameters = _complete(given, session)
        yield Place(
            where="url",
            why_not_the_server=None,
            server_version=_leave_token(parameters, token),
            parameters=parameters,
            token=token,
            search_path=situation.search_path,
        )
