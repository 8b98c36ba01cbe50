"""docs/sql/ holds what is sent to a hospital's database, word for word, so that a DBA can read and approve it.

Rewrite the files after a change with `REWRITE_SQL=1 make test ARGS=tests/database/test_readable_sql.py`, and read the
difference.
"""

import os
import re
from dataclasses import replace
from uuid import UUID

import pytest
from django.core.management import call_command
from psycopg import sql

from migrations_safety.backfill import backfill
from migrations_safety.census import counts, reference_counts, scan_queries
from migrations_safety.census.identifier_classes import value_type
from migrations_safety.census.scan_strategy import LARGE, MEGABYTE, ScanOptions
from migrations_safety.precheck import precheck
from migrations_safety.sql.composition import MARK
from tests.support.commands import ROOT
from tests.support.factories import REFERENCING, new_id, refer
from tests.support.in_process import fill
from tests.support.readable_sql import laid_out, words

FOLDER = ROOT / "docs" / "sql"
RUN = UUID(int=0)
PARAMETERS = "Values are parameters: the range of the batch (%(after)s, %(upto)s), %(run_id)s and names."
KEY_PARTS = re.compile(r" (ADD CONSTRAINT|FOREIGN KEY|REFERENCES|VALIDATE CONSTRAINT) ")


def test_the_census_of_uuids_is_as_documented(make, in_process):
    connection = in_process(make("with_patients"))
    ready = prepared(connection)
    scan = replace(ready.scan, by_index=frozenset(), jobs=2)

    compare(
        "census_uuid",
        "precheck counts uuid references: each table is read once, by several processes of the server.",
        [counting(connection, ready, scan_queries.all_rows(scan, value_type(ready.question)))],
    )


def test_the_census_of_text_is_as_documented(make, in_process):
    connection = in_process(make("with_patients", "text"))
    if connection.pg_version < 160000:
        pytest.skip("the documented test of a UUID's shape is that of PostgreSQL 16 and later")
    ready = prepared(connection)
    every = scan_queries.all_rows(replace(ready.scan, by_index=frozenset(), jobs=2), value_type(ready.question))

    compare(
        "census_text",
        "precheck counts text references: every distinct value is classified on the server, figures alone come back.",
        [counting(connection, ready, every)],
    )


def test_the_census_by_index_is_as_documented(make, in_process):
    database = make("with_patients")
    for table in REFERENCING:
        database.execute(f'CREATE INDEX IF NOT EXISTS "{table}_patientId_idx" ON {table} ("patientId")')
    refer(database, "bills", *(new_id() for _ in range(200)))
    database.execute("VACUUM ANALYZE")
    connection = in_process(database)
    ready = prepared(connection)
    ranges = scan_queries.split_into_ranges(connection, large(ready.scan, LARGE), value_type(ready.question))

    compare(
        "census_by_index",
        "precheck counts by the indexes of large tables, in ranges of values: the second of them. The bounds are\n"
        "-- looked up in the statistics, so that no identifier stands in a statement.",
        [counting(connection, ready, ranges[1])],
    )


def test_the_census_in_pieces_is_as_documented(make, in_process):
    connection = in_process(make("with_patients"))
    ready = prepared(connection)
    scan = replace(large(ready.scan, 50 * MEGABYTE), by_index=frozenset(), max_rate=50)

    compare(
        "census_in_pieces",
        "precheck --max-rate 50 counts tables of 50 MB each: every piece waits until its time has come.",
        [counting(connection, ready, scan_queries.all_rows(scan, value_type(ready.question)))],
    )


