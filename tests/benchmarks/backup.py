"""How long `backup_database` takes beside bare `pg_dump` and `pg_restore` with as many jobs, on the same server.

`python -m tests.benchmarks.backup [ROWS] [JOBS]` (a million rows and two jobs). Both dump into a folder and restore
into a new database of the same server; ours also counts every row twice, compares the definitions and makes checksums.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from migrations_safety.postgresql.programs import program
from tests.support.cluster import Cluster, Database, new_server

LIMIT = 1.2
ROUNDS = 3
FILL = """
CREATE TABLE patient (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text, born date);
CREATE TABLE bill (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, patient_id uuid REFERENCES patient, told text);
INSERT INTO patient (name, born)
SELECT md5(n::text), date '1950-01-01' + n % 25000 FROM generate_series(1, {tenth}) AS n;
INSERT INTO bill (patient_id, told) SELECT p.id, md5(random()::text) || md5(n::text)
FROM patient AS p, generate_series(1, 9) AS n;
CREATE INDEX ON bill (patient_id); CREATE INDEX ON bill (told)
"""


def bare(database: Database, folder: Path, jobs: int) -> None:
    """Dump and restore with PostgreSQL's programs alone."""
    major = database.server.version
    url = database.server.url(database.name, user="deploy")
    dump = [program("pg_dump", least=major).path, "--format=directory", f"--jobs={jobs}", f"--file={folder / 'bare'}"]
    subprocess.run([*dump, f"--dbname={url}"], check=True)
    database.execute("CREATE DATABASE bare TEMPLATE template0 OWNER deploy")
    restore = [program("pg_restore", least=major).path, "--no-owner", "--no-privileges", f"--jobs={jobs}"]
    to = database.server.url("bare", user="deploy")
    subprocess.run([*restore, f"--dbname={to}", str(folder / "bare")], check=True)
    database.execute("DROP DATABASE bare")


def ours(database: Database, folder: Path, jobs: int) -> None:
    """Do the same with `backup_database`."""
    arguments = ("--output", str(folder / "ours"), "--jobs", str(jobs), "--restore-test", "--no-progress")
    done = database.run("backup_database", *arguments, url=database.server.url(database.name, user="deploy"))
    assert done.code == 0, done.said
    assert "compared" in done.err, done.said


def seconds(work: Callable[[Database, Path, int], None], database: Database, jobs: int) -> float:
    folder = Path(tempfile.mkdtemp(prefix="backup-benchmark-"))
    started = time.monotonic()
    try:
        work(database, folder, jobs)
        return time.monotonic() - started
    finally:
        shutil.rmtree(folder)


def main(rows: int = 1_000_000, jobs: int = 2) -> int:
    """Print the best times of both and their ratio; 1 where ours exceeds the limit."""
    cluster = Cluster(new_server())
    try:
        database = cluster.create("empty")
        database.execute("CREATE ROLE deploy LOGIN CREATEDB")
        database.execute("GRANT pg_read_all_data, pg_read_all_settings TO deploy")
        database.execute(FILL.format(tenth=rows // 10))
        best = {work: min(seconds(work, database, jobs) for _ in range(ROUNDS)) for work in (bare, ours)}
        ratio = best[ours] / best[bare]
        print(f"{rows:,} rows, {jobs} jobs: bare {best[bare]:.1f} s, ours {best[ours]:.1f} s, ratio {ratio:.2f}")
        return int(ratio > LIMIT)
    finally:
        cluster.remove()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
