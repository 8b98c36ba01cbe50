"""Compares what was restored with what was dumped: the rows of every table, and every definition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile

from migrations_safety.backup.manifest import CountedTable
from migrations_safety.backup.restore import HOW
from migrations_safety.backup.restore_place import RestorePlace
from migrations_safety.backup.source import count_rows, tables_of
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.wording import backup as wording
from migrations_safety.postgresql.guarded_program import guarded_program
from migrations_safety.postgresql.programs import Program, conninfo, environment
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.sql import statement

HEADING = re.compile(r"^-- Name: (.*); Type: (.*); Schema: (.*); Owner: .*$", re.MULTILINE)
NOISE = re.compile(
    r"::(?:\"[^\"]+\"|[a-z_]+)(?: [a-z]+)*(?:\(\d+(?:,\d+)?\))?(?:\[\])?|[\s()\[\]\"]|^--.*$|^\\.*$|ARRAY", re.M
)
"""What PostgreSQL writes in another way once an expression was read again: casts, brackets, arrays of constants.

Quotes too: a database may have the setting `quote_all_identifiers`, and the copy does not have the database's settings.
"""
SETTINGS = re.compile(r"^(?:SET |SELECT pg_catalog\.set_config).*$", re.MULTILINE)
SCHEMA_ONLY = ("--schema-only", *(one for one in HOW if one != "--verbose"))
SKIPPED = ("SCHEMA", "COMMENT", "EXTENSION", "MATERIALIZED VIEW DATA")
"""Kinds that an empty database has, that only an owner may comment on, or whose rows a restore makes anew."""


def differing_rows(place: RestorePlace, tables: tuple[CountedTable, ...]) -> list[Finding]:
    """Return a finding for each table that has another number of rows than in the snapshot of the dump."""
    with closing(open_connection(place.parameters)) as session:
        session.execute(statement("source.unhurried").encode())
        there = {(one.schema, one.table): one.rows for one in count_rows(session, tables_of(session))}
    return [
        wording.differs(f"table {one.schema}.{one.table}", _numbers(one.rows, there.get((one.schema, one.table))))
        for one in tables
        if there.get((one.schema, one.table)) != one.rows
    ]


def _numbers(expected: int, found: int | None) -> str:
    has = "it is missing" if found is None else f"it has {pluralize(found, 'row')}"
    return f"{has}, and the original had {expected:,}"


def differing_definitions(
    archive: str, place: RestorePlace, *, entries: Path, pg_dump: Program, pg_restore: Program, same_version: bool
) -> list[Finding]:
    """Return a finding for each object whose definition is another one after the restore.

    Where the server has another major version, it writes definitions in its own way: then only names are compared.
    """
    expected = _definitions([pg_restore.path, *SCHEMA_ONLY, f"--use-list={entries}", "--file=-", archive])
    command = [pg_dump.path, *SCHEMA_ONLY, "--no-publications", "--no-subscriptions", "--no-security-labels"]
    command.append("--exclude-schema=migrations_safety_scratch")
    found = _definitions([*command, f"--dbname={conninfo(place.parameters)}"], place)
    return list(_differences(expected, found, same_version=same_version))


def _differences(
    expected: dict[tuple[str, str, str], str], found: dict[tuple[str, str, str], str], *, same_version: bool
) -> Iterator[Finding]:
    for name in sorted(expected.keys() | found.keys()):
        label = f"{name[1]} {name[2]} {name[0]}".replace(" - ", " ")
        if name not in found:
            yield wording.differs(label, "it is missing")
        elif name not in expected:
            yield wording.differs(label, "the archive does not have it")
        elif same_version and expected[name] != found[name]:
            yield wording.differs(label, "its definition is another one")


def _definitions(command: list[str], place: RestorePlace | None = None) -> dict[tuple[str, str, str], str]:
    with TemporaryFile() as file:
        known = environment(place.parameters if place else {})
        with guarded_program(command, environment=known, stdout=file) as program:
            code = program.wait()
        if code:
            raise ChildProcessError(f"{Path(command[0]).name} ended with {code}")
        file.seek(0)
        text = file.read().decode(errors="replace")
    _, *parts = HEADING.split(text)
    four = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True)
    return {
        (name, kind, schema): NOISE.sub("", SETTINGS.sub("", body))
        for name, kind, schema, body in four
        if kind not in SKIPPED
    }
