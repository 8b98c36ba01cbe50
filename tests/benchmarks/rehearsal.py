"""How well `rehearse` forecasts the real run, at a million rows: of each step and migration range and fact.

`python -m tests.benchmarks.rehearsal [--rows 1000000] [--deploys 2] [--place server|embedded]`: the deploy is
rehearsed, then run on the database itself, and rolled back for the next one, whose forecast knows the error of the one
before.
Placeholders are made for a twentieth as many patients as there are rows.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from migrations_safety.audit.report import ForecastAndFact
from migrations_safety.postgresql.embedded_server import Server
from tests.benchmarks.machine import SETTINGS, machine
from tests.benchmarks.speed.hospitals import Hospital
from tests.support.cluster import Database
from tests.support.commands import ROOT, environment

LEAST = 0.9
"""The target: the real time of so many of all steps lies in its range."""
STEPS = {
    "backfill_placeholders": ("backfill_placeholders",),
    "precheck": ("precheck", "--no-measure"),
    "migrate": ("migrate", "--no-measure"),
    "verify_schema": ("verify_schema",),
}
OWN = """
SELECT format('ALTER %s %s OWNER TO deploy', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
UNION ALL
SELECT format('ALTER TYPE %s OWNER TO deploy', oid::regtype) FROM pg_type
WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
UNION ALL SELECT 'ALTER SCHEMA public OWNER TO deploy'
"""
"""The statements that give a hospital to the role that deploys, which may create databases and is no superuser."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """A hospital, and the role that deploys there."""

    database: Database
    url: str
    folder: Path

    def run(self, *arguments: str) -> float:
        """Run a command as a process of its own, and return its seconds."""
        command = [sys.executable, "manage.py", *arguments, "--no-progress"]
        variables = environment(DATABASE_URL=self.url, EHR_ID_TYPE="uuid")
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return time.monotonic() - began

    def deploy(self, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Rehearse, deploy, and roll back; return the report and what is known of each step."""
        file = self.folder / f"rehearsal_{number}.json"
        options = ("--limit-duration", "10h", "--limit-growth", "1000")
        self.run("rehearse", "--backfill", *options, "--report", f"json={file}")
        report = json.loads(file.read_text())
        took = {}
        for name, command in STEPS.items():
            more = ("--rehearsed", str(file)) if name == "migrate" else ()
            apps = sorted({label.partition(".")[0] for label in report["basis"]["migrations"]})
            took[name] = self.run(*command, *more, *(apps if name == "verify_schema" else ()))
        audit = self.database.run("audit_runs", "--format", "json", url=self.url).json["runs"]
        last = next(one for one in reversed(audit) if one["command"] == "migrate")
        took |= {step: one["took"] for step, one in last["counts"]["forecast"].items() if step != "migrate"}
        self.run("rollback_patient_module")
        return report, list(_facts(number, report["forecast"], took))


def _facts(number: int, forecast: list[dict[str, Any]], took: dict[str, float]) -> Iterator[dict[str, Any]]:
    for one in forecast:
        if one["step"] in took:
            fact = ForecastAndFact(**one, took=round(took[one["step"]], 3))
            yield {"deploy": number, **asdict(fact), "is_met": fact.is_met}


def give_to_a_role(database: Database) -> str:
    """Make the role that deploys the owner of all; return the URL for it."""
    database.execute("CREATE ROLE deploy LOGIN CREATEDB PASSWORD 'deploy'")
    database.execute(f'ALTER DATABASE "{database.name}" OWNER TO deploy'.encode())
    database.execute("GRANT pg_read_all_settings, pg_read_all_stats TO deploy")
    for (statement,) in database.rows(OWN):
        database.execute(statement.encode())
    return database.server.url(database.name, user="deploy", password="deploy")


def measure(server: Server, folder: Path, *, rows: int, deploys: int, place: str) -> dict[str, Any]:
    """Run the deploys one after the other, and say how many steps lie in their range."""
    hospital = Hospital(rows=rows, id_type="uuid", distinct="few", indexed="schema")
    hospital.create(server)
    database = Database(server, hospital.name)
    url = give_to_a_role(database) if place == "server" else database.url
    database.close()
    benchmark = Benchmark(database=database, url=url, folder=folder)
    facts, learned = [], []
    for number in range(1, deploys + 1):
        report, found = benchmark.deploy(number)
        assert report["copy"]["place"] == place, report["copy"]["place"]
        facts += found
        learned.append(report["forecast_from"])
    met = sum(one["is_met"] for one in facts)
    return {
        "rows": rows,
        "place": place,
        "steps": facts,
        "learned": learned,
        "met": met,
        "of": len(facts),
        "targets": {f"at least {LEAST:.0%} of the steps in their range": met >= LEAST * len(facts)},
    }


HEAD = "| deploy | step | on the copy, s | forecast, s | took, s | in its range |\n|---|---|---|---|---|---|"


def line(one: dict[str, Any]) -> str:
    """Return one step as a row of the Markdown table that HEAD begins."""
    expected = f"{one['least']:.2f} to {one['most']:.2f}"
    is_met = "yes" if one["is_met"] else "**no**"
    cells = [str(one["deploy"]), f"`{one['step']}`", f"{one['measured']:.2f}", expected, f"{one['took']:.2f}", is_met]
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Print the figures; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--deploys", type=int, default=2)
    parser.add_argument("--place", choices=["server", "embedded"], default="server")
    parser.add_argument("--json", help="file for the figures")
    options = parser.parse_args()
    server = Server.create(version=18, settings=SETTINGS | {"fsync": "on"})
    try:
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
            asked = {"rows": options.rows, "deploys": options.deploys, "place": options.place}
            found = measure(server, Path(folder), **asked)
            found = {"machine": machine(server, "tests.benchmarks.rehearsal"), **found}
    finally:
        server.remove()
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2) + "\n")
    print(HEAD, *map(line, found["steps"]), sep="\n")
    print(f"{found['met']} of {found['of']} steps in their range; learned: {found['learned']}")
    return int(not all(found["targets"].values()))


if __name__ == "__main__":
    sys.exit(main())
