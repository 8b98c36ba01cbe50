"""The reviewers: each reads the project, or the SQL of its migrations, and says what it has to say of each app.

All rules of a reviewer count but those in `ignored`: they are about style or about timeouts, and some of them are said
of nearly every statement.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from subprocess import run
from typing import Any

from tests.benchmarks.review.project import PENDING, Project

Rules = dict[str, set[str]]
"""By the label of the app the rules that the reviewer names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reviewer:
    """`review` gets the project, its files of SQL and the URL of a database that the reviewer may use."""

    package: str
    reads: str
    review: Callable[[Project, list[Path], str], Rules]
    ignored: frozenset[str] = field(default_factory=frozenset)

    @property
    def version(self) -> str | None:
        """Its version, None if it is not installed."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What a reviewer named by app, and how many seconds it took for all of them."""

    rules: Rules
    seconds: float


def reviewed(reviewer: Reviewer, project: Project, files: list[Path], url: str) -> Review:
    """Let a reviewer read everything once."""
    started = time.perf_counter()
    rules = reviewer.review(project, files, url)
    seconds = round(time.perf_counter() - started, 2)
    judged = {label: {one for one in names if one not in reviewer.ignored} for label, names in rules.items()}
    return Review(rules={label: names for label, names in judged.items() if names}, seconds=seconds)


def sql_files(project: Project) -> list[Path]:
    """Write what `sqlmigrate` prints of each pending migration, as the file of its app."""
    folder = project.folder / "sql"
    folder.mkdir()
    files = []
    for label in project.operations:
        files.append(folder / f"{label}.sql")
        files[-1].write_text(project.run("-m", "django", "sqlmigrate", label, PENDING).stdout)
    return files


def _squawk(project: Project, files: list[Path], url: str) -> Rules:
    told = _output("squawk", "--pg-version", "18", "--reporter", "json", *map(str, files))
    return _gathered((Path(one["file"]).stem, one["rule_name"]) for one in json.loads(told))


def _localtools(project: Project, files: list[Path], url: str) -> Rules:
    report = project.folder / "localtools.json"
    options = ("--pg", "18", "--format", "json", "--fail-on", "never", "-o", str(report))
    _output("localtools-postgres-migration-checker", "check", *map(str, files), *options)
    return _gathered(
        (Path(file["name"]).stem, finding["rule"])
        for file in json.loads(report.read_text())["files"]
        for one in file["statements"]
        for finding in one["findings"]
    )


def _pg_migration_guard(project: Project, files: list[Path], url: str) -> Rules:
    options = ("--format", "json", "--fail-on", "none", "--pg-version", "18")
    told = {file.stem: json.loads(_output("pg-migration-guard", *options, str(file))) for file in files}
    return _gathered((label, one["rule_id"]) for label, report in told.items() for one in report["findings"])


def _db_guardrail(project: Project, files: list[Path], url: str) -> Rules:
    variables = {**project.variables(url), "DB_GUARDRAIL_DATABASE_URL": url}
    told = {file.stem: _output("db-guardrail", "analyze", "--no-save", str(file), env=variables) for file in files}
    statuses = ((label, re.search(r"^Migration Status: (\w+)", text, re.MULTILINE)) for label, text in told.items())
    return _gathered((label, found[1]) for label, found in statuses if found)


def _django_migration_linter(project: Project, files: list[Path], url: str) -> Rules:
    done = project.run("-m", "django", "lintmigrations", "--unapplied-migrations", "--no-cache",
                       reviewer="django_migration_linter")  # fmt: skip
    found = re.findall(r"^\((\w+), \w+\)\.\.\. (?:ERR|WARNING)((?:\n\t.*)+)", done.stdout, re.MULTILINE)
    return {label: {re.sub(r" \(.*", "", line) for line in lines.split("\n\t") if line} for label, lines in found}


def _django_safe_migrations(project: Project, files: list[Path], url: str) -> Rules:
    done = project.run("-m", "django", "check_migrations", "--new-only", "--format=json",
                       reviewer="django_safe_migrations")  # fmt: skip
    return _gathered((one["app_label"], one["rule_id"]) for one in json.loads(done.stdout)["issues"])


def _django_deferred_migrations(project: Project, files: list[Path], url: str) -> Rules:
    done = project.run("-m", "django", "check_deploy_safety", reviewer="deferred_migrations")
    return _gathered(re.findall(r"^(\w+)\.\w+\[\d+\] deferred_migrations\.(\w+):", done.stdout + done.stderr, re.M))


def _output(program: str, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Return what a program prints; it stands beside this Python, or on the PATH."""
    path = shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program) or program
    return run([path, *arguments], capture_output=True, text=True, check=False, env=env).stdout


def _gathered(pairs: Any) -> Rules:
    rules: Rules = {}
    for label, rule in pairs:
        rules.setdefault(label, set()).add(rule)
    return rules


SQL, APP = "the SQL of sqlmigrate", "the Django app"
RIVALS = (
    Reviewer(
        package="squawk-cli",
        reads=SQL,
        review=_squawk,
        ignored=frozenset({
            "require-lock-timeout", "require-statement-timeout", "prefer-bigint-over-int", "prefer-text-field",
            "prefer-robust-stmts", "prefer-timestamp-tz", "prefer-identity",
        }),
    ),
    Reviewer(
        package="localtools-postgres-migration-checker",
        reads=SQL,
        review=_localtools,
        ignored=frozenset({"missing-lock-timeout", "missing-statement-timeout", "not-analysed"}),
    ),
    Reviewer(package="pg-migration-guard", reads=SQL, review=_pg_migration_guard, ignored=frozenset({"LCK01"})),
    Reviewer(
        package="db-guardrail",
        reads=f"{SQL}, which it runs and rolls back on the populated database",
        review=_db_guardrail,
        ignored=frozenset({"SAFE", "ERROR", "NO_ISSUES"}),  # ERROR: it cannot run what is not allowed in a transaction
    ),
    Reviewer(package="django-migration-linter", reads=APP, review=_django_migration_linter,
             ignored=frozenset({"RunSQL data migration is not reversible"})),
    Reviewer(
        package="django-safe-migrations",
        reads=APP,
        review=_django_safe_migrations,
        ignored=frozenset({"SM007", "SM015", "SM028", "SM031", "SM035", "SM036"}),
    ),
    Reviewer(package="django-deferred-migrations", reads=APP, review=_django_deferred_migrations,
             ignored=frozenset({"E106"})),  # that it cannot be run again
)  # fmt: skip
"""Beside ours; of each the version that requirements-bench-review.txt names."""
