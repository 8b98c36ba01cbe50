"""Both runs side by side, and what differs: `python -m tests.django_suite [LABEL …]`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import django
import psycopg

from migrations_safety.postgresql.embedded_server import Server
from tests.django_suite.expected import DIFFERENCES
from tests.django_suite.outcomes import Outcomes, compare
from tests.support.commands import environment
from tests.support.forked_commands import ROOT

LABELS = (
    "migrations",
    "migrate_signals",
    "migration_test_data_persistence",
    "multiple_database",
    "swappable_models",
    "contenttypes_tests",
)
LIMIT = 1200
"""Seconds for each of the two runs."""
FEWEST = 700
"""Tests that pass with plain Django under all labels at least: a run that sees fewer has not seen them."""

LOGS = ROOT / ".cache" / "django-suite"


def main() -> int:
    """Run, compare, say; the exit code."""
    options = arguments()
    source = fetch(django.__version__)
    plain, ours = run_both(source, options.labels, version=options.postgresql)
    found = compare(plain, ours, DIFFERENCES)
    for line in found.lines():
        print(line)
    print(f"Django {django.__version__}: {found.summary()} What ours said: {LOGS}/ours.log")
    too_few = len(found.passed) < (FEWEST if options.labels == list(LABELS) else 1)
    if too_few:
        print("Too few tests were seen: this run says nothing.")
    return 1 if found.new or found.gone or too_few else 0


def arguments() -> argparse.Namespace:
    """Which tests, on which server."""
    parser = argparse.ArgumentParser(prog="python -m tests.django_suite", description=__doc__)
    parser.add_argument("labels", nargs="*", default=list(LABELS), metavar="LABEL")
    parser.add_argument("--postgresql", type=int, default=18, metavar="VERSION")
    return parser.parse_args()


def fetch(version: str) -> Path:
    """The folder `tests` of this Django's source, from the package index or from `.cache`."""
    cache = ROOT / ".cache"
    source = cache / f"django-{version}"
    if not source.exists():
        cache.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=cache) as folder:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
            pip += ["--no-deps", "--no-binary", ":all:", "--dest", folder, f"django=={version}"]
            subprocess.run(pip, check=True, stdin=subprocess.DEVNULL)
            with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as archive:
                archive.extractall(folder, filter="data")
            next(one for one in Path(folder).iterdir() if one.is_dir()).rename(source)
    return source / "tests"


def run_both(source: Path, labels: list[str], *, version: int) -> tuple[Outcomes, Outcomes]:
    """How each test ended with plain Django and with ours, side by side.

    Those that are known to differ run after the others: a test that ends early leaves tables to the next one.
    """
    server = Server.create(version=version)
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        plain = Run(server, source, labels, "plain")
        ours = Run(server, source, labels, "ours", without=DIFFERENCES)
        outcomes = ours.outcomes()
        chosen = [name for name in DIFFERENCES if name.split(".")[0] in {label.split(".")[0] for label in labels}]
        if chosen:
            outcomes |= Run(server, source, chosen, "ours", name="differing").outcomes()
        return plain.outcomes(), outcomes
    finally:
        server.remove()


class Run:
    """One run in a process of its own, which has been started."""

    def __init__(
        self, server: Server, source: Path, labels: list[str], commands: str, *, without: Iterable[str] = (),
        name: str = ""
    ) -> None:  # fmt: skip
        self.name = name or commands
        self.file, self.log = LOGS / f"{self.name}.json", LOGS / f"{self.name}.log"
        self.file.unlink(missing_ok=True)
        names = [f"{self.name}_{alias}" for alias in ("default", "other")]
        with psycopg.connect(server.url(), autocommit=True) as connection:
            for database in names:
                connection.execute(f"CREATE DATABASE {database}".encode())
        variables = environment(
            PYTHONPATH=str(ROOT),
            DJANGO_SUITE_COMMANDS=commands,
            DJANGO_SUITE_OUTCOMES=str(self.file),
            DJANGO_SUITE_WITHOUT=" ".join(without),
            DJANGO_SUITE_DEFAULT=server.url(names[0]),
            DJANGO_SUITE_OTHER=server.url(names[1]),
        )
        program = [sys.executable, "runtests.py", "--settings=tests.django_suite.settings", "--noinput", "--parallel=1"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*program, *labels], cwd=source, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def outcomes(self) -> Outcomes:
        """By the test's id, when all have ended; exit code 2 of ours where they did not."""
        try:
            self.process.wait(LIMIT)
        finally:
            self.process.kill()
        if not self.file.exists():
            sys.stderr.write(self.log.read_text())
            sys.exit(f"The run {self.name} did not come to its end.")
        return dict(json.loads(self.file.read_text()))


if __name__ == "__main__":
    sys.exit(main())
