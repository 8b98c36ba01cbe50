"""The tests' PostgreSQL server: fresh databases from templates, roles, and commands run on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.postgresql.embedded_server import Server
from tests.support import commands
from tests.support.commands import ROOT, Result, Running

SCHEMAS = ROOT / "ehr" / "schema"
NUMBERS = count(1)
MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3
SETTINGS = {"max_wal_size": "256MB", "full_page_writes": "off", "autovacuum": "off"}


def new_folder() -> Path:
    """A folder for a server, in memory where there is room: a database is made in a tenth of the time there."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    return Path(tempfile.mkdtemp(prefix="ehr-", dir=MEMORY if roomy else None))


def new_server(**settings: str) -> Server:
    """A server of the version that POSTGRESQL_VERSION names, 18 where it names none."""
    version = int(os.environ.get("POSTGRESQL_VERSION", "18"))
    return Server.create(version=version, folder=new_folder(), settings=SETTINGS | settings)


@dataclass
class Database:
    """One database; `id_type` is what EHR_ID_TYPE is set to when a command runs on it."""

    server: Server
    name: str
    id_type: str = "uuid"

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    def along(self, search_path: str) -> str:
        """The address for a session with that search path; what is special in a URL is encoded already."""
        return f"{self.url}?options=-csearch_path%3D{search_path.replace(',', '%2C')}"

    @cached_property
    def connection(self) -> psycopg.Connection[Any]:
        """One autocommit connection for looking and for test data; it holds no lock between statements."""
        return psycopg.connect(self.url, autocommit=True)

    def execute(self, statement: Any, *parameters: Any) -> None:
        """Run SQL; several statements at once where there are no parameters."""
        self.connection.execute(statement, parameters or None)

    def rows(self, statement: Any, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, parameters or None).fetchall()

    def value(self, statement: Any, *parameters: Any) -> Any:
        """The first column of the first row."""
        return self.rows(statement, *parameters)[0][0]

    def insert(self, table: str, **columns: Any) -> None:
        """One row; columns that the table does not have are left out, because hospitals differ."""
        there = {name for (name,) in self.rows("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass", table)}
        given = {name: value for name, value in columns.items() if name in there}
        self.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, given)),
                sql.SQL(", ").join(sql.Placeholder() * len(given)),
            ),
            *given.values(),
        )

    def run(self, *arguments: str, url: str | None = None, **variables: str) -> Result:
        """`python manage.py …` on this database."""
        together: dict[str, Any] = self.variables(url) | variables
        return commands.manage(*arguments, **together)

    def start(self, *arguments: str, url: str | None = None, **variables: str) -> Running | subprocess.Popen[str]:
        """The same, without waiting for its end."""
        return commands.start(*arguments, **(self.variables(url) | variables))

    def variables(self, url: str | None = None) -> dict[str, str]:
        return {"DATABASE_URL": url or self.url, "EHR_ID_TYPE": self.id_type}

    @contextmanager
    def session(self, *statements: str, role: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """A second session, in the middle of a transaction that has run the statements."""
        with psycopg.connect(self.server.url(self.name, user=role)) as second:
            for statement in statements:
                second.execute(statement)
            yield second
            second.rollback()

    def wait_for(self, condition: str, *parameters: Any, seconds: float = 60) -> None:
        """Until a SELECT gives true; AssertionError where it never does."""
        end = time.monotonic() + seconds

        def holds() -> bool:
            with suppress(psycopg.errors.SerializationFailure):  # a standby that catches up ends this look, too
                return bool(self.value(condition, *parameters))
            return False

        while not holds():
            assert time.monotonic() < end, f"waited {seconds} s in vain for: {condition}"
            time.sleep(0.02)

    def close(self) -> None:
        if "connection" in self.__dict__:
            self.__dict__.pop("connection").close()


@dataclass
class Cluster:
    """One server with its template databases, each made when first asked for."""

    server: Server
    templates: dict[tuple[str, str], Database] = field(default_factory=dict)

    @cached_property
    def administration(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.server.url(), autocommit=True)

    def create(self, state: str, id_type: str = "uuid", *, name: str | None = None) -> Database:
        """A fresh database in one of the `STATES`; the caller drops it."""
        template = "template0" if state == "empty" else self.template(state, id_type).name
        database = Database(self.server, name or f"test_{next(NUMBERS)}_{state}", id_type)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.administration.execute(statement.format(sql.Identifier(database.name), sql.Identifier(template)))
        return database

    def template(self, state: str, id_type: str) -> Database:
        if (state, id_type) not in self.templates:
            before, prepare = STATES[state]
            database = self.create(before, id_type, name=f"template_{state}_{id_type}")
            try:
                prepare(database)
            except BaseException:
                self.drop(database)
                raise
            database.close()
            self.templates[state, id_type] = database
        return self.templates[state, id_type]

    def drop(self, database: Database) -> None:
        """Drop it, whoever is still connected, and whatever prepared transaction is left in it."""
        for (gid,) in database.rows("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
            database.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(gid)))
        database.close()
        self.administration.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database.name)))

    def remove(self) -> None:
        self.administration.close()
        self.server.remove()


def schema(name: str, id_type: str) -> str:
    """The SQL of `legacy` or `patient_module`, as the hospital's Prisma backend made it."""
    return (SCHEMAS / f"{name}_{id_type}.sql").read_text()


def migrate(*arguments: str) -> Callable[[Database], None]:
    def prepare(database: Database) -> None:
        done = database.run("migrate", *arguments)
        assert done.code == 0, done.said

    return prepare


def legacy(database: Database) -> None:
    database.execute(schema("legacy", database.id_type))


def patient_module(database: Database) -> None:
    database.execute(schema("patient_module", database.id_type))


STATES: dict[str, tuple[str, Callable[[Database], None]]] = {
    "hospital": ("empty", legacy),
    "by_hand": ("hospital", patient_module),
    "with_patients": ("hospital", migrate("patients")),
    "with_keys": ("with_patients", migrate("ehr", "0002")),
    "migrated": ("with_keys", migrate()),
    "new": ("empty", migrate()),
}
"""What a database can be asked to be: made from which other state, and how."""


def names(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The first column."""
    return [row[0] for row in rows]
