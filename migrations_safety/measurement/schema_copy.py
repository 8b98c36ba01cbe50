"""Copies the target's schema and its django_migrations to the scratch database, with pg_dump and pg_restore.

Some objects are left out on purpose and named in the result: what reaches other servers (foreign servers with their
user mappings and tables, publications, subscriptions), event triggers, extensions that the scratch server lacks, and
tables that the role may not read.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from migrations_safety.measurement.own_folder import own_folder
from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.measurement.scratch import Place, dsn
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.archive_names import name_of, owners_of
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.embedded_server import binaries, versions_with
from migrations_safety.postgresql.second_connection import connection_parameters, open_connection
from migrations_safety.sql import statement

LOCK_WAIT = 250
"""How many milliseconds pg_dump may wait for a lock: the longest time that one attempt of `migrate` waits."""
MAX_STALL = 0.1
"""How many seconds another session may wait for a lock of pg_dump before pg_dump is ended."""
GLANCES = 0.03
"""How many seconds pass between two looks at who waits."""
ATTEMPTS = 5
PAUSE = 0.3
"""How many seconds pass before the second attempt, on average; before each later one twice as many."""
OUTSIDE = (
    "EVENT TRIGGER", "FOREIGN DATA WRAPPER", "SERVER", "USER MAPPING", "FOREIGN TABLE", "PUBLICATION",
    "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "SUBSCRIPTION", "SUBSCRIPTION TABLE", "SECURITY LABEL",
)  # fmt: skip
"""Kinds of objects that reach other servers and are not restored, named as in the output of `pg_restore --list`."""
WITHOUT = ("--schema-only", "--no-privileges", "--no-publications", "--no-subscriptions", "--no-security-labels")
HOW = ("--verbose", "--no-owner", "--no-privileges", "--no-tablespaces")
"""The options of pg_restore. Without `--verbose` it does not name the objects that failed. Owners and tablespaces are
in the file of pg_dump whatever its options are."""
ENTRY = re.compile(r"^\d+; \d+ \d+ (?P<kind>[A-Z]+(?: [A-Z]+)*) (?P<rest>.*)$")
FAILED = re.compile(r"from TOC entry \d+; \d+ \d+ (?P<entry>.*)$", re.MULTILINE)
WENT_ON = "errors ignored on restore"
"""What pg_restore says at the end if it went on after errors with single objects."""
TIMED_OUT = "canceling statement due to lock timeout"
VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


def copy_schema(connection: Connection, place: Place) -> tuple[str, ...]:
    """Copy the schema of the target to the scratch database, and return what was left out, in words.

    Raises NotMeasured where pg_dump or pg_restore is not installed or fails as a whole.
    """
    with own_folder() as folder:
        file, wanted = folder / "schema", folder / "list"
        unreadable = _unreadable(connection)
        version = _dump(connection, file, without=unreadable)
        _, pg_restore = _program("pg_restore", least=max(version, place.version))
        left_out = [f"TABLE {name}: the role may not read it" for name in unreadable]
        owners = owners_of(connection)
        left_out += _choose(pg_restore, file, wanted, place, owners)
        left_out += _restore(pg_restore, file, wanted, place, owners)
    _copy_record(connection, place)
    return tuple(left_out)


def _unreadable(connection: Connection) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement("schema_copy.unreadable"))
        return [name for (name,) in cursor.fetchall()]


def _dump(connection: Connection, file: Path, *, without: list[str]) -> int:
    """Write the schema to the file, and return the version of pg_dump, which an older pg_restore cannot read.

    pg_dump keeps its locks until it ends. It is ended as soon as another session waits for one of them, because whoever
    waits makes all others wait. It is begun again later, as it is where a lock was not free.
    """
    name = f"migrations_safety dump {secrets.token_hex(8)}"
    parameters = connection_parameters(connection) | {"application_name": name}
    version, program = _program("pg_dump", least=connection.pg_version // 10000)
    excluded = [f"--exclude-table={name}" for name in without]
    command = [program, "--format=custom", f"--file={file}", f"--lock-wait-timeout={LOCK_WAIT}", *WITHOUT, *excluded]
    command.append(f"--dbname={dsn(parameters)}")
    for number in range(ATTEMPTS):
        done = _run_unless_waited_for(connection, command, parameters.get("password"), name=name)
        if done and done.returncode and TIMED_OUT not in done.stderr:
            raise NotMeasured(f"pg_dump could not read the schema ({_reason(done.stderr)})")
        if done and not done.returncode:
            return version
        time.sleep(random.uniform(0.5, 1.5) * PAUSE * 2**number)
    raise NotMeasured("pg_dump and other sessions waited for locks of each other each time that it read the schema")


def _run_unless_waited_for(
    connection: Connection, command: list[str], password: str | None, *, name: str
) -> subprocess.CompletedProcess[str] | None:
    """Run a program whose session has this application_name; None if it was ended because another session waited."""
    asked = {"name": name, "seconds": MAX_STALL}
    with ThreadPoolExecutor(1) as thread, connection.cursor() as cursor:
        running = thread.submit(_run, command, password=password)
        was_waited_for = False
        while not running.done():
            time.sleep(GLANCES)
            cursor.execute(statement("schema_copy.end_if_waited_for"), asked)
            was_waited_for = was_waited_for or cursor.fetchone() is not None
        return None if was_waited_for else running.result()


def _choose(program: str, file: Path, wanted: Path, place: Place, owners: Sequence[str]) -> list[str]:
    """Write the list of objects that are restored, and return the others, in words."""
    listed = _run([program, "--list", str(file)], password=None)
    if listed.returncode:
        raise NotMeasured(f"pg_restore could not read the schema (it ended with {listed.returncode})")
    has, left_out, lines = _available_extensions(place), [], []
    for line in listed.stdout.splitlines():
        entry = ENTRY.match(line)
        kind, rest = (entry["kind"], entry["rest"]) if entry else ("", "")
        missing = kind == "EXTENSION" and rest.split()[1] not in has
        if entry and (kind.startswith(OUTSIDE) or missing):
            left_out.append(
                name_of(f"{kind} {rest}", owners) + (": the scratch's server has it not" if missing else "")
            )
        else:
            lines.append(line)
    wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return left_out


def _available_extensions(place: Place) -> set[str]:
    with closing(open_connection(place.parameters)) as session:
        return {name for (name,) in session.execute(statement("schema_copy.extensions").encode()).fetchall()}


def _restore(program: str, file: Path, wanted: Path, place: Place, owners: Sequence[str]) -> list[str]:
    """Run pg_restore, which goes on after an error, and return the objects that failed, in words."""
    command = [program, *HOW, f"--use-list={wanted}", f"--dbname={dsn(place.parameters)}", str(file)]
    done = _run(command, password=place.parameters.get("password"))
    if done.returncode and WENT_ON not in done.stderr:
        raise NotMeasured(f"pg_restore could not make the schema there (it ended with {done.returncode})")
    return [f"{name_of(one, owners)}: it could not be made there" for one in FAILED.findall(done.stderr)]


def _copy_record(connection: Connection, place: Place) -> None:
    if "django_migrations" not in catalog.tables(connection, ["django_migrations"]):
        return
    with connection.cursor() as cursor:
        cursor.execute(statement("schema_copy.applied"))
        applied = cursor.fetchall()
    with closing(open_connection(place.parameters)) as session, session.cursor() as cursor:
        cursor.execute(statement("schema_copy.set_search_path"), {"path": place.search_path})
        cursor.executemany(
            statement("schema_copy.apply"), [dict(zip(("app", "name", "applied"), row, strict=True)) for row in applied]
        )


def _program(name: str, *, least: int) -> tuple[int, str]:
    """Return one of PostgreSQL's programs in the lowest version that is at least `least`: its version and its path.

    Raises NotMeasured where the program is not installed.
    """
    for version in versions_with(name):
        if version >= least:
            return version, str(binaries(version) / name)
    if on_path := shutil.which(name):
        told = VERSION.search(_run([on_path, "--version"], password=None).stdout)
        if told and int(told[1]) >= least:
            return int(told[1]), on_path
    raise NotMeasured(f"{name} of PostgreSQL {least} or newer is not installed here")


def _run(command: list[str], *, password: str | None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LC_ALL": "C"} | ({"PGPASSWORD": password} if password else {})  # English messages
    how: dict[str, Any] = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "check": False}
    return subprocess.run(command, env=environment, **how)


def _reason(stderr: str) -> str:
    """Return the first error message of pg_dump, which holds no value because pg_dump reads no rows here."""
    lines = [line.removeprefix("pg_dump: error: ") for line in stderr.splitlines() if "error:" in line]
    return lines[0] if lines else "without a reason"
