"""Whether one statement that reads a table once is faster than a statement for each kind of count.

`python -m tests.benchmarks.scans [ROWS] [ROUNDS]` (two million rows and five rounds). `precheck` sends a statement for
the identifiers of a table, one for all conditions on its rows, and one for each unique index. The rivals here do two
or all of these in one statement. Each pair is timed in turn: with the table in memory, and after the system's cache
was emptied, where this process may do that.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from migrations_safety.postgresql.embedded_server import Server
from tests.support.cluster import Cluster, Database

FILL = """
CREATE TABLE bill AS SELECT gen_random_uuid() AS id, 'B-' || n AS number, (n % 100)::numeric AS amount,
    ('00000000-0000-4000-8000-' || lpad((n % ({rows} / 10))::text, 12, '0'))::uuid AS patient_id,
    repeat('x', 250) AS note
FROM generate_series(1, {rows}) AS n;
CREATE TABLE patient AS SELECT DISTINCT patient_id AS id FROM bill;
VACUUM ANALYZE
"""
JOINED = "LEFT JOIN patient ON patient.id = one.value"
IDENTIFIERS = f"""
SELECT count(*), sum(rows), count(*) FILTER (WHERE patient.id IS NULL)
FROM (SELECT patient_id AS value, count(*) AS rows FROM bill GROUP BY 1) AS one {JOINED}
"""
CONDITIONS = "SELECT count(*), count(*) FILTER (WHERE note IS NULL), count(*) FILTER (WHERE amount < 0) FROM bill"
DUPLICATES = """
SELECT count(*), sum(rows) FROM (
    SELECT count(*) AS rows FROM bill WHERE number IS NOT NULL GROUP BY number HAVING count(*) > 1
) AS groups
"""
CONDITIONS_IN_GROUPS = f"""
SELECT count(*), sum(rows), sum(without), sum(negative), count(*) FILTER (WHERE patient.id IS NULL) FROM (
    SELECT patient_id AS value, count(*) AS rows,
        count(*) FILTER (WHERE note IS NULL) AS without, count(*) FILTER (WHERE amount < 0) AS negative
    FROM bill GROUP BY 1
) AS one {JOINED}
"""
CONDITIONS_AS_ROWS = f"""
SELECT count(*), sum(rows), sum(without), sum(negative), count(*) FILTER (WHERE patient.id IS NULL) FROM (
    SELECT value, count(*) FILTER (WHERE place = 0) AS rows,
        count(*) FILTER (WHERE place = 1) AS without, count(*) FILTER (WHERE place = 2) AS negative
    FROM bill CROSS JOIN LATERAL (
        VALUES (patient_id, 0, true), (NULL, 1, note IS NULL), (NULL, 2, amount < 0)
    ) AS found (value, place, counts)
    WHERE counts GROUP BY value
) AS one {JOINED}
"""
ALL_IN_ONE = """
WITH found AS MATERIALIZED (
    SELECT grouping(patient_id) = 0 AS of_id, grouping(number) = 0 AS of_number, patient_id, number, count(*) AS rows,
        count(*) FILTER (WHERE note IS NULL) AS without, count(*) FILTER (WHERE amount < 0) AS negative
    FROM bill GROUP BY GROUPING SETS ((patient_id), (number), ())
    HAVING grouping(number) = 1 OR count(*) > 1
)
SELECT
    (SELECT count(*) FILTER (WHERE patient.id IS NULL) FROM found LEFT JOIN patient ON patient.id = patient_id
     WHERE of_id),
    (SELECT count(*) FROM found WHERE of_number AND number IS NOT NULL),
    (SELECT (rows, without, negative)::text FROM found WHERE NOT of_id AND NOT of_number)
"""
PAIRS = (
    ("identifiers and conditions, as filters of the groups", (IDENTIFIERS, CONDITIONS), CONDITIONS_IN_GROUPS),
    ("identifiers and conditions, as rows of the groups", (IDENTIFIERS, CONDITIONS), CONDITIONS_AS_ROWS),
    ("identifiers, conditions, duplicates", (IDENTIFIERS, CONDITIONS, DUPLICATES), ALL_IN_ONE),
)
CACHE = Path("/proc/sys/vm/drop_caches")


def may_empty_the_cache() -> bool:
    try:
        CACHE.write_text("1")
    except OSError:
        return False
    return True


def seconds(database: Database, *statements: str, cold: bool) -> float:
    if cold:
        database.execute("CHECKPOINT")
        CACHE.write_text("1")
    started = time.monotonic()
    for statement in statements:
        database.rows(statement)
    return time.monotonic() - started


def ratios(database: Database, rounds: int, *, cold: bool) -> Iterator[str]:
    """A row of the table for each rival: its seconds as a multiple of those of the separate statements."""
    for name, apart, together in PAIRS:
        found = []
        for _ in range(rounds):
            ours = seconds(database, *apart, cold=cold)
            found.append(seconds(database, together, cold=cold) / ours)
        middle, least, most = statistics.median(found), min(found), max(found)
        yield f"| {name} | {'emptied' if cold else 'filled'} | {middle:.2f} ({least:.2f} to {most:.2f}) |"


def main(rows: int = 2_000_000, rounds: int = 5) -> None:
    folder = Path(tempfile.mkdtemp(prefix="ehr-scans-"))  # on a disk: the tests' own servers stand in memory
    cluster = Cluster(Server.create(version=18, folder=folder, settings={"shared_buffers": "256MB"}))
    try:
        database = cluster.create("empty")
        with psycopg.connect(database.url, autocommit=True) as connection:
            for statement in FILL.format(rows=rows).split(";"):
                connection.execute(statement)
        print("| one statement for | cache | times as long as separate statements |\n|---|---|---|")
        for cold in (False, True) if may_empty_the_cache() else (False,):
            for row in ratios(database, rounds, cold=cold):
                print(row)
        cluster.drop(database)
    finally:
        cluster.remove()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
