"""How long a hospital at work waits while fifteen keys come: `python -m tests.benchmarks.stall --rows 1000000`.

Four ways side by side on one server, each on its own copy of the same hospital, with the same sessions at work
and a three-second transaction in the way, at the start and again a second after each.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.postgresql.embedded_server import Server
from tests.benchmarks.application import Sample, at_work, sample
from tests.benchmarks.candidates import CANDIDATES, Candidate, GivenUp
from tests.benchmarks.figures import figures, growth, table, targets
from tests.benchmarks.machine import SETTINGS, machine
from tests.support.cluster import SCHEMAS

ALONE = 15.0
"""Seconds for which the hospital is measured without a migration, for comparison."""
LEAD = 0.5
"""Seconds that the sessions work, and the first transaction is in the way, before the migration begins."""
VALID_KEYS = """
    SELECT count(*) FROM pg_constraint
    WHERE contype = 'f' AND convalidated AND confrelid IN ('users'::regclass, to_regclass('patients'))"""


def main() -> int:
    """Measure, print, write; exit code 0 where ours met its targets."""
    options = arguments()
    server = Server.create(version=options.postgresql, settings=SETTINGS)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    runs: list[dict[str, Any]] = []
    try:
        for rows in options.rows:
            for measured in of_size(server, rows, options.only):
                runs.append(measured)
                where = machine(server, "tests.benchmarks.stall")
                report = {"machine": where, "runs": runs, "growth": growth(runs), "targets": targets(runs)}
                options.output.write_text(json.dumps(report, indent=2) + "\n")
    finally:
        server.remove()
    print(table(runs))
    print(json.dumps({"growth": growth(runs), "targets": targets(runs)}, indent=2))
    print(f"Written to {options.output}.")
    return 0 if all(targets(runs).values()) else 1


def arguments() -> argparse.Namespace:
    """`rows` in the five tables together, once or several times; `only` some of the candidates."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stall", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--only", nargs="+", default=[one.name for one in CANDIDATES], metavar="a|b|c|d")
    parser.add_argument("--postgresql", type=int, default=18, metavar="VERSION")
    parser.add_argument("--output", type=Path, default=Path(".cache/stall.json"), metavar="FILE")
    return parser.parse_args()


def of_size(server: Server, rows: int, only: list[str]) -> Iterator[dict[str, Any]]:
    """The hospital alone, then each candidate; one after the other."""
    say(f"Making a hospital with {rows:,} rows …")
    template = make_hospital(server, rows)
    with psycopg.connect(server.url(template), autocommit=True) as connection:
        chosen = sample(connection)
    for candidate in (None, *(one for one in CANDIDATES if one.name in only)):
        yield measure(server, template, rows, candidate, chosen)
    drop(server, template)


def measure(server: Server, template: str, rows: int, candidate: Candidate | None, chosen: Sample) -> dict[str, Any]:
    """One candidate on a copy of the hospital; None is the hospital alone."""
    what = candidate.what if candidate else "no migration"
    outcome: dict[str, Any] = {"name": candidate.name if candidate else "-", "what": what, "rows": rows}
    if candidate and candidate.unavailable:
        say(f"{what}: {candidate.unavailable}")
        return outcome | {"error": candidate.unavailable}
    say(f"{what}, {rows:,} rows …")
    name = copy(server, template)
    if candidate:
        candidate.prepare(server.url(name))
    with at_work(server.url(name), chosen) as timings:
        time.sleep(LEAD)
        started = time.monotonic()
        try:
            if candidate:
                outcome["command_runs"] = candidate.run(server.url(name))
            else:
                time.sleep(ALONE)
        except GivenUp as error:
            outcome["error"] = str(error)
        outcome["seconds"] = round(time.monotonic() - started, 1)
        time.sleep(LEAD)
    with psycopg.connect(server.url(name)) as connection:
        (outcome["valid_keys"],) = connection.execute(VALID_KEYS).fetchone() or (0,)
    drop(server, name)
    outcome |= figures(timings)
    say(f"  {outcome['seconds']} s, longest write wait {outcome['longest_write_ms']} ms")
    return outcome


def make_hospital(server: Server, rows: int) -> str:
    """The demo's hospital without its bills of nobody: each of the four can finish on it."""
    name = f"hospital_{rows}"
    administer(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute((SCHEMAS / "legacy_uuid.sql").read_bytes())
        connection.execute("SELECT set_config('demo.rows', %s, false)", [str(rows)])
        connection.execute((SCHEMAS / "demo_rows.sql").read_bytes())
        nobody = "00000000-0000-0000-0000-000000000000"
        connection.execute('UPDATE bills SET "patientId" = NULL WHERE "patientId" = %s', [nobody])
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return name


def copy(server: Server, template: str) -> str:
    """A copy of the hospital, on disk and in the system's cache before the measurement begins.

    The embedded server runs without fsync, so a checkpoint leaves the writing to the system; `sync` waits for it.
    """
    name = f"{template}_copy"
    copied = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    administer(server, copied.format(sql.Identifier(name), sql.Identifier(template)))
    administer(server, sql.SQL("CHECKPOINT"))
    with psycopg.connect(server.url(), autocommit=True) as connection:
        (oid,) = connection.execute("SELECT oid FROM pg_database WHERE datname = %s", [name]).fetchone() or (0,)
    for file in (server.data / "base" / str(oid)).iterdir():
        with file.open("rb") as opened:
            while opened.read(1 << 20):
                pass
    os.sync()
    return name


def drop(server: Server, name: str) -> None:
    """Drop a database."""
    administer(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def administer(server: Server, statement: sql.SQL | sql.Composed) -> None:
    """Run one statement outside of all databases measured."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(statement)


def say(sentence: str) -> None:
    """Progress, on stderr."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
