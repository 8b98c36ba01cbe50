"""The demo, `python -m ehr.demo`: it takes a made-up hospital from orphans to a verified schema."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from migrations_safety.postgresql.embedded_server import Server

DESCRIPTION = "The whole story on a hospital of our own, from orphans to a verified schema."
POSTGRESQL_VERSION = 18
ROWS = 300_000
FEWEST_ROWS = 1_000
PROJECT = Path(__file__).resolve().parent.parent
SCHEMA = PROJECT / "ehr" / "schema"
PAGES = Path(".cache/demo")
"""Where the reports are left as pages, in the folder of the project."""
BACKUPS = PAGES / "backups"
REVIEW, VERIFIED = PAGES / "review.html", PAGES / "verified.html"
OTHER_DATABASES = ("PG", "DATABASE_URL", "EHR_", "DJANGO_SETTINGS_MODULE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One command of the demo, the exit code that it should have, and a sentence that says why it is run."""

    command: str
    exit_code: int
    why: str


STORY = (
    Step(
        command=f"precheck --report html={REVIEW}",
        exit_code=1,
        why="Is it safe to migrate? No: the rows name patients that no table has.",
    ),
    Step(
        command=f"backup_database --output {BACKUPS}",
        exit_code=0,
        why="A backup that is restored and compared, before anything is changed.",
    ),
    Step(command="backfill_placeholders", exit_code=1, why="One placeholder for each; the nil UUID is refused."),
    Step(
        command="backfill_placeholders --nullify bills",
        exit_code=0,
        why="Only bills without a known patient are left: set them to NULL.",
    ),
    Step(command="precheck", exit_code=0, why="And now?"),
    Step(
        command="migrate --require-backup 24h",
        exit_code=0,
        why="The keys, first NOT VALID, then validated; the application goes on.",
    ),
    Step(
        command=f"verify_patient_schema --report html={VERIFIED}",
        exit_code=0,
        why="Is everything as it was declared?",
    ),
    Step(command="diagnose", exit_code=0, why="Where does the database stand, and is anything left to do?"),
)


def main() -> int:
    """Run the demo and return its exit code.

    The exit code is 0 if each command ended with the expected exit code, 1 if not, and 130 after Ctrl-C.
    """
    options = arguments()
    forget_other_databases()
    on_stopping(signal.default_int_handler)
    started = time.monotonic()
    try:
        with server(keep=options.keep) as running:
            url = make_hospital(running, rows=options.rows)
            went_well = tell(url)
            if options.keep:
                print(f"\nThe server is kept: {url}")
                stop = f"kill -INT $(head -n 1 {running.data}/postmaster.pid); sleep 2"
                print(f"Remove it: {stop}; rm -rf {running.folder}")
    except KeyboardInterrupt:
        print("\nInterrupted: the server and its folder are removed.", file=sys.stderr)
        return 130
    if went_well:
        print(f"\nThe review as a page: {(PROJECT / REVIEW).as_uri()}")
        print(f"The verification as a page: {(PROJECT / VERIFIED).as_uri()}")
    print(f"\nThe demo {'is complete' if went_well else 'FAILED'} ({time.monotonic() - started:.0f} s).")
    return 0 if went_well else 1


def arguments() -> argparse.Namespace:
    """Parse the options of the demo: `rows` (int) and `keep` (bool)."""
    parser = argparse.ArgumentParser(prog="python -m ehr.demo", description=DESCRIPTION)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows in the five tables together (default: {ROWS:,})")
    parser.add_argument("--keep", action="store_true", help="leave the server running at the end and print its URL")
    options = parser.parse_args()
    return options if options.rows >= FEWEST_ROWS else parser.error(f"--rows must be {FEWEST_ROWS:,} or more")


def on_stopping(handler: Any) -> None:
    """Set the handler for the signals of Ctrl-C, of `kill` and of a closed terminal."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def forget_other_databases() -> None:
    """Remove every environment variable that names or configures another database."""
    for variable in [name for name in os.environ if name.startswith(OTHER_DATABASES)]:
        del os.environ[variable]


@contextmanager
def server(*, keep: bool) -> Iterator[Server]:
    """Start an embedded server in a temporary folder, and remove both at the end of the block.

    With `keep` they stay, unless an error or Ctrl-C ends the block.
    """
    folder = Path(tempfile.mkdtemp(prefix="ehr-demo-"))
    try:
        print(f"Starting PostgreSQL {POSTGRESQL_VERSION} in {folder} …", flush=True)
        yield Server.create(version=POSTGRESQL_VERSION, folder=folder)
    except BaseException:
        keep = False
        raise
    finally:
        if not keep:
            remove(folder)


def remove(folder: Path) -> None:
    """Stop the server in this folder, if it has started, and delete the folder; signals are ignored meanwhile."""
    on_stopping(signal.SIG_IGN)
    started = Server(version=POSTGRESQL_VERSION, folder=folder, port=0)
    if (started.data / "postmaster.pid").exists():
        with suppress(subprocess.CalledProcessError):
            started.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


def make_hospital(running: Server, *, rows: int) -> str:
    """Create a database as the Prisma backend made it, with `rows` rows and no patients, and return its URL."""
    print(f"Making a hospital with {rows:,} rows that name patients, and no table of patients …", flush=True)
    with psycopg.connect(running.url(password="postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE hospital")
    url = running.url("hospital", password="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((SCHEMA / "legacy_uuid.sql").read_bytes())
        connection.execute("SELECT set_config('demo.rows', %s, false)", [str(rows)])
        connection.execute((SCHEMA / "demo_rows.sql").read_bytes())
    return url


def tell(url: str) -> bool:
    """Run the commands of the demo, until one has an unexpected exit code.

    Return whether all had the expected one.
    """
    print(f"\n$ export DATABASE_URL={url}")
    os.environ.update({"DATABASE_URL": url, "PYTHONUNBUFFERED": "1"})
    (PROJECT / PAGES).mkdir(parents=True, exist_ok=True)
    shutil.rmtree(PROJECT / BACKUPS, ignore_errors=True)
    return all(run(step) for step in STORY)


def run(step: Step) -> bool:
    """Run one command, and print it with its output, its exit code and its duration.

    Return whether the exit code is the expected one.
    """
    print(f"\n# {step.why}\n$ python manage.py {step.command}", flush=True)
    started = time.monotonic()
    command = [sys.executable, "manage.py", *step.command.split()]
    exit_code = subprocess.run(command, cwd=PROJECT, check=False).returncode
    expected = "" if exit_code == step.exit_code else f", but the story needs {step.exit_code}"
    print(f"[exit code {exit_code}{expected}; {time.monotonic() - started:.1f} s]", flush=True)
    return not expected


if __name__ == "__main__":
    sys.exit(main())
