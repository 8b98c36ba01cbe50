"""How much longer than Django's own `migrate --plan` precheck takes in a large project with few rows."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from migrations_safety.postgresql.embedded_server import Server
from tests.benchmarks.review.project import SETTINGS, Project

APPS, TABLES_OF_APP, PENDING = 10, 10, 20
ROWS = 20
MOST = 5.0
"""The target: at most so many seconds more than `migrate --plan`."""
MIGRATION = """\
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = {dependencies}
    operations = [{operations}]
"""
FIELD = ('("{name}", models.IntegerField(null=True))', 'migrations.AddField("{table}", "{name}", '
         "models.IntegerField(null=True))")  # fmt: skip
LATER = (
    'migrations.AddField("{table}", "{name}", models.IntegerField(null=True))',
    'migrations.AddIndex("{table}", models.Index(fields=["size"], name="{app}_{name}"))',
    'AddConstraintNotValid("{table}", models.CheckConstraint(condition=models.Q(size__gt=0), name="{app}_{name}"))',
    'migrations.AlterField("{table}", "label", models.CharField(max_length=1{number:02}, null=True))',
)
"""What the pending migrations do, in turn."""
USERS = 'models.ForeignKey("app0.Table0", models.CASCADE, null=True, related_name="+")'
"""All tables of a real project hang together; here by the table of the users."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LargeProject:
    """So many migrations in ten apps; the last of them, PENDING together, are not applied."""

    project: Project
    migrations: int
    tables_of_app: int = TABLES_OF_APP

    @property
    def apps(self) -> list[str]:
        """The labels of the apps."""
        return [f"app{number}" for number in range(APPS)]

    @property
    def of_app(self) -> int:
        """The number of migrations of each app."""
        return self.migrations // APPS

    @property
    def applied(self) -> int:
        """The number of those that are applied."""
        return self.of_app - PENDING // APPS

    def write(self) -> None:
        """Make the tables in one step, then write the migrations that might have made them, and record them."""
        apps = ", ".join(f'"{app}"' for app in self.apps)
        (self.project.folder / "review_settings.py").write_text(SETTINGS.format(apps=apps))
        for app in self.apps:
            self._first(app, fields=self.applied)
        self._manage("migrate", "-v", "0")
        self._fill()
        self.write_applied()
        self._manage("migrate", "-v", "0", "--fake")
        self.write_pending()

    def write_applied(self) -> None:
        """Write the migrations that are applied, and the settings."""
        apps = ", ".join(f'"{app}"' for app in self.apps)
        (self.project.folder / "review_settings.py").write_text(SETTINGS.format(apps=apps))
        for app in self.apps:
            self._first(app, fields=1)
            for number in range(2, self.applied + 1):
                self._next(app, number, FIELD[1])

    def write_pending(self) -> None:
        """Write those that are not."""
        for app, turn in zip(self.apps, count(), strict=False):
            for number in range(self.applied + 1, self.of_app + 1):
                self._next(app, number, LATER[(turn + number) % len(LATER)])

    def _manage(self, *arguments: str) -> None:
        done = self.project.run("-m", "django", *arguments)
        if done.returncode:
            raise RuntimeError(done.stderr)

    def _first(self, app: str, *, fields: int) -> None:
        """The first migration; with all fields that the applied ones add, if `fields` is their number."""
        folder = self.project.folder / app / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        for file in (self.project.folder / app / "__init__.py", folder / "__init__.py", folder.parent / "models.py"):
            file.touch()
        models = ", ".join(self._model(app, number, fields) for number in range(self.tables_of_app))
        dependencies = [] if app == "app0" else [("app0", "0001")]
        (folder / "0001.py").write_text(MIGRATION.format(dependencies=dependencies, operations=models))

    def _model(self, app: str, table: int, fields: int) -> str:
        columns = [
            '("id", models.BigAutoField(primary_key=True))', '("size", models.IntegerField(default=1))',
            '("label", models.CharField(max_length=50, null=True))', f'("user", {USERS})',
        ]  # fmt: skip
        own = (number for number in range(2, fields + 1) if number % self.tables_of_app == table)
        columns += [FIELD[0].format(name=f"field{number}") for number in own]
        return f'migrations.CreateModel("Table{table}", [{", ".join(columns)}])'

    def _next(self, app: str, number: int, operation: str) -> None:
        names = {
            "table": f"table{number % self.tables_of_app}",
            "name": f"field{number}",
            "app": app,
            "number": number % 50,
        }
        text = MIGRATION.format(dependencies=[(app, f"{number - 1:04}")], operations=operation.format(**names))
        (self.project.folder / app / "migrations" / f"{number:04}.py").write_text(text)

    def _fill(self) -> None:
        with psycopg.connect(self.project.url, autocommit=True) as connection:
            for app in self.apps:
                for table in range(self.tables_of_app):
                    insert = f"INSERT INTO {app}_table{table} (size) SELECT n FROM generate_series(1, {ROWS}) AS n"
                    connection.execute(insert.encode())
            connection.execute("VACUUM ANALYZE")


