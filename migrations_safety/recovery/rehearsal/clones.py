"""Takes the copies of a rehearsal from a command, which makes a thin clone or starts a snapshot of the storage.

Such a copy may have the identifier, the oid and the name of the original. So a session on the original gets a random
name: where that session is not seen, and the server was started at another moment, it is another server. Then the copy
gets a random comment, by which each step knows it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.measurement.child_environment import NOWHERE
from migrations_safety.measurement.scratch import situation_of
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import REHEARSAL, CopiedDatabase, CopyOf, complete_parameters
from migrations_safety.postgresql.copy_notes import CopyNote, forget, noted, notes_of, place_of, taken
from migrations_safety.postgresql.named_rows import records
from migrations_safety.postgresql.second_connection import connection_parameters, open_connection
from migrations_safety.recovery.rehearsal.guard import identity_of
from migrations_safety.recovery.rehearsal.report import Basis
from migrations_safety.recovery.rehearsal.schema_of_copy import schema_of
from migrations_safety.recovery.rehearsal.shell import run_in_shell
from migrations_safety.sql import statement

WHAT = "copy for a rehearsal of migrations_safety"
NO_COPY = "the database of --clone-command {}; nothing was changed there"
CLONE_URL = "MIGRATIONS_SAFETY_CLONE_URL"
BY_HAND = "Run the command of --clone-command by hand: it prints one URL, that of a copy which only the rehearsal uses."


NOT_REMOVED = "The copy {} was not removed. It holds the rows of patients."


class MayBeTheOriginal(NoCopy):
    """Raised where the URL may lead to the original; then nothing is removed."""


@dataclass(kw_only=True)
class GivenClones:
    """The commands that make and remove copies, and what is known of the original."""

    connection: Connection
    command: str
    cleanup: str | None
    of: CopyOf
    basis: Basis
    name: str
    progress: Progress
    version: str = ""
    """That of the last copy's server."""
    runs_programs: bool = False
    """Whether the role of the last copy may run programs on its server."""
    markers: dict[str, str] = field(default_factory=dict)
    """The comment of each copy, by its place."""
    not_removed: list[str] = field(default_factory=list)

    @contextmanager
    def clone(self, *, keep: bool) -> Iterator[CopiedDatabase]:
        """Provide a copy, and have it removed after the block; with `keep` only after an error.

        What the command has made goes too if it fails or is interrupted, or if it is no copy of this database. Then
        the cleanup gets no URL of it, because nobody knows what that leads to; it has the same random word.
        """
        run, is_done = secrets.token_hex(8), False
        url, copy = "", None
        with noted(of=self.of, made_for=REHEARSAL, id=run, by_command=True) as note:
            try:
                url = self._asked(run)
                copy = self._proven(url)
                note.tell_place(copy.parameters, marker=self.marker(copy))
                yield copy
                is_done = True
            except MayBeTheOriginal:
                raise
            except BaseException as error:
                if copy is None and not (isinstance(error, NoCopy) and not self.cleanup):
                    note.stays = not self._cleaned(run, NOWHERE)
                raise
            finally:
                if copy and not (keep and is_done) and not self._removed(copy, url, run):
                    note.stays = self.cleanup is not None
                    self.not_removed.append(place_of(copy.parameters))
                    self.progress.say(NOT_REMOVED.format(place_of(copy.parameters)))

    def remove_left(self) -> None:
        """Let the cleanup remove what killed runs have left of this database; the next one tries again otherwise."""
        for note in notes_of(self.of):
            with taken(note) as is_left:
                if is_left and note.is_by_command:
                    marker = _marker_at(note)
                    is_gone = marker not in (None, note.marker)
                    if is_gone or self._cleaned(note.id, note.url if marker == note.marker else NOWHERE):
                        forget(note)

    def marker(self, copy: CopiedDatabase) -> str:
        """Return the comment that the copy has got."""
        return self.markers[place_of(copy.parameters)]

    def _environment(self, run: str) -> dict[str, str]:
        known = self.connection.get_connection_params()
        return os.environ | {
            "MIGRATIONS_SAFETY_CLONE_OF": self.name,
            "MIGRATIONS_SAFETY_CLONE_OF_HOST": str(known.get("host") or ""),
            "MIGRATIONS_SAFETY_CLONE_OF_PORT": str(known.get("port") or ""),
            "MIGRATIONS_SAFETY_CLONE_ID": run,
        }

    def _asked(self, run: str) -> str:
        code, printed = run_in_shell(self.command, self._environment(run))
        lines = [line.strip() for line in printed.splitlines() if line.strip()]
        if code:
            reason = f"--clone-command ended with {code} (what it wrote is not repeated here)"
            raise NoCopy(reason, hint=BY_HAND)
        if len(lines) != 1:
            raise NoCopy(f"--clone-command has to print one line with a URL, and printed {len(lines)}", hint=BY_HAND)
        return lines[0]

    def _proven(self, url: str) -> CopiedDatabase:
        """Return the copy, which is marked; raises NoCopy where it may be the original or no copy of it."""
        parameters = _parameters(url)
        name = f"migrations_safety_clone_{secrets.token_hex(8)}"
        with closing(open_connection(connection_parameters(self.connection))) as original:
            original.execute(statement("clones.begin").encode())  # a pooler keeps the session until its end
            original.execute(statement("clones.name_session").encode(), {"name": name})
            try:
                session = open_connection(parameters)
            except psycopg.OperationalError:  # its message may hold a password
                raise NoCopy("the URL of --clone-command does not answer", hint=BY_HAND) from None
            with closing(session):
                return self._marked(session, parameters, name, original)

    def _marked(
        self, session: psycopg.Connection[Any], parameters: dict[str, Any], name: str, original: psycopg.Connection[Any]
    ) -> CopiedDatabase:
        started = original.execute(statement("clones.started").encode()).fetchall()[0][0]
        here = records(session.execute(statement("clones.here").encode(), {"name": name, "started": started}))[0]
        found = identity_of(session)
        is_twin = found.oid == self.basis.database_oid and self.basis.system_identifier in (
            None, found.system_identifier,
        )  # fmt: skip
        path, original_is_standby = _situation(self.connection)
        if here["is_same_server"] and (is_twin or found.oid == self.basis.database_oid):
            raise MayBeTheOriginal(NO_COPY.format("is the original itself"), hint=BY_HAND)
        if is_twin and original_is_standby:
            raise MayBeTheOriginal(NO_COPY.format("cannot be told from the primary of this standby"), hint=BY_HAND)
        problem = _unfit(here, self.basis.server_major)
        if not problem and _record(session, path) != _record(original, path):
            problem = "has another record of migrations, so it is no copy"
        complete = {**complete_parameters(parameters, session), "dbname": found.name}
        if not problem and schema_of(complete, path) != self.basis.catalog:
            problem = "has other definitions, so it is no copy"
        if problem:
            raise NoCopy(NO_COPY.format(problem), hint=BY_HAND)
        marker = json.dumps({"what": WHAT, "made_for": REHEARSAL, "token": secrets.token_hex(16)})
        comment = sql.SQL(statement("clones.mark"))
        session.execute(comment.format(name=sql.Identifier(found.name), marker=sql.Literal(marker)))
        copy = CopiedDatabase(name=found.name, parameters=complete, oid=found.oid, made_for=REHEARSAL)
        self.markers[place_of(copy.parameters)] = marker
        self.runs_programs = here["runs_programs"]
        self.version = f"{session.info.server_version // 10000}.{session.info.server_version % 10000}"
        return copy

    def _removed(self, copy: CopiedDatabase, url: str, run: str) -> bool:
        """Run the cleanup command, if the URL still leads to the copy; return whether it has done its work."""
        try:
            with closing(open_connection(copy.parameters)) as session:
                if identity_of(session).marker != self.marker(copy):
                    return False
        except psycopg.Error:
            return False
        return self._cleaned(run, url)

    def _cleaned(self, run: str, url: str) -> bool:
        """Run the cleanup command, if there is one; return whether it says that it has done its work."""
        return self.cleanup is not None and not run_in_shell(self.cleanup, self._environment(run) | {CLONE_URL: url})[0]


