"""A small Django project in a git repository of its own, whose settings lead to no database."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from migrations_safety.postgresql.table_figures import TableFigures
from tests.support.commands import ROOT, Result, environment, listen_to_signals

SETTINGS = """\
INSTALLED_APPS = ["migrations_safety", "shop"]
DATABASES = {databases}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""
MANAGE = """\
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project_settings")
execute_from_command_line(sys.argv)
"""
PRODUCTION = (
    '{"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "production", "HOST": "127.0.0.1", "PORT": "1"}}'
)
MIGRATION = """\
from django.contrib.postgres.operations import AddIndexConcurrently, CreateExtension
from django.db import migrations, models


{code}


class Migration(migrations.Migration):
    atomic = {atomic}
    replaces = {replaces}
    dependencies = {dependencies}
    operations = [
        {operations}
    ]
"""
ORDER = """migrations.CreateModel("Order", [
            ("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField(null=True)),
        ]),"""
INDEX = 'migrations.AddIndex("order", models.Index(fields=["number"], name="order_number")),'

CONCURRENTLY = 'AddIndexConcurrently("order", models.Index(fields=["number"], name="order_number")),'


def large_table(name: str) -> TableFigures:
    """The figures of a table of 20 GB that is in use."""
    return TableFigures(
        table=name, schema="public", oid=1, partition_of=None, rows=50_000_000, bytes=20_000_000_000,
        index_bytes=2_000_000_000, indexes=1, keys=0, reads_per_second=9.0, writes_per_second=9.0,
        reads_per_second_since_reset=9.0, writes_per_second_since_reset=9.0, open_transactions=None,
        longest_transaction_seconds=None, is_used=True,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class GitProject:
    """The project, whose app `shop` has migrations."""

    folder: Path
    databases: str = PRODUCTION

    def __post_init__(self) -> None:
        (self.migrations).mkdir(parents=True)
        (self.folder / "project_settings.py").write_text(SETTINGS.format(databases=self.databases))
        (self.folder / "manage.py").write_text(MANAGE)
        for package in (self.migrations.parent, self.migrations):
            (package / "__init__.py").touch()
        self.git("init", "--quiet", "--initial-branch=main")
        (self.folder / ".gitignore").write_text("__pycache__\n")

    @property
    def migrations(self) -> Path:
        """The folder of the app's migrations."""
        return self.folder / "shop" / "migrations"

    def migration(
        self, name: str, operations: str, *, after: tuple[str, ...] = (), code: str = "", atomic: bool = True,
        replaces: tuple[str, ...] = (),
    ) -> Path:  # fmt: skip
        """Write a migration that depends on others of the app."""
        file = self.migrations / f"{name}.py"
        file.write_text(
            MIGRATION.format(
                operations=operations,
                code=textwrap.dedent(code),
                atomic=atomic,
                dependencies=[("shop", one) for one in after],
                replaces=[("shop", one) for one in replaces],
            )
        )
        return file

    def git(self, *words: str) -> str:
        """Run git in the project, and return what it prints."""
        author = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *author, *words], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")

    def start(self, *words: str, folder: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        """Start a command of the project; no variable names a database."""
        return subprocess.Popen(
            [sys.executable, str(self.folder / "manage.py"), *words],
            cwd=folder or self.folder,
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=listen_to_signals,
        )

    def run(self, *words: str, folder: Path | None = None, **variables: str) -> Result:
        """Run a command of the project to its end."""
        running = self.start(*words, folder=folder, **variables)
        out, err = running.communicate(timeout=240)
        return Result(code=running.returncode, out=out, err=err)

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of its commands."""
        path = os.pathsep.join([str(self.folder), str(ROOT)])
        own = {"DJANGO_SETTINGS_MODULE": "project_settings", "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        return environment(MIGRATIONS_SAFETY_MEASURE="yes", **own) | variables
