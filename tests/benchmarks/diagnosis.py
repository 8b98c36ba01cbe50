"""How long `diagnose` takes in a large project, beside two commands of plain Django that read as many migrations.

`python -m tests.benchmarks.diagnosis [--tables 20000] [--rows 1000000] [--runs 2000] [--rounds 3]`: 500 migrations of
ten apps, 20 of them pending; 1,000 tables that all hang together, with so many rows; a record of so many runs with the
sources of migrations; and so many further tables that no migration knows.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from migrations_safety.postgresql.embedded_server import Server
from tests.benchmarks.machine import SETTINGS, machine
from tests.benchmarks.review.project import Project
from tests.benchmarks.review.sizes import APPS, LargeProject

MIGRATIONS, TABLES_OF_APP = 500, 100
MOST = 2.0
"""The target: at most so many seconds, as the report of diagnose counts them."""
MAKE = """
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from migrations_safety.audit.run_log import ensure_tables
executor = MigrationExecutor(connection)
executor.recorder.ensure_schema()
state = executor.loader.project_state()
with connection.schema_editor() as editor:
    for model in state.apps.get_models():
        editor.create_model(model)
for app, name in executor.loader.disk_migrations:
    executor.recorder.record_applied(app, name)
ensure_tables(connection)
"""
"""Makes all tables at once: Django's own `migrate` builds the models of all of them anew for each."""
RECORD = """
INSERT INTO migrations_safety_run (run_id, event, recorded_at, details, previous_hash, hash)
SELECT md5(run::text)::uuid, event, now() - (3000 - run) * interval '1 hour',
       CASE event WHEN 'started' THEN jsonb_build_object(
           'command', 'migrate', 'host', 'db', 'arguments', jsonb_build_object('app_label', 'app1'),
           'checksums', jsonb_build_object('app1.0002', repeat('0', 64)),
           'sources', jsonb_build_object('app1.0002', (SELECT string_agg(md5(line::text || run), '')
                                                       FROM generate_series(1, 300) AS line)))
       ELSE jsonb_build_object('command', 'migrate', 'did', jsonb_build_object('applied', '["app1.0002"]'::jsonb)) END,
       '', ''
FROM generate_series(1, %(runs)s) AS run, unnest('{started,finished}'::text[]) AS event ORDER BY run, event DESC
"""
OTHERS = """
DO $$ BEGIN
    FOR number IN 1..{tables} LOOP
        EXECUTE format('CREATE TABLE other_%s (id bigint PRIMARY KEY, note text)', number);
        IF number % 500 = 0 THEN COMMIT; END IF;
    END LOOP;
END $$
"""
COMMANDS = {
    "showmigrations": ("", ("showmigrations",)),
    "migrate --plan": ("", ("migrate", "--plan")),
    "diagnose": ("migrations_safety", ("diagnose", "--format", "json")),
}
"""By name: the app that has the command, none for Django's own, and the command."""


def make(project: Project, *, rows: int, tables: int, runs: int) -> None:
    """Write the project, make its tables, and fill them."""
    large = LargeProject(project=project, migrations=MIGRATIONS, tables_of_app=TABLES_OF_APP)
    large.write_applied()
    done = project.run("-c", MAKE, reviewer="migrations_safety")
    if done.returncode:
        raise RuntimeError(done.stderr)
    large.write_pending()
    with psycopg.connect(project.url, autocommit=True) as connection:
        of_table = rows // (APPS * TABLES_OF_APP)
        for app in large.apps:
            for table in range(TABLES_OF_APP):
                insert = f"INSERT INTO {app}_table{table} (size) SELECT n FROM generate_series(1, {of_table}) AS n"
                connection.execute(insert.encode())
        connection.execute(RECORD, {"runs": runs})
        connection.execute(OTHERS.format(tables=tables).encode())
        connection.execute("ANALYZE")


def timed(project: Project, name: str) -> tuple[float, dict[str, Any]]:
    """Run one of the commands; return its seconds and, of diagnose, its report."""
    app, command = COMMANDS[name]
    started = time.perf_counter()
    done = project.run("-m", "django", *command, reviewer=app)
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return seconds, json.loads(done.stdout) if name == "diagnose" else {}


def measure(project: Project, *, rounds: int) -> dict[str, Any]:
    """Run the commands in turn; return the medians, and what diagnose could not look at."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    reports = []
    for _ in range(rounds):
        for name, found in seconds.items():
            took, report = timed(project, name)
            found.append(took)
            reports += [report] if report else []
    own, whole = median(one["seconds"] for one in reports), {name: median(found) for name, found in seconds.items()}
    return {
        "seconds": {name: round(one, 2) for name, one in whole.items()},
        "of_the_report": round(own, 2),
        "ratio_to_showmigrations": round(whole["diagnose"] / whole["showmigrations"], 2),
        "ratio_to_migrate_plan": round(whole["diagnose"] / whole["migrate --plan"], 2),
        "not_looked_at": sorted({area["name"] for one in reports for area in one["areas"] if not area["is_known"]}),
        "findings": sorted({one["id"] for report in reports for one in report["findings"]}),
        "targets": {f"at most {MOST:g} s": own <= MOST},
    }


def main() -> int:
    """Print the figures as JSON; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--tables", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="diagnosis-") as folder:
        server = Server.create(version=18, settings=SETTINGS)
        try:
            project = Project(folder=Path(folder), url=server.url())
            make(project, rows=options.rows, tables=options.tables, runs=options.runs)
            found = {
                "machine": machine(server, "tests.benchmarks.diagnosis"),
                **measure(project, rounds=options.rounds),
            }
        finally:
            server.remove()
    print(json.dumps(found, indent=2))
    return int(not all(found["targets"].values()))


if __name__ == "__main__":
    sys.exit(main())
