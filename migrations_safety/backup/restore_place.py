"""Chooses where an archive is restored for a test: never where that could fill the disk of a server at work.

A database that the caller names comes first. Else it is made on the server of the original, if the role may create
databases without being a superuser and the free space there can be seen and is enough; else on a PostgreSQL that is
started for it; else, if the test was asked for, on the server of the original without a look at its disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.backup.broken_off import NoPlace
from migrations_safety.backup.disk_space import too_little_space
from migrations_safety.backup.entries import Entry
from migrations_safety.backup.lost_objects import Lost, Needs, needs_of
from migrations_safety.measurement.given_scratch import emptied_again
from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.measurement.scratch_server import scratch_server
from migrations_safety.messages.errors import explain
from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.postgresql.archive_names import owners_of
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import RESTORE_TEST, CopyOf, complete_parameters, copied_database
from migrations_safety.postgresql.copy_notes import forget_place, noted_place
from migrations_safety.postgresql.database_locale import DatabaseLocale, locale_of
from migrations_safety.postgresql.embedded_server import extensions_of, versions_with
from migrations_safety.postgresql.named_rows import records
from migrations_safety.postgresql.same_machine import server_is_here
from migrations_safety.postgresql.second_connection import open_connection, role_parameters
from migrations_safety.postgresql.temporary_folder import temporary_folder
from migrations_safety.sql import statement

NO_SUCH_LOCALE = (
    psycopg.errors.InvalidParameterValue,
    psycopg.errors.WrongObjectType,
    psycopg.errors.UndefinedFile,
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.InvalidObjectDefinition,
)
"""With what CREATE DATABASE refuses a locale or a provider that the server does not have."""
RESTORER = "migrations_safety_restore"
"""The role that restores on a server of our own: it sees all rows, and is no superuser."""
SMALL = {"max_wal_size": "512MB", "max_locks_per_transaction": "1024"}
"""With what a server of our own keeps its WAL small, and may still lock every table of a large schema."""
WAL = 768 * 1024**2
"""How many bytes such a server needs beside the tables: WAL, and its own catalogs."""
ON_SERVER, EMBEDDED, GIVEN = "server", "embedded", "url"


@dataclass(frozen=True, kw_only=True, slots=True)
class RestorePlace:
    """An empty database in which an archive is restored."""

    where: str
    parameters: dict[str, Any]
    major: int
    """The major version of its server."""
    identity: str
    """Of the database and of the start of its server."""
    folder: Path | None
    """The folder of its files, if that is on this machine and known."""
    administration: dict[str, Any]
    """How its superuser connects, if it is a server of our own; else as `parameters`."""
    is_superuser: bool
    """Whether the restore runs as a superuser."""
    roles: frozenset[str]
    """The roles that its server has."""
    collations: frozenset[str]
    """The collations that every new database of its server has."""
    notes: tuple[str, ...] = ()
    """In what it is another place than the original's, in words."""

    def hand_over(self) -> None:
        """Give the role of the restore what the superuser has made: schemas, and the tables of extensions."""
        if self.administration == self.parameters:
            return
        with closing(open_connection(self.administration)) as session:
            for name in ("schemas", "parts_of_schemas", "parts"):
                for (line,) in session.execute(statement(f"restore_place.{name}"), {"role": RESTORER}).fetchall():
                    session.execute(line)

    def lost(self, original: Original, *, missing: Sequence[Entry]) -> Lost:
        """Return which objects of the original cannot be had here, without these extensions and collations."""
        needs = original.needs
        of_system = (name for name in needs.collations if not name.isdigit() and name not in self.collations)
        return needs.lost_without(
            extensions=[one.bare_name for one in missing if one.is_extension],
            collations=[*of_system, *(str(one.oid) for one in missing if one.is_collation)],
            roles=frozenset(needs.roles) - self.roles,
            is_superuser=self.is_superuser,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """What a restore needs to know of the database that was dumped."""

    of: CopyOf
    parameters: dict[str, Any]
    locale: DatabaseLocale
    major: int
    bytes: int
    identity: str
    data_folder: Path | None
    why_not_server: str
    """Why a copy is not made on its server; empty where it can be."""
    needs: Needs
    """What is lost without an extension, a role, or the rights of a superuser."""
    available: frozenset[str]
    """The extensions that its role may create on its server."""
    owners: tuple[str, ...]
    """All roles of its server, the longest names first."""


def original_of(connection: Connection, of: CopyOf) -> Original:
    """Read what a restore needs to know of this database."""
    with connection.cursor() as cursor:
        cursor.execute(statement("restore_place.server"))
        [server] = records(cursor)
        cursor.execute(statement("restore_place.available"))
        available = frozenset(name for (name,) in cursor.fetchall())
    folder = Path(server["data_folder"]) if server["data_folder"] else None
    return Original(
        of=of,
        parameters=role_parameters(connection),
        locale=locale_of(connection),
        major=connection.pg_version // 10000,
        bytes=server["bytes"],
        identity=server["identity"],
        data_folder=folder if folder and server_is_here(connection) and os.access(folder.parent, os.X_OK) else None,
        why_not_server=_why_not(server),
        needs=needs_of(connection),
        available=available,
        owners=owners_of(connection),
    )


def _why_not(server: dict[str, Any]) -> str:
    if server["in_recovery"]:
        return "the server is a standby"
    if not server["may_create"]:
        return "the role may not create databases"
    return (
        "the role is a superuser, as whom no code of a restored database should run" if server["is_superuser"] else ""
    )


@contextmanager
def restore_place(original: Original, *, url: str | None, is_asked: bool) -> Iterator[RestorePlace]:
    """Provide an empty database for the restore; raises NoPlace where there can be none."""
    with ExitStack() as stack:
        yield _first(stack, [_given(original, url)] if url else list(_places(original, is_asked=is_asked)))


def _places(original: Original, *, is_asked: bool) -> Iterator[AbstractContextManager[RestorePlace]]:
    """Yield the places in their order; one of our own comes first where the server lacks what tables need."""
    here = [version for version in versions_with("initdb") if version >= original.major]
    there = extensions_of(min(here)) if here else frozenset()
    own, embedded = (len(original.needs.needed - one) for one in (original.available, there))
    yield from [_on_server(original), _embedded(original)][:: -1 if here and embedded < own else 1]
    if is_asked:
        yield _on_unseen_server(original)


def _first(stack: ExitStack, places: Sequence[AbstractContextManager[RestorePlace]]) -> RestorePlace:
    """Return the first of the places that can be had; whatever its server refuses is a reason to go on to the next."""
    reasons = []
    for place in places:
        try:
            return stack.enter_context(place)
        except (NoPlace, NotMeasured) as error:
            reasons.append(str(error))
        except (psycopg.Error, OSError, SubprocessError, Refusal) as error:
            reasons.append(explain(error)[0].rstrip("."))
    raise NoPlace("; ".join(dict.fromkeys(reasons)))


@contextmanager
def _on_server(original: Original) -> Iterator[RestorePlace]:
    if original.why_not_server:
        raise NoPlace(original.why_not_server)
    if original.data_folder is None:
        raise NoPlace("the free space of the server cannot be seen")
    _refuse_small(original.data_folder, 2 * original.bytes)  # the tables, and as much WAL
    with _copy_on(original.parameters, original, where=ON_SERVER, folder=original.data_folder) as place:
        yield place


@contextmanager
def _on_unseen_server(original: Original) -> Iterator[RestorePlace]:
    if original.why_not_server:
        raise NoPlace(original.why_not_server)
    if original.data_folder is not None:
        raise NoPlace("the server has too little space")
    with _copy_on(original.parameters, original, where=ON_SERVER, folder=None) as place:
        yield place


@contextmanager
def _embedded(original: Original) -> Iterator[RestorePlace]:
    newer = [version for version in versions_with("initdb") if version >= original.major]
    if not newer:
        raise NoPlace(f"no PostgreSQL {original.major} or newer is installed here that could be started")
    folder = temporary_folder()
    _refuse_small(folder, original.bytes + min(WAL, original.bytes))
    with scratch_server(min(newer), SMALL) as server:
        administration: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(server.url()), "autocommit": True}
        with closing(open_connection(administration)) as session:
            for role in set(original.needs.roles) - {"postgres"}:
                session.execute(sql.SQL(statement("restore_place.make_role")).format(role=sql.Identifier(role)))
            session.execute(sql.SQL(statement("restore_place.make_restorer")).format(role=sql.Identifier(RESTORER)))
        stack = ExitStack()
        made = _copy_on(administration, original, where=EMBEDDED, folder=folder, restorer=RESTORER)
        try:
            yield stack.enter_context(made)
        finally:
            with suppress(psycopg.Error):  # of a server that was lost; its files go all the same
                stack.close()


