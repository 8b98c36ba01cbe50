"""The project that is reviewed: for each operation an app with the same tables and one pending migration."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from migrations_safety.postgresql.embedded_server import Server
from tests.benchmarks.review.operations import BASE, OPERATIONS, ROWS, Operation
from tests.support.commands import ROOT, environment

FIRST, PENDING = "0001_initial", "0002_operation"
SETTINGS = """\
import os
from ehr.databases import from_environment
INSTALLED_APPS = [*os.environ.get("REVIEWER", "").split(), {apps}]
DATABASES = from_environment(os.environ)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "of a benchmark"
USE_TZ = True
"""
MIGRATION = """\
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import (
    AddConstraintNotValid, AddIndexConcurrently, CreateCollation, CreateExtension, RemoveCollation,
    RemoveIndexConcurrently, ValidateConstraint,
)
from django.db import migrations, models
from django.db.models.functions import Lower

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.operations import AddForeignKeyNotValid, CreateEnum, ValidateForeignKey


class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = {dependencies}
    operations = [{operations}]
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """The folder of a project with the settings `review_settings`, and the URL of its database."""

    folder: Path
    url: str
    listed: tuple[Operation, ...] = OPERATIONS

    @property
    def operations(self) -> dict[str, Operation]:
        """Each operation by the label of its app."""
        return {f"op{number:02}": one for number, one in enumerate(self.listed, 1)}

    def write(self, rows: int) -> None:
        """Write the project, and make its tables with plain Django before the pending migrations are there."""
        apps = ", ".join(f'"{label}"' for label in self.operations)
        (self.folder / "review_settings.py").write_text(SETTINGS.format(apps=apps))
        for label, operation in self.operations.items():
            folder = self.folder / label / "migrations"
            folder.mkdir(parents=True)
            for file in (
                self.folder / label / "__init__.py",
                folder / "__init__.py",
                self.folder / label / "models.py",
            ):
                file.touch()
            self._migration(label, FIRST, BASE + operation.before, atomic=True, dependencies=[])
        done = self.run("-m", "django", "migrate", "-v", "0")
        if done.returncode:
            raise RuntimeError(done.stderr)
        self._fill(rows)
        for label, operation in self.operations.items():
            self._migration(label, PENDING, operation.text, atomic=operation.atomic, dependencies=[(label, FIRST)])

    def _migration(self, label: str, name: str, operations: str, *, atomic: bool, dependencies: list[object]) -> None:
        text = MIGRATION.format(operations=operations, atomic=atomic, dependencies=dependencies)
        (self.folder / label / "migrations" / f"{name}.py").write_text(text.replace("APP", label))

    def run(self, *arguments: str, reviewer: str = "", url: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `python …` in the project; `reviewer` is its app, `url` another database."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.variables(url or self.url) | {"REVIEWER": reviewer},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def variables(self, url: str) -> dict[str, str]:
        """The environment of a command in the project."""
        path = f"{self.folder}:{ROOT}"
        return environment(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="review_settings", PYTHONPATH=path)

    def _fill(self, rows: int) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for label in self.operations:
                connection.execute(ROWS.format(rows=rows).replace("APP", label).encode())
            connection.execute("VACUUM ANALYZE")


def copied(server: Server, name: str, *, template: str) -> str:
    """Make a copy of a database, and return its URL."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
    return server.url(name)
