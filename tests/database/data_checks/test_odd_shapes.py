"""Tables, types and constraints that are seldom met: what PostgreSQL says of the rows is what was counted before."""

import json
from typing import Any

import psycopg
import pytest

from tests.support.data_checks import counts, ids, judge, known_to, plain_migrate
from tests.support.measured_app import write

pytestmark = pytest.mark.slow

PARTS = """
    CREATE TABLE parts (id int NOT NULL, place int NOT NULL, name text) PARTITION BY LIST (place);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
    CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
"""
THINGS = "CREATE TABLE things (id int PRIMARY KEY, name text, size int, at timestamptz);"
CASES: dict[str, Any] = {
    "a CHECK on a partitioned table": (
        PARTS, ["ALTER TABLE parts ADD CHECK (id > 0)"],
        "INSERT INTO parts VALUES (1, 1, 'a')", "INSERT INTO parts VALUES (0, 1, 'a'), (-1, 2, 'a')",
        [("check", "parts id", 2, None)], ["data.E003"], "23514",
    ),
    "NOT NULL and a unique key on a partitioned table": (
        PARTS, ["ALTER TABLE parts ALTER name SET NOT NULL", "ALTER TABLE parts ADD UNIQUE (name, place)"],
        "INSERT INTO parts VALUES (1, 1, 'a'), (1, 2, 'a')", "INSERT INTO parts VALUES (0, 1, 'a'), (1, 1, NULL)",
        [("not_null", "parts name", 1, None), ("unique", "parts place name", 2, 1)], ["data.E001", "data.E002"],
        "23502",
    ),
    "a partition is dropped": (
        PARTS, ["DROP TABLE parts_1"], "INSERT INTO parts VALUES (1, 2, 'a')", "INSERT INTO parts VALUES (0, 1, 'a')",
        [("drop", "parts_1", 1, None)], ["data.E009"], None,
    ),
    "a partitioned table is dropped": (
        PARTS, ["DROP TABLE parts"], "SELECT 1", "INSERT INTO parts VALUES (0, 1, 'a'), (1, 2, 'a')",
        [("drop", "parts", 2, None)], ["data.E009"], None,
    ),
    "NOT NULL on one partition": (
        PARTS, ["ALTER TABLE parts_1 ALTER name SET NOT NULL"],
        "INSERT INTO parts VALUES (1, 1, 'a'), (1, 2, NULL)", "INSERT INTO parts VALUES (0, 1, NULL)",
        [("not_null", "parts_1 name", 1, None)], ["data.E001"], "23502",
    ),
    "a new column with a default in all partitions": (
        PARTS, ["ALTER TABLE parts ADD size int NOT NULL DEFAULT 3", "ALTER TABLE parts ALTER size DROP DEFAULT",
                "ALTER TABLE parts ADD CHECK (size > id)", "ALTER TABLE parts ADD other int REFERENCES ward_bed"],
        "INSERT INTO parts VALUES (1, 1, 'a')", "INSERT INTO parts VALUES (3, 2, 'a')",
        [("check", "parts size id", 1, None)], ["data.E003"], "23514",
    ),
    "a new column without a default in all partitions": (
        PARTS, ["ALTER TABLE parts ADD size int NOT NULL"],
        "SELECT 1", "INSERT INTO parts VALUES (3, 2, 'a')",
        [("not_null", "parts size", 1, None)], ["data.E012"], "23502",
    ),
    "a table becomes a partition": (
        PARTS + "ALTER TABLE parts ADD UNIQUE (id, place); CREATE TABLE others (id int NOT NULL, place int NOT NULL, "
        "name text);",
        ["ALTER TABLE parts ATTACH PARTITION others FOR VALUES IN (3)"],
        "INSERT INTO others VALUES (1, 3, 'a')", "INSERT INTO others VALUES (1, 3, 'a'), (1, 4, 'b')",
        [("check", "others place", 1, None), ("unique", "others id place", 2, 1)], ["data.E003", "data.E002"], "23505",
    ),
    "rows of the DEFAULT partition belong to a new one": (
        PARTS + "CREATE TABLE rest PARTITION OF parts DEFAULT;",
        ["CREATE TABLE parts_3 PARTITION OF parts FOR VALUES IN (3)"],
        "INSERT INTO parts VALUES (1, 4, 'a')", "INSERT INTO parts VALUES (1, 3, 'a')",
        [("check", "rest place", 1, None)], ["data.E003"], "23514",
    ),
    "a domain gets a CHECK": (
        "CREATE DOMAIN size AS int; CREATE TABLE things (id int PRIMARY KEY, size size);",
        ["ALTER DOMAIN size ADD CHECK (VALUE > 0)"],
        "INSERT INTO things VALUES (1, 5), (2, NULL)", "INSERT INTO things VALUES (3, 0)",
        [("check", "things size", 1, None)], ["data.E003"], "23514",
    ),
    "a domain becomes NOT NULL": (
        "CREATE DOMAIN size AS int; CREATE TABLE things (id int PRIMARY KEY, size size);",
        ["ALTER DOMAIN size SET NOT NULL"],
        "INSERT INTO things VALUES (1, 5)", "INSERT INTO things VALUES (3, NULL)",
        [("not_null", "things size", 1, None)], ["data.E001"], "23502",
    ),
    "a column becomes a domain": (
        "CREATE DOMAIN positive AS int CHECK (VALUE > 0);" + THINGS, ["ALTER TABLE things ALTER size TYPE positive"],
        "INSERT INTO things VALUES (1, 'a', 5)", "INSERT INTO things VALUES (3, 'a', 0)",
        [("cast", "things size", None, None)], ["data.E007"], "23514",
    ),
    "MATCH FULL": (
        "CREATE TABLE homes (a int, b int, UNIQUE (a, b)); CREATE TABLE guests (a int, b int);",
        ["ALTER TABLE guests ADD FOREIGN KEY (a, b) REFERENCES homes (a, b) MATCH FULL"],
        "INSERT INTO homes VALUES (1, 1); INSERT INTO guests VALUES (1, 1), (NULL, NULL)",
        "INSERT INTO guests VALUES (1, NULL), (2, 2)",
        [("foreign_key", "guests a b", 2, None)], ["data.E005"], "23503",
    ),
    "a parent that the plan makes": (
        THINGS,
        ["CREATE TABLE homes (id int PRIMARY KEY)", "ALTER TABLE things ADD FOREIGN KEY (size) REFERENCES homes"],
        "INSERT INTO things VALUES (1, 'a', NULL)", "INSERT INTO things VALUES (3, 'a', 0)",
        [("foreign_key", "things size", 1, None)], ["data.E005"], "23503",
    ),
    "a key to the table itself": (
        THINGS, ["ALTER TABLE things ADD FOREIGN KEY (size) REFERENCES things"],
        "INSERT INTO things VALUES (1, 'a', 1)", "INSERT INTO things VALUES (3, 'a', 0)",
        [("foreign_key", "things size", 1, None)], ["data.E005"], "23503",
    ),
    "a new column with a constant, and a key": (
        THINGS, ["ALTER TABLE things ADD parent int DEFAULT 7 REFERENCES things"],
        "INSERT INTO things VALUES (7, 'a', 1)", "DELETE FROM things; INSERT INTO things VALUES (3, 'a', 0)",
        [("foreign_key", "things parent", 1, None)], ["data.E005"], "23503",
    ),
    "unique under a collation that ignores case": (
        "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);" + THINGS,
        ["CREATE UNIQUE INDEX ON things (name COLLATE nocase)"],
        "INSERT INTO things VALUES (1, 'a'), (2, 'b')", "INSERT INTO things VALUES (3, 'A')",
        [("unique", "things name", 2, 1)], ["data.E002"], "23505",
    ),
    "an enum that loses a label": (
        "CREATE TYPE kind AS ENUM ('a', 'b'); CREATE TABLE things (id int, kind kind);",
        ["ALTER TYPE kind RENAME TO kind_old", "CREATE TYPE kind AS ENUM ('a')",
         "ALTER TABLE things ALTER kind TYPE kind USING kind::text::kind", "DROP TYPE kind_old"],
        "INSERT INTO things VALUES (1, 'a'), (1, NULL)", "INSERT INTO things VALUES (1, 'b')",
        [("enum", "things kind", 1, None)], ["data.E008"], "22P02",
    ),
    "a timestamp that becomes a date": (
        THINGS, ["ALTER TABLE things ALTER at TYPE date"],
        "INSERT INTO things (id, at) VALUES (1, '2026-01-01 00:00+00')",
        "INSERT INTO things (id, at) VALUES (2, '2026-01-01 12:00+00')",
        [("cast", "things at", 0, None), ("drop", "things at", 1, None)], ["data.E011"], None,
    ),
    "a text that becomes a number": (
        THINGS, ["ALTER TABLE things ALTER name TYPE numeric(4, 1) USING name::numeric(4, 1)"],
        "INSERT INTO things (id, name) VALUES (1, '1.5')", "INSERT INTO things (id, name) VALUES (2, '1.55')",
        [("cast", "things name", 0, None), ("drop", "things name", 1, None)], ["data.E011"], None,
    ),
    "jsonb out of text": (
        THINGS, ["ALTER TABLE things ALTER name TYPE jsonb USING name::jsonb"],
        "INSERT INTO things (id, name) VALUES (1, '{}')", "INSERT INTO things (id, name) VALUES (2, '{')",
        [("cast", "things name", 1, None)], ["data.E007"], "22P02",
    ),
    "unique after another type": (
        THINGS, ["ALTER TABLE things ADD UNIQUE (name)", "ALTER TABLE things ALTER name TYPE int USING name::int"],
        "INSERT INTO things (id, name) VALUES (1, '1'), (2, '2')", "INSERT INTO things (id, name) VALUES (3, '01')",
        [("cast", "things name", 0, None), ("unique", "things name", 2, 1)],
        ["data.E002"], "23505",
    ),
    "a CHECK that cannot be evaluated for a row": (
        THINGS, ["ALTER TABLE things ADD CHECK (10 / size > 0)"],
        "INSERT INTO things (id, size) VALUES (1, 1)", "INSERT INTO things (id, size) VALUES (2, 0)",
        [("check", "things size", None, None)], ["data.E007"], "22012",
    ),
    "columns swap their names": (
        THINGS, ["ALTER TABLE things RENAME id TO x", "ALTER TABLE things RENAME size TO id",
                 "ALTER TABLE things RENAME x TO size", "ALTER TABLE things ADD CHECK (id < 5)"],
        "INSERT INTO things (id, size) VALUES (9, 1)", "INSERT INTO things (id, size) VALUES (2, 9)",
        [("check", "things size", 1, None)], ["data.E003"], "23514",
    ),
    "a dropped column and one of its name": (
        THINGS, ["ALTER TABLE things DROP size, ADD size int DEFAULT 3", "ALTER TABLE things ADD CHECK (size = 3)"],
        "INSERT INTO things (id) VALUES (9)", "INSERT INTO things (id, size) VALUES (2, 9)",
        [("drop", "things size", 1, None)], ["data.E010"], None,
    ),
    "names that want quotes": (
        'CREATE SCHEMA "An Other"; CREATE TABLE "An Other"."a "" table" ("a "" column" int, "select" int);',
        ['ALTER TABLE "An Other"."a "" table" ADD CHECK ("a "" column" + "select" > 0)'],
        'INSERT INTO "An Other"."a "" table" VALUES (1, 1)', 'INSERT INTO "An Other"."a "" table" VALUES (1, -1)',
        [("check", '"An Other"."a "" table" a " column select', 1, None)], ["data.E003"], "23514",
    ),
    "an inheriting table": (
        THINGS + "CREATE TABLE toys () INHERITS (things);", ["ALTER TABLE things ADD CHECK (size > 0)"],
        "INSERT INTO toys (id, size) VALUES (1, 1)", "INSERT INTO toys (id, size) VALUES (2, -1)",
        [("check", "things size", 0, None), ("check", "toys size", 1, None)], ["data.E003"], "23514",
    ),
}  # fmt: skip


OF_ICU = "unique under a collation that ignores case"


@pytest.mark.parametrize(
    "case", [pytest.param(one, marks=pytest.mark.of_distribution) if one == OF_ICU else one for one in CASES]
)
def test_what_was_counted_is_what_postgresql_says(measured, make, case):
    before, statements, good, bad, expected, found, state = CASES[case]
    app, database, connection = measured
    try:
        database.execute(before)
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this build of PostgreSQL has no ICU")
    database.execute(good)
    write(app, [", ".join(f"migrations.RunSQL({json.dumps(one)})" for one in statements)])

    clean = judge(connection, make("empty"))
    database.execute(bad)
    judged = judge(connection, make("empty"))

    assert clean.findings == ()
    assert {rows for *_, rows, _ in counts(clean)} <= {0}
    assert (sorted(counts(judged), key=str), ids(judged)) == (sorted(known_to(database, expected), key=str), found)
    assert plain_migrate(connection) == state
