"""Finds PostgreSQL's own programs (`pg_dump`, `pg_restore`), by the version that each one says it has.

The first one on PATH is often that of another server: a pg_dump 15 refuses a server 18. So all places are asked, and
the program with the server's major version is taken, else the next newer one. Versions without the fixes of August 2025
are never taken: with those a database can make pg_dump or psql run its own code (CVE-2025-8714, CVE-2025-8715).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from migrations_safety.messages.refusals.backup import ProgramMissing
from migrations_safety.postgresql.embedded_server import WHEELS, NoServerBinaries, binaries
from migrations_safety.postgresql.second_connection import KEEPALIVES

FIRST_FIXED = {13: 22, 14: 19, 15: 14, 16: 10, 17: 6}
"""For each major version the first minor version with the fixes of August 2025; version 18 came after them."""
FOLDERS = ((Path("/usr/lib/postgresql"), "*/bin"), (Path("/usr"), "pgsql-*/bin"), (Path("/usr/local"), "pgsql*/bin"))
"""Where packages of Debian, Red Hat and PostgreSQL's own installation put each major version."""
WRAPPER = "pg_wrapper"
"""Debian's script that chooses a version anew at each call; its versions stand in the folders too."""
VERSION = re.compile(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?")
PYTHON_ONLY = ("autocommit", "prepare_threshold", "row_factory")
"""Parameters of psycopg that libpq does not know."""
PASSWORD = "password"
SECRET = ("sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")
"""Parameters of libpq that no list of processes may show, and that have no variable of their own."""
SERVICE = "migrations_safety"
SECONDS_TO_ANSWER = 10
PATIENT: dict[str, Any] = {"connect_timeout": 30, **KEEPALIVES}
"""With what a program ends where its server is gone without a word; the parameters of the caller come before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One installed program of PostgreSQL."""

    path: str
    version: str
    """As the program says it, such as `18.4`."""

    @property
    def major(self) -> int:
        """The major version."""
        return int(self.version.partition(".")[0])

    @property
    def minor(self) -> int:
        """The minor version; 0 for one that is not released yet."""
        return int(self.version.partition(".")[2] or 0)

    @property
    def has_fixes(self) -> bool:
        """Whether it has the fixes of August 2025."""
        return self.minor >= FIRST_FIXED.get(self.major, 0) and self.major >= min(FIRST_FIXED)


def program(name: str, *, least: int) -> Program:
    """Return the program that fits a server of the major version `least`: of that version, else of the next newer one.

    Raises ProgramMissing where there is none, which names the package to install.
    """
    found = installed(name)
    fitting = [one for one in found if one.major >= least and one.has_fixes]
    if not fitting:
        known = tuple(f"{one.version} ({one.path})" for one in found)
        raise ProgramMissing(name=name, version=least, first_fixed=FIRST_FIXED.get(least, 0), found=known)
    return min(fitting, key=lambda one: (one.major, -one.minor))


def installed(name: str) -> list[Program]:
    """Return every program of this name: those on PATH, in PostgreSQL's own folders, and in the embedded wheels."""
    paths = dict.fromkeys(path for path in _places(name) if os.access(path, os.X_OK))
    return [one for path in paths if (one := _asked(path))]


def _places(name: str) -> Iterator[str]:
    for folder in os.get_exec_path():
        path = shutil.which(name, path=folder)
        if path and not os.path.realpath(path).endswith(WRAPPER):
            yield path
    for base, pattern in FOLDERS:
        yield from (str(one / name) for one in sorted(base.glob(pattern)))
    for version in WHEELS:
        try:
            yield str(binaries(version) / name)
        except NoServerBinaries:
            continue


def _asked(path: str) -> Program | None:
    """Return the program with the version that it says, or None where it does not say one."""
    version = _version(path, Path(path).stat().st_mtime_ns)
    return Program(path=path, version=version) if version else None


@cache
def _version(path: str, _changed: int) -> str:
    try:
        how: dict[str, Any] = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "check": False}
        told = subprocess.run([path, "--version"], timeout=SECONDS_TO_ANSWER, **how).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = VERSION.search(told)
    return f"{match[1]}.{match[2]}" if match and match[2] else match[1] if match else ""


def conninfo(parameters: dict[str, Any]) -> str:
    """Return the connection string of these parameters for PostgreSQL's programs.

    It is without passwords, which a list of processes would show: `environment` has them.
    """
    without = {name: value for name, value in parameters.items() if name not in (*PYTHON_ONLY, PASSWORD, *SECRET)}
    if _secrets(parameters):
        without["service"] = SERVICE
    return psycopg.conninfo.make_conninfo("", **(PATIENT | without))


def environment(parameters: dict[str, Any]) -> dict[str, str]:
    """Return the environment in which a program connects with these parameters and speaks English."""
    password, secrets = parameters.get(PASSWORD), _secrets(parameters)
    found = os.environ | {"LC_ALL": "C"}
    if password:
        found["PGPASSWORD"] = str(password)
    if secrets:
        found["PGSERVICEFILE"] = _service_file(secrets, os.getpid())
    return found


def _secrets(parameters: dict[str, Any]) -> str:
    """Return the lines of a service file that has what has no variable; a service that the caller names has its own."""
    if parameters.get("service") or not hasattr(os, "memfd_create"):
        return ""
    return "".join(f"{name}={parameters[name]}\n" for name in SECRET if parameters.get(name))


@cache
def _service_file(secrets: str, process: int) -> str:
    """Return the name of a file in memory, which this user alone may read while this process lives."""
    file = os.memfd_create(SERVICE, os.MFD_CLOEXEC)
    os.write(file, f"[{SERVICE}]\n{secrets}".encode())
    return f"/proc/{process}/fd/{file}"
