"""The four ways to put the same fifteen keys on the same hospital; each is run until it says that it is done."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

import psycopg

from tests.benchmarks.fill import FILL_MODULE
from tests.support.cluster import SCHEMAS
from tests.support.commands import ROOT, environment

TRIES = 3
"""Runs after which a candidate is given up: what loses three times would not be typed a fourth time at night."""
BETWEEN_TRIES = 1.0
"""Seconds that the operator takes to type the command again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """`run` gets the URL and does it all; it returns how many runs it took. `unavailable` says why it cannot.

    `prepare` comes before anything is measured.
    """

    name: str
    what: str
    run: Callable[[str], int]
    prepare: Callable[[str], object] = str
    unavailable: str = ""


PLAIN = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.plain.settings"}


class GivenUp(Exception):
    """A candidate did not come to its end."""


def plain_sql(url: str) -> int:
    """The module's SQL in one transaction, with the fill between the tables and the keys."""
    tables, keys = (SCHEMAS / "patient_module_uuid.sql").read_text().split("-- AddForeignKey", 1)

    def attempt() -> bool:
        try:
            with psycopg.connect(url) as connection:
                for part in (tables, FILL_MODULE, "-- AddForeignKey" + keys):
                    connection.execute(part.encode())
        except psycopg.errors.DeadlockDetected:
            return False
        return True

    try:
        return _until_done(attempt)
    except GivenUp as error:
        raise GivenUp(f"lost as the victim of a deadlock in each of {TRIES} runs") from error


def plain_django(url: str) -> int:
    """Django's own migrate of a plain app."""
    return _command(["-m", "django", "migrate"], url, PLAIN)


def zero_downtime(url: str) -> int:
    """The same app with the backend of django-pg-zero-downtime-migrations."""
    backend = {"PLAIN_BACKEND": "django_zero_downtime_migrations.backends.postgres"}
    return _command(["-m", "django", "migrate"], url, PLAIN | backend)


def ours(url: str) -> int:
    """backfill_placeholders, then migrate, as in a deploy script."""
    runs = [_command([str(ROOT / "manage.py"), command], url) for command in ("backfill_placeholders", "migrate")]
    return max(runs)


def record_plain_hospital(url: str) -> int:
    """Tell the plain app that the hospital's tables are there."""
    return _command(["-m", "django", "migrate", "--fake", "plain", "0001"], url, PLAIN)


def _command(arguments: list[str], url: str, variables: Mapping[str, str] | None = None) -> int:
    said: list[str] = []

    def attempt() -> bool:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment(DATABASE_URL=url, PYTHONPATH=str(ROOT), **(variables or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said.append(done.stderr)
        return done.returncode == 0

    try:
        return _until_done(attempt)
    except GivenUp as error:
        raise GivenUp(f"{' '.join(arguments)}: {said[-1].strip().splitlines()[-1]}") from error


def _until_done(attempt: Callable[[], bool]) -> int:
    for run in range(1, TRIES + 1):
        if attempt():
            return run
        time.sleep(BETWEEN_TRIES)
    raise GivenUp


def _missing() -> str:
    if find_spec("django_zero_downtime_migrations"):
        return ""
    return "django-pg-zero-downtime-migrations is not installed: pip install -r requirements-bench.txt"


CANDIDATES = (
    Candidate(name="a", what="the module's SQL in one transaction", run=plain_sql),
    Candidate(name="b", what="Django's migrate, plain ForeignKeys", run=plain_django, prepare=record_plain_hospital),
    Candidate(
        name="c",
        what="django-pg-zero-downtime-migrations",
        run=zero_downtime,
        prepare=record_plain_hospital,
        unavailable=_missing(),
    ),
    Candidate(name="d", what="backfill_placeholders, migrate", run=ours),
)
