"""Saves beside an archive what a dump of one database lacks: roles, and the settings of roles and of the database."""

from __future__ import annotations

from pathlib import Path
from subprocess import PIPE
from typing import Any

from migrations_safety.backup.destination import Destination, beside
from migrations_safety.backup.encryption import Encryption, encrypt
from migrations_safety.backup.whole_file import replace_file, whole_file
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.guarded_program import guarded_program
from migrations_safety.postgresql.programs import Program, conninfo, environment
from migrations_safety.sql import statement

NOTE = "-- Roles, tablespaces and settings as pg_dumpall prints them, without passwords.\n"


def globals_of(connection: Connection, pg_dumpall: Program, parameters: dict[str, Any]) -> str | None:
    """Return the statements that make the roles and settings, or None where the role may not read them."""
    command = [pg_dumpall.path, "--globals-only", "--no-role-passwords", "--no-password"]
    own = {name: value for name, value in parameters.items() if name != "client_encoding"}
    command += [f"--database={parameters['dbname']}", "--encoding=UTF8", f"--dbname={conninfo(own)}"]
    with guarded_program(command, environment=environment(parameters), stdout=PIPE) as program:
        text = program.stdout.read().decode(errors="replace")
        if program.wait():
            return None
    return NOTE + text + "".join(f"{line}\n" for line in _settings(connection))


def _settings(connection: Connection) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement("globals.settings"), {})
        return [line for (line,) in cursor.fetchall()]


def save(text: str, archive: Path, encryption: Encryption | None) -> Path:
    """Write them beside the archive, mode 0600, and encrypted as the archive is."""
    _, path = beside(archive, encryption.tool if encryption else None)
    if encryption is None:
        replace_file(path, text)
        return path
    with whole_file(path) as plain:
        plain.stream.write(text.encode())
        encrypt(Path(plain.readable), Destination(path=path), encryption)
    return path
