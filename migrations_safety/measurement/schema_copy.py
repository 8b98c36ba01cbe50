"""Copies the target's schema and its django_migrations to the scratch database, with pg_dump and pg_restore.

Some objects are left out on purpose and named in the result: what reaches other servers (foreign servers with their
user mappings and tables, publications, subscriptions), event triggers, extensions that the scratch server lacks, and
tables that the role may not read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from migrations_safety.measurement.scratch import PYTHON_ONLY, NotMeasured, Place, situation_of
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.embedded_server import NoServerBinaries, binaries
from migrations_safety.postgresql.second_connection import connection_parameters
from migrations_safety.sql import statement

LOCK_WAIT = 250
"""How many milliseconds pg_dump may wait for a lock: the longest time that one attempt of `migrate` waits."""
OUTSIDE = (
    "EVENT TRIGGER", "FOREIGN DATA WRAPPER", "SERVER", "USER MAPPING", "FOREIGN TABLE", "PUBLICATION",
    "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "SUBSCRIPTION", "SECURITY LABEL",
)  # fmt: skip
"""Kinds of objects that are not restored, named as in the output of `pg_restore --list`."""
WITHOUT = (
    "--schema-only", "--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions",
    "--no-security-labels", "--no-tablespaces",
)  # fmt: skip
ENTRY = re.compile(r"^\d+; \d+ \d+ (?P<kind>[A-Z]+(?: [A-Z]+)*) (?P<rest>.*)$")
FAILED = re.compile(r"from TOC entry \d+; \d+ \d+ (?P<entry>.*)$", re.MULTILINE)


def copy_schema(connection: Connection, place: Place) -> tuple[str, ...]:
    """Copy the schema of the target to the scratch database, and return what was left out, in words.

    Raises NotMeasured where pg_dump or pg_restore is not installed, or where pg_dump fails.
    """
    with tempfile.TemporaryDirectory(prefix="migrations-safety-schema-") as folder:
        file, wanted = Path(folder) / "schema", Path(folder) / "list"
        unreadable = _unreadable(connection)
        _dump(connection, file, without=unreadable)
        left_out = [f"TABLE {name}: the role may not read it" for name in unreadable]
        left_out += _choose(file, wanted, place)
        left_out += _restore(file, wanted, place)
    _copy_record(connection, place)
    return tuple(left_out)


def _unreadable(connection: Connection) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement("schema_copy.unreadable"))
        return [name for (name,) in cursor.fetchall()]


def _dump(connection: Connection, file: Path, *, without: list[str]) -> None:
    parameters = connection_parameters(connection)
    program = _program("pg_dump", least=connection.pg_version // 10000)
    excluded = [f"--exclude-table={name}" for name in without]
    command = [program, "--format=custom", f"--file={file}", f"--lock-wait-timeout={LOCK_WAIT}", *WITHOUT, *excluded]
    done = _run([*command, f"--dbname={_dsn(parameters)}"], password=parameters.get("password"))
    if done.returncode:
        raise NotMeasured(f"pg_dump could not read the schema ({_reason(done.stderr)})")


def _choose(file: Path, wanted: Path, place: Place) -> list[str]:
    """Write the list of objects that are restored, and return the others, in words."""
    listed = _run([_program("pg_restore", least=place.version), "--list", str(file)], password=None).stdout
    has, left_out, lines = _available_extensions(place), [], []
    for line in listed.splitlines():
        entry = ENTRY.match(line)
        kind, rest = (entry["kind"], entry["rest"]) if entry else ("", "")
        missing = kind == "EXTENSION" and rest.split()[1] not in has
        if entry and (kind.startswith(OUTSIDE) or missing):
            left_out.append(_entry(f"{kind} {rest}") + (": the scratch's server has it not" if missing else ""))
        else:
            lines.append(line)
    wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return left_out


def _available_extensions(place: Place) -> set[str]:
    with closing(psycopg.connect(**place.parameters)) as session:
        return {name for (name,) in session.execute(statement("schema_copy.extensions").encode()).fetchall()}


def _restore(file: Path, wanted: Path, place: Place) -> list[str]:
    """Run pg_restore, which goes on after an error, and return the objects that failed, in words."""
    program = _program("pg_restore", least=place.version)
    command = [program, "--no-owner", "--no-privileges", f"--use-list={wanted}", f"--dbname={place.dsn}", str(file)]
    done = _run(command, password=place.parameters.get("password"))
    return [f"{_entry(one)}: it could not be made there" for one in FAILED.findall(done.stderr)]


def _copy_record(connection: Connection, place: Place) -> None:
    if "django_migrations" not in catalog.tables(connection, ["django_migrations"]):
        return
    with connection.cursor() as cursor:
        cursor.execute(statement("schema_copy.applied"))
        applied = cursor.fetchall()
    with closing(psycopg.connect(**place.parameters)) as session, session.cursor() as cursor:
        cursor.execute(statement("schema_copy.set_search_path"), {"path": situation_of(connection).search_path})
        cursor.executemany(
            statement("schema_copy.apply"), [dict(zip(("app", "name", "applied"), row, strict=True)) for row in applied]
        )


def _program(name: str, *, least: int) -> str:
    """Return the path of one of PostgreSQL's programs, of version `least` or newer.

    Raises NotMeasured where the program is not installed.
    """
    for version in range(least, 19):
        try:
            found = binaries(version) / name
        except NoServerBinaries:
            continue
        if found.exists():
            return str(found)
    if on_path := shutil.which(name):
        return on_path
    raise NotMeasured(f"{name} of PostgreSQL {least} or newer is not installed here")


def _dsn(parameters: dict[str, Any]) -> str:
    without = {key: value for key, value in parameters.items() if key not in PYTHON_ONLY}
    return psycopg.conninfo.make_conninfo("", **without)


def _run(command: list[str], *, password: str | None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | ({"PGPASSWORD": password} if password else {})
    how: dict[str, Any] = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "check": False}
    return subprocess.run(command, env=environment, **how)


def _entry(entry: str) -> str:
    """Return an entry of `pg_restore --list` without its owner, for example `TABLE public bed`."""
    return " ".join(entry.split()[:-1]).replace(" - ", " ")


def _reason(stderr: str) -> str:
    """Return the first error message of pg_dump, which holds no value because pg_dump reads no rows here."""
    lines = [line.removeprefix("pg_dump: error: ") for line in stderr.splitlines() if "error:" in line]
    return lines[0] if lines else "without a reason"
