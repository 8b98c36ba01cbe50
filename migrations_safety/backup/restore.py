"""Restores an archive into a scratch database, and says what it could not bring back.

Schemas, extensions and collations come first, on a server of our own as its superuser: so it shows what that server can
really have. All others come as a role that owns the database and is no superuser, so that code of the database reaches
neither files nor programs. Nothing reaches other servers: subscriptions, publications, event triggers, foreign servers
and their tables are left out and named. Messages of pg_restore are classed and never repeated, because they hold values
of rows.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrations_safety.backup.broken_off import BrokenOff, NoPlace
from migrations_safety.backup.disk_space import free_bytes, reserve
from migrations_safety.backup.entries import Choice, Entry, choose, entries_of, first_of, write_list
from migrations_safety.backup.lost_objects import Lost
from migrations_safety.backup.restore_place import Original, RestorePlace, identity_of
from migrations_safety.measurement.schema_copy import WENT_ON
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import backup as wording
from migrations_safety.postgresql.guarded_program import GuardedProgram, guarded_program
from migrations_safety.postgresql.programs import Program, conninfo, environment
from migrations_safety.postgresql.second_connection import open_connection

HOW = ("--verbose", "--no-owner", "--no-privileges", "--no-tablespaces", "--no-comments", "--no-password")
FAILED = re.compile(r"^pg_restore: from TOC entry (\d+); .*$", re.MULTILINE)
AT_WORK = re.compile(r'processing data for table "(.*)"')
HARMLESS = re.compile(r"unrecognized configuration parameter")
"""What a newer pg_restore sets and an older server does not know."""
WORDS = (
    (re.compile(r"violates foreign key constraint"), "rows have no parent row"),
    (re.compile(r"could not create unique index|violates unique constraint"), "its rows are not unique"),
    (re.compile(r"is violated by some row|violates check constraint"), "a row violates it"),
    (re.compile(r"contains null values|violates not-null"), "a row has a null there"),
    (re.compile(r'role ".*" does not exist'), "a role does not exist there"),
    (re.compile(r"does not exist"), "something that it needs does not exist there"),
    (re.compile(r"already exists"), "it exists there already"),
)  # fmt: skip
VIOLATED = re.compile(r'on table "(?P<table>.*)" violates foreign key constraint "(?P<key>.*)"')
LOST = re.compile(
    r"server closed the connection|terminating connection|connection to server|the database system is"
    r"|could not (?:receive data from|send data to) server|SSL connection has been|no connection to the server"
    r"|worker process (?:died|failed)"
)
"""What libpq and pg_restore say when a session is lost, in English whatever the server speaks."""
REFUSED = re.compile(r"permission denied|must be (?:superuser|owner|member|able)|[Oo]nly (?:superuser|roles? with)")
"""What PostgreSQL says where a role may not make something."""
FULL = re.compile(r"No space left on device|could not extend file|Disk quota exceeded")
SIGNALS = 128
"""A program that signal N ended has the exit code 128 + N."""
GLANCES = 0.1
KEY = "FK CONSTRAINT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What a restore has brought back, and what not."""

    findings: tuple[Finding, ...]
    """What is wrong with the archive or with the rows."""
    left_out: tuple[str, ...]
    """Objects that reach other servers, and extensions that nothing needs, in words."""
    lacking: tuple[str, ...]
    """Objects that the place cannot have, in words."""
    lost: Lost
    """What the place cannot have, as the original knows it."""
    lacks_tables: bool
    """Whether a table, its rows, a key or an index is among what the place refused."""
    entries: Path
    """The list of those that were restored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restore:
    """One restore at work."""

    archive: str
    place: RestorePlace
    original: Original
    pg_restore: Program
    jobs: int
    entries: Path
    """A file of ours for the list of objects."""
    deadline: float
    """On the clock of `time.monotonic`."""
    look: Callable[[GuardedProgram], None]

    def run(self) -> Restored:
        """Restore the archive.

        Raises NoPlace where the disk of the place gets full or the deadline has passed, and BrokenOff where something
        else than the archive ends it.
        """
        found = entries_of(self.archive, self.pg_restore)
        begun = self._restore(first_of(found), self.place.administration, jobs=1)
        missing = frozenset(one.id for one in found if not one.is_schema and one.id in begun.failed)
        self.place.hand_over()
        lost = self.place.lost(self.original, missing=[one for one in found if one.id in missing])
        choice = choose(found, lost, missing=missing)
        done = self._restore(choice.restored, self.place.parameters, jobs=self.jobs)
        told = _told(found, begun.said, self.original.owners, without=missing)
        return _restored(choice, lost, told + _told(found, done.said, self.original.owners), self)

    def _restore(self, entries: Sequence[Entry], parameters: dict[str, Any], *, jobs: int) -> _Ended:
        write_list(entries, self.entries)
        if not entries:
            return _Ended(said="")
        command = [self.pg_restore.path, *HOW, f"--use-list={self.entries}", f"--dbname={conninfo(parameters)}"]
        command += [f"--jobs={jobs}"] if jobs > 1 else []
        with guarded_program(
            [*command, self.archive], environment=environment(parameters), folder=self.entries.parent
        ) as program:
            self._wait(program)
            code, said = program.wait(), program.said
        if code:
            _refuse_broken_off(code, said, self.place)
        return _Ended(said=said)

    def _wait(self, program: GuardedProgram) -> None:
        place = self.place
        while program.process.poll() is None:
            if time.monotonic() > self.deadline:
                raise NoPlace("the restore took longer than --max-restore-time")
            if place.folder and free_bytes(place.folder) < reserve(place.folder):
                raise NoPlace(f"the restore was ended before the disk of {place.folder} was full")
            self.look(program)
            time.sleep(GLANCES)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ended:
    """What pg_restore said until it ended."""

    said: str

    @property
    def failed(self) -> frozenset[int]:
        """The numbers of the entries that could not be restored."""
        return frozenset(map(int, FAILED.findall(self.said)))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Failure:
    """An entry that could not be restored."""

    entry: Entry
    name: str
    errors: list[str]

    @property
    def is_of_the_place(self) -> bool:
        """Whether the role of the place may not make it, which says nothing about the archive."""
        return bool(self.errors) and all(REFUSED.search(one) for one in self.errors)

    @property
    def finding(self) -> Finding:
        """What is wrong, in classed words."""
        problem = next((words for pattern, words in WORDS for line in self.errors if pattern.search(line)), "")
        if not self.name.startswith(f"{KEY} ") or problem != WORDS[0][1]:
            return wording.not_restored(self.name, problem or "PostgreSQL refused it")
        names = next((match for line in self.errors if (match := VIOLATED.search(line))), None)
        key, table = (names["key"], names["table"]) if names else (self.name.removeprefix(f"{KEY} "), "a table")
        return wording.key_with_orphans(key, table)


def _told(
    entries: Sequence[Entry], said: str, owners: Sequence[str], *, without: frozenset[int] = frozenset()
) -> list[_Failure]:
    """Return the entries that failed; `re.split` gives the texts between and the numbers in turn."""
    known = {one.id: one for one in entries}
    _, *parts = FAILED.split(said)
    failures = []
    for number, text in zip(map(int, parts[::2]), parts[1::2], strict=True):
        errors = [line for line in text.splitlines() if "error:" in line or "ERROR:" in line]
        if number not in without and not (errors and all(HARMLESS.search(one) for one in errors)):
            entry = known[number]
            failures.append(_Failure(entry=entry, name=entry.name(owners), errors=errors))
    return failures


def _restored(choice: Choice, lost: Lost, failures: list[_Failure], work: Restore) -> Restored:
    refused = [one for one in failures if one.is_of_the_place]
    owners = work.original.owners
    gone = {one.entry.id for one in failures}
    write_list([one for one in (*choice.first, *choice.restored) if one.id not in gone], work.entries)
    return Restored(
        findings=tuple(one.finding for one in failures if one not in refused),
        left_out=tuple(one.name(owners) for one in choice.outside),
        lacking=tuple(dict.fromkeys([one.name(owners) for one in choice.lacking] + [one.name for one in refused])),
        lost=lost,
        lacks_tables=any(one.entry.is_of_rows for one in refused),
        entries=work.entries,
    )


def _refuse_broken_off(code: int, said: str, place: RestorePlace) -> None:
    """Raise BrokenOff or NoPlace where pg_restore failed for a reason that is not the archive."""
    errors = "\n".join(line for line in said.splitlines() if line.startswith("pg_restore: error"))
    if code > SIGNALS:
        raise BrokenOff(f"pg_restore was ended by signal {code - SIGNALS}")
    if FULL.search(errors):
        raise NoPlace("the disk of the server of the test was full")
    if LOST.search(errors):
        raise BrokenOff("the connection of pg_restore to the server of the test was lost")
    with closing(open_connection(place.parameters)) as session:
        if identity_of(session) != place.identity:
            raise BrokenOff("the server of the test was started again in the middle")
    if WENT_ON not in said:
        raise BrokenOff(f"pg_restore ended with {code} before the end of the archive")