def _marker_at(note: CopyNote) -> str | None:
    """Return the comment of the database that is where a copy was; None where nothing answers without a password."""
    if note.place is None:
        return None
    try:
        with closing(open_connection({**note.place, "autocommit": True})) as session:
            return identity_of(session).marker
    except psycopg.Error:
        return None


def _parameters(url: str) -> dict[str, Any]:
    try:
        found = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its message repeats the URL
        found = {}
    if not found.get("dbname"):
        raise NoCopy("what --clone-command printed is no URL with the name of a database", hint=BY_HAND)
    return {**found, "autocommit": True}


def _situation(connection: Connection) -> tuple[str, bool]:
    situation = situation_of(connection)
    return situation.search_path, situation.in_recovery


def _unfit(here: dict[str, Any], major: int) -> str:
    """Return why it cannot serve, as the end of a sentence."""
    if here["in_recovery"]:
        return "is a standby, so it cannot be written to"
    if here["major"] != major:
        return f"is on PostgreSQL {here['major']}, and the original on {major}"
    if here["is_same_server"] and here["runs_programs"]:
        return "is on the original's server, and the role of the URL may run programs there"
    if here["is_in_use"]:
        return "is in use by other sessions"
    return "" if here["is_owner"] else "does not belong to the role of the URL, which has to mark it with a comment"


def _record(session: psycopg.Connection[Any], path: str) -> list[Any]:
    session.execute(statement("clones.search_path").encode(), {"path": path})
    if not session.execute(statement("clones.has_record").encode()).fetchall()[0][0]:
        return []
    return session.execute(statement("clones.record").encode()).fetchall()
