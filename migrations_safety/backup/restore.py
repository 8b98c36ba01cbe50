"""Restores an archive into a scratch database, and says what it could not bring back.

Nothing of it reaches other servers: subscriptions, publications, event triggers, foreign servers and their tables are
left out and named. Messages of pg_restore are classed and never repeated, because they hold values of rows.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from migrations_safety.backup.disk_space import free_bytes, reserve
from migrations_safety.backup.restore_place import BrokenOff, NoPlace, RestorePlace, identity_of
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import backup as wording
from migrations_safety.postgresql.guarded_program import GuardedProgram, guarded_program
from migrations_safety.postgresql.programs import Program, conninfo, environment
from migrations_safety.postgresql.second_connection import open_connection

OUTSIDE = (
    "EVENT TRIGGER", "FOREIGN DATA WRAPPER", "SERVER", "USER MAPPING", "FOREIGN TABLE", "PUBLICATION",
    "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "SUBSCRIPTION", "SUBSCRIPTION TABLE", "SECURITY LABEL",
)  # fmt: skip
"""Kinds of objects that are not restored, named as in the output of `pg_restore --list`."""
REACHES_OUT = re.compile(rf"(?:COMMENT \S+ )?(?:{'|'.join(OUTSIDE)}) ")
"""An entry of such an object, or a comment on one."""
HOW = ("--verbose", "--no-owner", "--no-privileges", "--no-tablespaces", "--no-password")
ENTRY = re.compile(r"^\d+; \d+ \d+ (?P<entry>.*)$")
FAILED = re.compile(r"^pg_restore: from TOC entry \d+; \d+ \d+ (?P<entry>.*)$", re.MULTILINE)
AT_WORK = re.compile(r'processing data for table "(.*)"')
HARMLESS = re.compile(r"unrecognized configuration parameter")
"""What a newer pg_restore sets and an older server does not know."""
WORDS = (
    (re.compile(r"violates foreign key constraint"), "rows have no parent row"),
    (re.compile(r"could not create unique index|violates unique constraint"), "its rows are not unique"),
    (re.compile(r"is violated by some row|violates check constraint"), "a row violates it"),
    (re.compile(r"contains null values|violates not-null"), "a row has a null there"),
    (re.compile(r"extension .* is not available|extension control file"), "the server of the test lacks the extension"),
    (re.compile(r'role ".*" does not exist'), "a role does not exist there"),
    (re.compile(r"permission denied|must be "), "the role of the test may not make it"),
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
FULL = re.compile(r"No space left on device|could not extend file|Disk quota exceeded")
SIGNALS = 128
"""A program that signal N ended has the exit code 128 + N."""
GLANCES = 0.1
KEY = "FK CONSTRAINT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What a restore has brought back, and what not."""

    findings: tuple[Finding, ...]
    left_out: tuple[str, ...]
    """Objects that were left out on purpose, in words."""
    entries: Path
    """The list of those that were restored."""


def restore(
    archive: str, place: RestorePlace, pg_restore: Program, *, jobs: int, entries: Path, deadline: float,
    look: Callable[[GuardedProgram], None],
) -> Restored:  # fmt: skip
    """Restore an archive; `entries` is a file of ours for the list of objects, `deadline` that of `time.monotonic`.

    Raises NoPlace where the disk of the place gets full or the deadline has passed.
    """
    left_out = choose(archive, pg_restore, entries, without=place.without)
    command = [pg_restore.path, *HOW, f"--use-list={entries}", f"--dbname={conninfo(place.parameters)}"]
    command += [f"--jobs={jobs}"] if jobs > 1 else []
    with guarded_program([*command, archive], environment=environment(place.parameters)) as program:
        _wait(program, place, deadline=deadline, look=look)
        code, said = program.wait(), program.said
    if code:
        _refuse_broken_off(code, said, place)
    findings = tuple(_findings(said))
    if code and not findings and "errors ignored on restore" not in said:
        findings = (wording.not_restored("the archive", f"pg_restore ended with {code}"),)
    return Restored(findings=findings, left_out=tuple(left_out), entries=entries)


def _wait(
    program: GuardedProgram, place: RestorePlace, *, deadline: float, look: Callable[[GuardedProgram], None]
) -> None:
    while program.process.poll() is None:
        if time.monotonic() > deadline:
            raise NoPlace("the restore took longer than --max-restore-time")
        if place.folder and free_bytes(place.folder) < reserve(place.folder):
            raise NoPlace(f"the restore was ended before the disk of {place.folder} was full")
        look(program)
        time.sleep(GLANCES)


def _refuse_broken_off(code: int, said: str, place: RestorePlace) -> None:
    """Raise BrokenOff or NoPlace where pg_restore failed for a reason that is not the archive."""
    if code > SIGNALS:
        raise BrokenOff(f"pg_restore was ended by signal {code - SIGNALS}")
    if FULL.search(said):
        raise NoPlace("the disk of the server of the test was full")
    if LOST.search(said):
        raise BrokenOff("the connection of pg_restore to the server of the test was lost")
    with closing(open_connection(place.parameters)) as session:
        if identity_of(session) != place.identity:
            raise BrokenOff("the server of the test was started again in the middle")


def choose(archive: str, pg_restore: Program, entries: Path, *, without: frozenset[str]) -> list[str]:
    """Write the list of objects that are restored, and return the others, in words."""
    with NamedTemporaryFile() as listed:
        command = [pg_restore.path, "--list", f"--file={listed.name}", archive]
        with guarded_program(command, environment=environment({})) as program:
            if code := program.wait():
                raise NoPlace(f"pg_restore cannot list the archive (it ended with {code})")
        lines = Path(listed.name).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    left_out = [line for line in lines if _is_left_out(line, without)]
    kept = "\n".join(line for line in lines if line not in left_out)
    entries.write_text(kept + "\n", encoding="utf-8", errors="surrogateescape")
    return [named(ENTRY.sub(r"\g<entry>", line)) for line in left_out]


def _is_left_out(line: str, without: frozenset[str]) -> bool:
    entry = ENTRY.match(line)
    if entry is None:
        return False
    is_lacking = named(entry["entry"]).removeprefix("COMMENT ") in {f"EXTENSION {one}" for one in without}
    return is_lacking or bool(REACHES_OUT.match(entry["entry"]))


def named(entry: str) -> str:
    """Return an entry of the list without its owner, which is its last word and may be missing: `TABLE public bed`."""
    return entry.removesuffix("(no owner)").rpartition(" ")[0].replace(" - ", " ")


def _findings(said: str) -> Iterator[Finding]:
    """Yield a finding for each object that failed; `re.split` gives the texts between and the entries in turn."""
    _, *parts = FAILED.split(said)
    for entry, text in zip(parts[::2], parts[1::2], strict=True):
        errors = [line for line in text.splitlines() if "error:" in line or "ERROR:" in line]
        if _is_harmless(entry, errors):
            continue
        problem = next((words for pattern, words in WORDS for line in errors if pattern.search(line)), "")
        if entry.startswith(f"{KEY} ") and problem == WORDS[0][1]:
            names = next((match for line in errors if (match := VIOLATED.search(line))), None)
            key, table = (names["key"], names["table"]) if names else (named(entry).removeprefix(f"{KEY} "), "a table")
            yield wording.key_with_orphans(key, table)
        else:
            yield wording.not_restored(named(entry), problem or "PostgreSQL refused it")


def _is_harmless(entry: str, errors: list[str]) -> bool:
    return entry.startswith("COMMENT - EXTENSION") or (bool(errors) and all(HARMLESS.search(one) for one in errors))
