"""Fills a copy from the original, which is only read, in one snapshot and past any file of rows.

The definitions go through a file, so that what could act can be left out: publications, subscriptions, event triggers,
foreign servers, and extensions that reach outside or run jobs. The rows go through a pipe.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrations_safety.backup.broken_off import BrokenOff
from migrations_safety.backup.entries import REACHES_OUT, entries_of, write_list
from migrations_safety.backup.source import exported_snapshot, refuse_rewritten
from migrations_safety.measurement.own_folder import own_folder
from migrations_safety.measurement.schema_copy import FAILED, HOW, WENT_ON
from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.archive_names import name_of, owners_of
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import CopiedDatabase
from migrations_safety.postgresql.guarded_program import guarded_program
from migrations_safety.postgresql.programs import Program, conninfo, environment, program
from migrations_safety.postgresql.second_connection import open_connection, role_parameters
from migrations_safety.recovery.rehearsal.report import KeysOnly
from migrations_safety.sql import statement

ACTING = frozenset({"dblink", "pg_cron", "pg_net", "http", "pgagent", "plproxy", "aws_s3", "aws_lambda", "postgres_fdw",
                    "file_fdw", "mysql_fdw", "oracle_fdw", "tds_fdw", "mongo_fdw", "redis_fdw"})  # fmt: skip
"""Extensions that reach other servers, or run jobs."""
OF_EXTENSION = re.compile(r'(?P<comment>COMMENT - )?EXTENSION (?:- )?"?(?P<name>[^" ]+)')
"""An extension in a list of objects, and its comment."""
LOCK_WAIT = 10_000
"""How many milliseconds pg_dump waits for a lock on a table."""
WITHOUT = ("--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces", "--no-privileges")
DISK_FULL, NO_SPACE = "the disk of its server is full", "No space left on device"


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """What a copy lacks."""

    left_out: tuple[str, ...]
    """Objects that were left out on purpose."""
    not_restored: tuple[str, ...]
    """Objects that could not be made there."""
    keys_only: KeysOnly | None = None
    """What its rows are, where they were made up."""


def fill_copy(
    connection: Connection, copy: CopiedDatabase, *, major: int, carry: Callable[[str], None] | None = None
) -> Filled:
    """Copy definitions and rows of the database; `major` is the version of the copy's server.

    `carry` brings the rows in place of pg_dump, from the snapshot with the name that it gets.

    Raises NoCopy where pg_dump or pg_restore fails as a whole, and ProgramMissing where one is not installed.
    """
    least = max(connection.pg_version // 10000, major)
    dump, restore = program("pg_dump", least=least).path, program("pg_restore", least=least)
    parameters, owners = role_parameters(connection), owners_of(connection)
    with own_folder() as folder, exported_snapshot(connection) as snapshot:
        file, wanted = folder / "definitions", folder / "list"
        reading = [dump, "--format=custom", f"--lock-wait-timeout={LOCK_WAIT}", f"--snapshot={snapshot.name}", *WITHOUT]
        reading.append(f"--dbname={conninfo(parameters)}")
        _dump_definitions([*reading, "--section=pre-data", "--section=post-data", f"--file={file}"], parameters)
        left_out = _choose(restore, str(file), wanted, copy, owners)
        made = [restore.path, *HOW, f"--dbname={conninfo(copy.parameters)}"]
        failed = _restore([*made, "--section=pre-data", f"--use-list={wanted}", str(file)], copy)
        if carry:
            carry(snapshot.name)
        else:
            failed += _pipe([*reading, "--section=data"], parameters, [*made, "--section=data"], copy)
        refuse_rewritten(snapshot, NoCopy)
        failed += _restore([*made, "--section=post-data", f"--use-list={wanted}", str(file)], copy)
    return _filled(copy, left_out, failed, owners)


def fill_from_archive(connection: Connection, archive: str, restore: Program, copy: CopiedDatabase) -> Filled:
    """Restore an archive into an empty copy with the program `restore`, as `fill_copy` does with a dump of its own."""
    owners = owners_of(connection)
    with own_folder() as folder:
        wanted = folder / "list"
        left_out = _choose(restore, archive, wanted, copy, owners)
        made = [restore.path, *HOW, f"--dbname={conninfo(copy.parameters)}", f"--use-list={wanted}", archive]
        failed = _restore(made, copy)
    return _filled(copy, left_out, failed, owners)


def _filled(copy: CopiedDatabase, left_out: Sequence[str], failed: Iterable[str], owners: Sequence[str]) -> Filled:
    with closing(open_connection(copy.parameters)) as session:
        session.execute(statement("copying.analyze").encode())
    not_restored = dict.fromkeys(name_of(one, owners) for one in failed)
    return Filled(left_out=tuple(left_out), not_restored=tuple(not_restored))


def _choose(restore: Program, archive: str, wanted: Path, copy: CopiedDatabase, owners: Sequence[str]) -> list[str]:
    """Write the list of what is restored, and return the rest, in words."""
    with closing(open_connection(copy.parameters)) as session:
        has = {name for (name,) in session.execute(statement("copying.extensions").encode()).fetchall()}
    try:
        entries = entries_of(archive, restore)
    except BrokenOff as error:
        raise NoCopy(str(error)) from None
    reasons = {one.id: _why_left_out(one.words, has) for one in entries}
    write_list([one for one in entries if reasons[one.id] is None], wanted)
    left_out = [one for one in entries if reasons[one.id] and not one.words.startswith("COMMENT ")]
    return [f"{one.name(owners)}: {reasons[one.id]}" for one in left_out]


def _why_left_out(words: str, has: set[str]) -> str | None:
    if REACHES_OUT.match(words.removeprefix("COMMENT - ")):
        return "it would act, or reach another server"
    found = OF_EXTENSION.match(words)
    if found and found["name"] in ACTING:
        return "it reaches other servers or runs jobs"
    if found and not found["comment"] and found["name"] not in has:
        return "the copy's server does not have it"
    return None


def _restore(command: list[str], copy: CopiedDatabase) -> list[str]:
    with guarded_program(command, environment=environment(copy.parameters)) as program:
        code = program.wait()
        return _failed(program.said, code)


def _pipe(reading: list[str], parameters: dict[str, Any], writing: list[str], copy: CopiedDatabase) -> list[str]:
    """Let pg_restore read what pg_dump writes; whichever fails ends both."""
    with (
        guarded_program(reading, environment=environment(parameters), stdout=subprocess.PIPE) as source,
        guarded_program(writing, environment=environment(copy.parameters), stdin=source.stdout) as sink,
    ):
        source.stdout.close()  # so that pg_dump notices where nobody reads any more
        code = sink.wait()
        if source.wait():
            raise NoCopy(f"pg_dump could not read the rows ({_reason(source.said)})", hint=_hint(source.said))
        return _failed(sink.said, code)


def _failed(told: str, returncode: int) -> list[str]:
    if NO_SPACE in told:
        raise NoCopy(DISK_FULL, hint="Name a server with enough room: --scratch-url URL.")
    if returncode and WENT_ON not in told:
        raise NoCopy(f"pg_restore could not fill it (it ended with {returncode})")
    return FAILED.findall(told)


def _dump_definitions(command: list[str], parameters: dict[str, Any]) -> None:
    with guarded_program(command, environment=environment(parameters)) as program:
        if program.wait():
            said = program.said
            raise NoCopy(f"pg_dump could not read the definitions ({_reason(said)})", hint=_hint(said))


def _reason(told: str) -> str:
    """Return the first error of pg_dump up to its colon, after which a value could stand."""
    lines = [line.removeprefix("pg_dump: error: ") for line in told.splitlines() if "error:" in line]
    return lines[0].partition("DETAIL")[0].strip() if lines else "without a reason"


def _hint(told: str) -> str:
    if "permission denied for large object" in told:
        return "GRANT SELECT ON LARGE OBJECT … TO the role, or rehearse as the owner of the large objects."
    return ""