def test_the_statements_for_placeholders_are_as_documented(make, in_process):
    database = make("with_patients")
    refer(database, "bills", new_id(), new_id())
    connection = in_process(database)

    sent = statements_of(connection, lambda: fill(scan=ScanOptions(jobs=2)))

    of_the_backfill = "details ->> 'command' = 'backfill_placeholders' LIMIT 1"
    run_id = database.value(f"SELECT run_id::text FROM migrations_safety_run WHERE {of_the_backfill}")
    sent = [query.replace(run_id, str(RUN)) for query in sent]
    compare(
        "placeholders",
        "backfill_placeholders: the work table, the function that makes a batch of parents, one batch.\n"
        f"-- {PARAMETERS}",
        [
            first(sent, "CREATE TEMPORARY TABLE"),
            first(sent, "CREATE OR REPLACE FUNCTION pg_temp"),
            first(sent, "SELECT made"),
        ],
    )


def test_the_statements_that_nullify_and_restore_are_as_documented(make, in_process):
    database = make("with_patients", "text")
    database.execute('ALTER TABLE bills ALTER COLUMN "patientId" DROP NOT NULL')
    refer(database, "bills", "unknown")
    connection = in_process(database)

    sent = statements_of(connection, lambda: fill(nullify=("bills",)))
    sent += statements_of(connection, lambda: backfill.restore(using="default"))

    compare(
        "nullify",
        "backfill_placeholders --nullify bills: the work table, then one batch that keeps what it sets to NULL.\n"
        f"-- --restore-nullified: one batch put back.\n-- {PARAMETERS}",
        [first(sent, "CREATE TEMPORARY TABLE"), first(sent, "WITH chosen"), first(sent, "WITH image")],
    )


def test_the_statements_that_add_and_validate_the_keys_are_as_documented(make, in_process, capsys):
    in_process(make("with_patients"))

    for migration in ("0002", "0003"):
        call_command("sqlmigrate", "ehr", migration, no_color=True)

    printed = capsys.readouterr().out
    compare(
        "keys",
        "ehr.0002 and ehr.0003: the keys are added NOT VALID and then validated, each in a short transaction.",
        [KEY_PARTS.sub(r"\n\1 ", line) for line in printed.splitlines() if line.startswith("ALTER TABLE")],
    )


def prepared(connection):
    report = precheck.run(using="default")
    (question,) = reference_counts.questions(report.inspected, report.inspected.references(), reading=ScanOptions())
    return counts.prepare(connection, question)


def counting(connection, ready, rows):
    """The statement as it is sent; PostgreSQL takes it as it is written down, too."""
    statement = counts._counting(connection, ready.question, rows).as_string(connection.connection)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + laid_out(statement))
    return statement


def large(scan, size):
    """As if each table were of that size."""
    return replace(scan, parts={table: [replace(parts[0], bytes=size)] for table, parts in scan.parts.items()})


def statements_of(connection, work):
    """What is sent through Django's cursors meanwhile."""
    sent = []

    def remember(execute, query, parameters, many, context):
        text = query if isinstance(query, str) else sql.SQL("").join([query]).as_string(connection.connection)
        sent.append(text.removesuffix(f" {MARK}"))  # the comment at the end says whose statement it is
        return execute(query, parameters, many, context)

    with connection.execute_wrapper(remember):
        work()
    return sent


def first(sent, beginning):
    return next(query for query in sent if query.startswith(beginning))


def compare(name, title, statements):
    """What docs/sql/ has under that name is what was sent."""
    statements = [statement.rstrip(";\n") for statement in statements]
    laid = [laid_out(statement) for statement in statements]
    assert [words(one) for one in laid] == [words(one) for one in statements]
    text = f"-- {title}\n" + "".join(f"\n{one.rstrip()};\n" for one in laid)
    file = FOLDER / f"{name}.sql"
    if os.environ.get("REWRITE_SQL"):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


def test_no_file_is_left_over():
    named = {"census_by_index", "census_in_pieces", "census_text", "census_uuid", "keys", "nullify", "placeholders"}

    assert {file.stem for file in FOLDER.glob("*")} == named


@pytest.mark.parametrize("statement", ["SELECT 'a  b'", "SELECT (\n\n1,  2 )", "SELECT \"x  y\",\n  E'\\'  ' "])
def test_the_layout_changes_white_space_between_words_alone(statement):
    assert words(laid_out(statement)) == words(statement)
