"""Measures how many megabytes a second PostgreSQL scans, indexes, rewrites and writes here.

    python -m tests.benchmarks.rates [MEGABYTES]

The ranges in `migrations_safety/measurement/rates.py` come from these measurements, widened for slower disks.
"""

from __future__ import annotations

import sys
import time

import psycopg

from migrations_safety.postgresql.embedded_server import Server

ROW = 120
"""Bytes of one row of the tables below, as PostgreSQL stores it."""
SETUP = """
CREATE TABLE parent (id bigint PRIMARY KEY, name text);
INSERT INTO parent SELECT g, 'p' || g FROM generate_series(1, 100000) AS g;
CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint, number int NOT NULL, name text, note text);
INSERT INTO child SELECT g, g % 100000 + 1, g::bigint * 7919 % 1000003, md5(g::text), repeat('x', 30)
    FROM generate_series(1, {rows}) AS g;
CREATE INDEX ON child (parent_id);
VACUUM ANALYZE
"""
STEPS = (
    ("scan", "SET NOT NULL", "ALTER TABLE child ALTER COLUMN name SET NOT NULL", "table"),
    ("scan", "CHECK", "ALTER TABLE child ADD CONSTRAINT positive CHECK (number >= 0)", "table"),
    ("key", "FOREIGN KEY", "ALTER TABLE child ADD CONSTRAINT k FOREIGN KEY (parent_id) REFERENCES parent", "both"),
    ("index", "CREATE INDEX, integer", "CREATE INDEX by_number ON child (number)", "table"),
    ("index", "CREATE INDEX, text", "CREATE INDEX by_name ON child (name)", "table"),
    ("index", "UNIQUE, text", "ALTER TABLE child ADD CONSTRAINT one_name UNIQUE (name)", "table"),
    ("rewrite", "integer to bigint", "ALTER TABLE child ALTER COLUMN number TYPE bigint", "all"),
    ("rewrite", "volatile default", "ALTER TABLE child ADD COLUMN at timestamptz DEFAULT clock_timestamp()", "all"),
    ("write", "UPDATE of every row", "UPDATE child SET note = 'changed'", "all"),
    ("write", "UPDATE of an indexed column", "UPDATE child SET number = number + 1", "all"),
    ("write", "DELETE of a half", "DELETE FROM child WHERE id % 2 = 0", "all"),
)
SIZES = {
    "table": "SELECT pg_table_size('child')",
    "both": "SELECT pg_table_size('child') + pg_table_size('parent')",
    "all": "SELECT pg_total_relation_size('child')",
}


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    server = Server.create(version=18, settings={"fsync": "on", "full_page_writes": "on", "max_wal_size": "4GB"})
    try:
        with psycopg.connect(server.url(), autocommit=True) as session:
            for statement in SETUP.format(rows=megabytes * 1_000_000 // ROW).split(";"):
                session.execute(statement.encode())
            for work, name, statement, of in STEPS:
                (size,) = session.execute(SIZES[of].encode()).fetchall()[0]
                session.execute("CHECKPOINT")
                started = time.monotonic()
                session.execute(statement.encode())
                seconds = time.monotonic() - started
                sys.stdout.write(
                    f"{work:8} {name:28} {size / 1e6:7.0f} MB {seconds:7.2f} s {size / 1e6 / seconds:6.0f} MB/s\n"
                )
    finally:
        server.remove()


if __name__ == "__main__":
    main()
