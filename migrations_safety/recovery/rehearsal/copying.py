"""Fills a copy from the original, which is only read, in one snapshot and past any file of rows.

The definitions go through a file, so that what could act can be left out: publications, subscriptions, event triggers,
foreign servers, and extensions that reach outside or run jobs. The rows go through a pipe.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrations_safety.backup.source import exported_snapshot, refuse_rewritten
from migrations_safety.measurement.own_folder import own_folder
from migrations_safety.measurement.schema_copy import ENTRY, FAILED, HOW, OUTSIDE, WENT_ON
from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import CopiedDatabase
from migrations_safety.postgresql.guarded_program import guarded_program
from migrations_safety.postgresql.programs import conninfo, environment, program
from migrations_safety.postgresql.second_connection import open_connection, role_parameters
from migrations_safety.recovery.rehearsal.report import KeysOnly
from migrations_safety.sql import statement

ACTING = frozenset({"dblink", "pg_cron", "pg_net", "http", "pgagent", "plproxy", "aws_s3", "aws_lambda", "postgres_fdw",
                    "file_fdw", "mysql_fdw", "oracle_fdw", "tds_fdw", "mongo_fdw", "redis_fdw"})  # fmt: skip
"""Extensions that reach other servers, or run jobs."""
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
    dump, restore = program("pg_dump", least=least).path, program("pg_restore", least=least).path
    parameters = role_parameters(connection)
    with own_folder() as folder, exported_snapshot(connection) as snapshot:
        file, wanted = folder / "definitions", folder / "list"
        reading = [dump, "--format=custom", f"--lock-wait-timeout={LOCK_WAIT}", f"--snapshot={snapshot.name}", *WITHOUT]
        reading.append(f"--dbname={conninfo(parameters)}")
        _run([*reading, "--section=pre-data", "--section=post-data", f"--file={file}"], parameters, "pg_dump")
        left_out = _choose(restore, str(file), wanted, copy)
        made = [restore, *HOW, f"--dbname={conninfo(copy.parameters)}"]
        failed = _restore([*made, "--section=pre-data", f"--use-list={wanted}", str(file)], copy)
        if carry:
            carry(snapshot.name)
        else:
            failed += _pipe([*reading, "--section=data"], parameters, [*made, "--section=data"], copy)
        refuse_rewritten(snapshot, NoCopy)
        failed += _restore([*made, "--section=post-data", f"--use-list={wanted}", str(file)], copy)
    _analyze(copy)
    return Filled(left_out=tuple(left_out), not_restored=tuple(dict.fromkeys(failed)))


def fill_from_archive(connection: Connection, archive: str, restore: str, copy: CopiedDatabase) -> Filled:
    """Restore an archive into an empty copy with the program `restore`, as `fill_copy` does with a dump of its own."""
    with own_folder() as folder:
        wanted = folder / "list"
        left_out = _choose(restore, archive, wanted, copy)
        made = [restore, *HOW, f"--dbname={conninfo(copy.parameters)}", f"--use-list={wanted}", archive]
        failed = _restore(made, copy)
    _analyze(copy)
    return Filled(left_out=tuple(left_out), not_restored=tuple(dict.fromkeys(failed)))


def _choose(restore: str, file: str, wanted: Path, copy: CopiedDatabase) -> list[str]:
    """Write the list of what is restored, and return the rest, in words."""
    listed = _run([restore, "--list", file], {}, "pg_restore")
    with closing(open_connection(copy.parameters)) as session:
        has = {name for (name,) in session.execute(statement("copying.extensions").encode()).fetchall()}
    left_out, lines = [], []
    for line in listed.splitlines():
        entry = ENTRY.match(line)
        kind, rest = (entry["kind"], entry["rest"]) if entry else ("", "")
        why = _why_left_out(kind, rest, has)
        if why is None:
            lines.append(line)
        elif kind != "COMMENT":
            left_out.append(f"{_entry(f'{kind} {rest}')}: {why}")
    wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return left_out


def _why_left_out(kind: str, rest: str, has: set[str]) -> str | None:
    if kind.startswith(OUTSIDE):
        return "it would act, or reach another server"
    words = rest.replace("EXTENSION ", "").split()
    named = kind == "EXTENSION" or (kind == "COMMENT" and "EXTENSION" in rest)
    if named and len(words) > 1 and words[1].strip('"') in ACTING:
        return "it reaches other servers or runs jobs"
    if named and kind == "EXTENSION" and words[1] not in has:
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
    return [_entry(one) for one in FAILED.findall(told)]


def _run(command: list[str], parameters: dict[str, Any], name: str) -> str:
    """Run a program that reads definitions, and return its output."""
    with guarded_program(command, environment=environment(parameters), stdout=subprocess.PIPE) as program:
        out = program.stdout.read().decode(errors="replace")
        if program.wait():
            raise NoCopy(f"{name} could not read the definitions ({_reason(program.said)})", hint=_hint(program.said))
        return out


def _reason(told: str) -> str:
    """Return the first error of pg_dump up to its colon, after which a value could stand."""
    lines = [line.removeprefix("pg_dump: error: ") for line in told.splitlines() if "error:" in line]
    return lines[0].partition("DETAIL")[0].strip() if lines else "without a reason"


def _hint(told: str) -> str:
    if "permission denied for large object" in told:
        return "GRANT SELECT ON LARGE OBJECT … TO the role, or rehearse as the owner of the large objects."
    return ""


def _entry(entry: str) -> str:
    return entry.removesuffix("(no owner)").rpartition(" ")[0].replace(" - ", " ").strip()


def _analyze(copy: CopiedDatabase) -> None:
    with closing(open_connection(copy.parameters)) as session:
        session.execute(statement("copying.analyze").encode())
