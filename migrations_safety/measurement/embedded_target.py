"""Makes a database from the migrations that are older than a git revision, on a PostgreSQL that is started here.

So a plan can be checked where no database may be reached, as in a commit hook. The server runs in a temporary folder
and answers to this user alone. Nothing of it stays, whether the run ends well, fails, is interrupted or is killed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import ENVIRONMENT_VARIABLE
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from migrations_safety.measurement.child_environment import child_environment
from migrations_safety.measurement.named_in_migrations import extensions_named, roles_named
from migrations_safety.measurement.own_folder import own_folder
from migrations_safety.measurement.scratch_server import scratch_server
from migrations_safety.messages.error_place import file_of
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.embedded import EmbeddedRefused, NoServerHere, ServerNotStarted
from migrations_safety.plan.since import newer_than
from migrations_safety.postgresql.connection import connection_of, leads_to
from migrations_safety.postgresql.embedded_server import Server, extensions_of, versions_with
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.sql import statement

DATABASE = "embedded"
"""The name of the database, which reports show."""
PATIENCE = 600
"""How many seconds the earlier migrations may take."""
Key = tuple[str, str]
"""The label of an app and the name of a migration, as Django has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PassedOver:
    """An operation of an earlier migration that failed on an empty database, and was passed over."""

    migration: str
    """Its label; empty for what happens before and after all migrations."""
    what: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedTarget:
    """How the database was made: from the migrations before `revision`, `earlier` of them."""

    revision: str
    earlier: int
    passed_over: tuple[PassedOver, ...]


@contextmanager
def embedded_target(*, alias: str, revision: str, version: int | None, progress: Progress) -> Iterator[EmbeddedTarget]:
    """Make the database, let the alias lead to it for the length of the block, and remove it.

    `version` is PostgreSQL's major version; without it the newest one is taken of those that have most of the
    extensions that the migrations create. Raises NoServerHere where it is not installed, ServerNotStarted where it
    cannot be started, RevisionRefused where git does not know the revision, and EmbeddedRefused where an earlier
    migration fails.
    """
    module = os.environ.get(ENVIRONMENT_VARIABLE)
    if not module:
        raise EmbeddedRefused(revision=revision, problem="the settings are no module that another process could read")
    disk = _migrations()
    newer = _newer(disk, revision)
    earlier = len(disk) - len(newer)
    with ExitStack() as stack:
        server = _started(stack, _version(version, disk))
        progress.say(f"Applying the {earlier} migrations before {revision} to a PostgreSQL that was started here …")
        settings = _create_database(server, disk, engine=_engine(alias))
        passed_over = _apply(alias, settings, newer, module=module, revision=revision)
        with leads_to(alias, settings):
            yield EmbeddedTarget(revision=revision, earlier=earlier, passed_over=passed_over)


def _migrations() -> dict[Key, Any]:
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return dict(loader.disk_migrations)


def _newer(disk: dict[Key, Any], revision: str) -> set[Key]:
    """Return the migrations that came since the revision, and those that depend on them."""
    files = {key: file_of(migration) for key, migration in disk.items()}
    changed = newer_than(revision, files.values())
    newer = {key for key, file in files.items() if file in changed}
    squashes = {old: key for key, migration in disk.items() for old in migration.replaces if old not in disk}
    while more := {
        key
        for key, migration in disk.items()
        if key not in newer and any(squashes.get(tuple(one), tuple(one)) in newer for one in migration.dependencies)
    }:
        newer |= more
    return newer


def _version(wanted: int | None, disk: dict[Key, Any]) -> int:
    installed = versions_with("initdb")
    if not installed or (wanted and wanted not in installed):
        raise NoServerHere(version=wanted)
    extensions = extensions_named(disk.values())
    return wanted or max(installed, key=lambda one: (len(extensions & extensions_of(one)), one))


def _started(stack: ExitStack, version: int) -> Server:
    """Start the server, which the stack removes again; raises ServerNotStarted where it cannot be started."""
    try:
        return stack.enter_context(scratch_server(version))
    except subprocess.CalledProcessError as error:
        problem = f"{Path(error.cmd[0]).name} ended with {error.returncode}"
        raise ServerNotStarted(version=version, problem=problem) from None


def _engine(alias: str) -> str:
    """Return the engine of the alias, such as that of PostGIS, and Django's own where it is not one of PostgreSQL."""
    connection = connection_of(alias)
    is_ours = connection.vendor == "postgresql"
    return str(connection.settings_dict["ENGINE"]) if is_ours else "django.db.backends.postgresql"


def _create_database(server: Server, disk: dict[Key, Any], *, engine: str) -> dict[str, Any]:
    """Create the database and the roles that the migrations name, and return its entry of DATABASES."""
    with closing(open_connection({"conninfo": server.url(), "autocommit": True})) as session:
        session.execute(sql.SQL(statement("embedded_target.create")).format(name=sql.Identifier(DATABASE)))
        for role in roles_named(disk.values()):
            session.execute(sql.SQL(statement("embedded_target.create_role")).format(name=sql.Identifier(role)))
    where = psycopg.conninfo.conninfo_to_dict(server.url(DATABASE))
    return {
        "ENGINE": engine,
        "NAME": DATABASE,
        "USER": str(where["user"]),
        "PASSWORD": "",
        "HOST": str(where["host"]),
        "PORT": str(where["port"]),
        "OPTIONS": {},
    }


def _apply(
    alias: str, settings: dict[str, Any], newer: set[Key], *, module: str, revision: str
) -> tuple[PassedOver, ...]:
    command = [sys.executable, "-m", "migrations_safety.measurement.earlier_migrations"]
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = child_environment(module=module, databases={alias: settings})
    with own_folder() as folder:
        file = folder / "answer"
        asked = json.dumps({"alias": alias, "without": sorted(newer), "answer": str(file)})
        try:
            done = subprocess.run(
                command, input=asked, text=True, timeout=PATIENCE, check=False, env=environment, **silent
            )
        except subprocess.TimeoutExpired:
            raise EmbeddedRefused(revision=revision, problem=f"they took longer than {PATIENCE} s") from None
        if not file.exists():
            raise EmbeddedRefused(revision=revision, problem=f"the process ended with {done.returncode}")
        answer = json.loads(file.read_text(encoding="utf-8"))
    if "failed" in answer:
        raise EmbeddedRefused(revision=revision, problem=answer["failed"])
    return tuple(PassedOver(**one) for one in answer["passed_over"])