COMMANDS = {
    "migrate --plan": ("", ("migrate", "--plan")),
    "precheck --no-measure": ("migrations_safety", ("precheck", "--no-measure")),
    "precheck": ("migrations_safety", ("precheck",)),
}
"""By name: the app that has the command, none for Django's own, and the command."""


def sizes(server: Server, numbers: list[int], *, rounds: int) -> Iterator[dict[str, Any]]:
    """Yield for each number of migrations the seconds of each command, run in turn."""
    for number in numbers:
        with tempfile.TemporaryDirectory(prefix="sizes-") as folder:
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE sizes_{number}".encode())
            project = Project(folder=Path(folder), url=server.url(f"sizes_{number}"))
            LargeProject(project=project, migrations=number).write()
            yield _of_project(project, number, rounds)


def _of_project(project: Project, migrations: int, rounds: int) -> dict[str, Any]:
    measured: dict[str, list[Timed]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, (app, command) in COMMANDS.items():
            measured[name].append(_timed(project, app, command))
    pairs = list(zip(measured["precheck"], measured["migrate --plan"], strict=True))
    more = _spread([ours.seconds - plan.seconds for ours, plan in pairs])
    return {
        "migrations": migrations,
        "pending": PENDING,
        "tables": APPS * TABLES_OF_APP,
        "seconds": {name: _spread([one.seconds for one in found]) for name, found in measured.items()},
        "processor_seconds": {name: _spread([one.processor for one in found]) for name, found in measured.items()},
        "more_seconds": more,
        "more_processor_seconds": _spread([ours.processor - plan.processor for ours, plan in pairs]),
        "targets": {f"precheck at most {MOST:g} s more than migrate --plan": more["median"] <= MOST},
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """One run: seconds on the clock, and of the processor, without those of servers."""

    seconds: float
    processor: float


def _timed(project: Project, app: str, command: tuple[str, ...]) -> Timed:
    started, before = time.perf_counter(), _processor()
    done = project.run("-m", "django", *command, reviewer=app)
    seconds, processor = time.perf_counter() - started, _processor() - before
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return Timed(seconds=seconds, processor=processor)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _spread(found: list[float]) -> dict[str, float]:
    return {"median": round(median(found), 2), "min": round(min(found), 2), "max": round(max(found), 2)}


HEAD = """\
| migrations | pending | tables | `migrate --plan`, s | `precheck --no-measure`, s | `precheck`, s | it takes more, s \
| of it processor, s |
|---|---|---|---|---|---|---|---|"""


def line(result: dict[str, Any]) -> str:
    """Return a result as one row of the Markdown table that HEAD begins."""
    numbers = [f"{result['migrations']:,}", str(result["pending"]), str(result["tables"])]
    times = [f"{result['seconds'][name]['median']:.1f}" for name in COMMANDS]
    more = [_worded(result["more_seconds"]), _worded(result["more_processor_seconds"])]
    return f"| {' | '.join([*numbers, *times, *more])} |"


def _worded(spread: dict[str, float]) -> str:
    return f"{spread['median']:.1f} ({spread['min']:.1f} to {spread['max']:.1f})"