@contextmanager
def _given(original: Original, url: str) -> Iterator[RestorePlace]:
    try:
        given: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(url), "autocommit": True}
    except psycopg.ProgrammingError:  # its message repeats the URL
        raise NoPlace("--scratch-url is no URL of a PostgreSQL database") from None
    with closing(open_connection(given)) as session:
        parameters = complete_parameters(given, session)
        note = noted_place(parameters, of=original.of, made_for=RESTORE_TEST)
        with note, emptied_again(session, target=original.identity):
            session.execute(statement("scratch.leave_token").encode())  # what a kill leaves is known by it
            forget_place(parameters, of=original.of)
            yield _place(session, parameters, original, where=GIVEN, folder=None)


@contextmanager
def _copy_on(
    parameters: dict[str, Any], original: Original, *, where: str, folder: Path | None, restorer: str | None = None
) -> Iterator[RestorePlace]:
    """Make a copy, which belongs to the role `restorer` if that is named; else to the role of `parameters`."""
    make = partial(copied_database, parameters, of=original.of, made_for=RESTORE_TEST)
    notes: tuple[str, ...] = ()
    with ExitStack() as stack:
        try:
            copy = stack.enter_context(make(locale=original.locale))
        except NO_SUCH_LOCALE:
            copy = stack.enter_context(make(locale=original.locale.without_collation()))
            notes = ("the order of text: the server of the test lacks the original's collation",)
        own = copy.parameters
        if restorer:
            own = {**copy.parameters, "user": restorer}
            names = {"name": sql.Identifier(copy.name), "role": sql.Identifier(restorer)}
            with closing(open_connection(copy.parameters)) as session:
                session.execute(sql.SQL(statement("restore_place.give")).format(**names))
        with closing(open_connection(own)) as session:
            place = _place(session, own, original, where=where, folder=folder)
        yield replace(place, administration=copy.parameters, notes=notes)


def _place(
    session: psycopg.Connection[Any], parameters: dict[str, Any], original: Original, *, where: str, folder: Path | None
) -> RestorePlace:
    [(is_superuser,)] = session.execute(statement("restore_place.is_superuser").encode()).fetchall()
    return RestorePlace(
        where=where,
        parameters=parameters,
        administration=parameters,
        identity=identity_of(session),
        major=session.info.server_version // 10000,
        folder=folder,
        is_superuser=is_superuser,
        roles=_names(session, "roles"),
        collations=_names(session, "collations"),
    )


def _names(session: psycopg.Connection[Any], kind: str) -> frozenset[str]:
    return frozenset(name for (name,) in session.execute(statement(f"restore_place.{kind}").encode()).fetchall())


def identity_of(session: psycopg.Connection[Any]) -> str:
    """Return what tells this database and this start of its server from all others."""
    return str(session.execute(statement("given_scratch.identity").encode()).fetchall()[0][0])


def _refuse_small(folder: Path, bytes: float) -> None:
    if reason := too_little_space(folder, bytes=bytes):
        raise NoPlace(reason)
