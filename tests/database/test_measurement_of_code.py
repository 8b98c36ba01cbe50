"""Code in migrations, statements outside of transactions, errors, and where the scratch database is."""

import socket
from contextlib import closing

import psycopg
import pytest

from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from tests.support.measured_app import ROWS, write
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.any_postgresql

BREAKS_OUT = """
import os
import psycopg
from django.core.mail import send_mail
from django.db import connections, models

def code(apps, schema_editor):
    Bed = apps.get_model("ward", "Bed")
    for try_it in (
        lambda: Bed.objects.update(slug="changed"),
        lambda: Bed.objects.using("default").update(slug="changed"),
        lambda: Bed.objects.using("other").update(slug="changed"),
        lambda: connections["default"].cursor().execute("UPDATE ward_bed SET slug = 'changed'"),
        lambda: psycopg.connect("", autocommit=True).execute("UPDATE ward_bed SET slug = 'changed'"),
        lambda: psycopg.connect(os.environ["DATABASE_URL"], autocommit=True).execute("UPDATE ward_bed SET slug = ''"),
    ):
        try:
            try_it()
        except Exception:
            pass
"""


@pytest.fixture
def scratch(make):
    return make("empty")


def test_a_concurrent_index_build_is_measured_while_it_runs(measured, scratch):
    app, database, connection = measured
    database.execute(ROWS)
    steps = [
        'migrations.RunSQL("CREATE INDEX CONCURRENTLY beds_by_number ON ward_bed (number)")',
        'migrations.RunSQL("REINDEX INDEX CONCURRENTLY beds_by_number")',
        'migrations.RunSQL("DROP INDEX CONCURRENTLY beds_by_number")',
        'migrations.AddField("bed", "note", models.TextField(null=True))',
    ]
    write(app, steps, atomic=False)

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    locks = [one.held.get("ward_bed") for one in plan.transactions]
    assert locks == [*["ShareUpdateExclusiveLock"] * 3, "AccessExclusiveLock"]
    assert [one.scanned for one in plan.transactions[0].effects if one.table == "ward_bed"] == [True]


@pytest.mark.parametrize("runs_code", [False, True])
def test_code_reaches_no_database_of_the_project(measured, scratch, runs_code, monkeypatch):
    app, database, connection = measured
    database.execute(ROWS)
    app.migration("0002_next", "migrations.RunPython(code)", after=("ward", "0001_initial"), before=BREAKS_OUT)
    monkeypatch.setenv("PGHOST", str(database.server.folder))
    monkeypatch.setenv("PGPORT", str(database.server.port))
    monkeypatch.setenv("PGUSER", "postgres")
    monkeypatch.setenv("PGDATABASE", database.name)
    monkeypatch.setenv("DATABASE_URL", database.url)
    before = row_snapshot(database)

    plan = measure(
        connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url, measure_python=runs_code)
    )

    ((operation,),) = [one.operations for one in plan.transactions]
    assert (operation.opaque, bool(operation.statements)) == (not runs_code, runs_code)
    assert row_snapshot(database) == before


REACHES_OUT = """
import os
import socket
import subprocess
import urllib.request

def code(apps, schema_editor):
    reached = []
    for name, try_it in {
        "http": lambda: urllib.request.urlopen("http://127.0.0.1:%(port)s/"),
        "socket": lambda: socket.create_connection(("127.0.0.1", %(port)s)),
        "program": lambda: subprocess.run(["true"], check=True),
        "shell": lambda: os.system("true"),
    }.items():
        try:
            try_it()
        except OSError:
            continue
        reached.append(name)
    assert reached == [], reached
"""


def test_code_that_is_run_reaches_no_network_and_no_program(measured, scratch):
    app, _, connection = measured
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        before = REACHES_OUT % {"port": listening.getsockname()[1]}
        app.migration("0002_next", "migrations.RunPython(code)", after=("ward", "0001_initial"), before=before)
        options = MeasureOptions(scratch_url=scratch.url, measure_python=True)

        plan = measure(connection, app_label="ward", options=options)

    assert (plan.measured, plan.error) == ("url", None)


def test_a_statement_that_fails_is_named_and_ends_the_plan(measured, scratch):
    app, _, connection = measured
    write(app, ['migrations.RunSQL("ALTER TABLE nothing ADD COLUMN x int")', 'migrations.RunSQL("SELECT 1")'])

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    ((operation,),) = [one.operations for one in plan.transactions]
    assert [one.error for one in operation.statements] == ["42P01"]
    assert plan.error == "42P01"


def test_strings_and_numbers_of_rows_are_not_repeated(measured, scratch):
    app, _, connection = measured
    write(app, ["""migrations.RunSQL("UPDATE ward_ward SET beds = 417518263 WHERE name = 'Ann' -- of Ann")"""])

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    (statement,) = plan.transactions[0].operations[0].statements
    assert statement.sql == "UPDATE ward_ward SET beds = $2 WHERE name = $1"


def test_the_order_of_operations_and_deferred_statements_is_kept(measured, scratch):
    app, _, connection = measured
    steps = """
        migrations.AddField("bed", "note", models.TextField(null=True, db_index=True)),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.AlterField("ward", "beds", models.BigIntegerField(null=True)),
    """
    write(app, [steps])

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    operations = plan.transactions[0].operations
    sent = [(one.place, one.sql) for operation in operations for one in operation.statements]
    in_order = [text.partition('"')[0].strip() for _, text in sorted(sent)]
    assert in_order == ["ALTER TABLE", "ALTER TABLE", "CREATE INDEX", "CREATE INDEX"]
    column, index = operations[0].statements[0].place, operations[0].statements[1].place
    assert operations[0].place < column < operations[1].place < operations[2].place < index


def test_going_back_is_measured_too(measured, scratch):
    _, _, connection = measured

    plan = measure(connection, app_label="ward", migration_name="zero", options=MeasureOptions(scratch_url=scratch.url))

    dropped = {one.table for transaction in plan.transactions for one in transaction.effects if one.dropped}
    assert dropped == {"ward_clinic", "ward_ward", "ward_bed"}


def test_where_the_role_may_create_databases_the_scratch_is_on_the_server_and_gone_afterwards(measured, monkeypatch):
    app, database, connection = measured
    write(app, ['migrations.AddField("bed", "note", models.TextField(null=True))'])
    as_a_role_that_may_create_databases(database, connection, monkeypatch)

    plan = measure(connection, app_label="ward")

    assert (plan.measured, plan.reason) == ("server", None)
    assert scratches(database) == []


def as_a_role_that_may_create_databases(database, connection, monkeypatch):
    database.execute("DO $$ BEGIN CREATE ROLE measurer LOGIN CREATEDB; EXCEPTION WHEN duplicate_object THEN END $$")
    database.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO measurer")
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "USER", "measurer")


def scratches(database):
    with closing(psycopg.connect(database.url)) as session:
        found = session.execute("SELECT datname FROM pg_database WHERE datname LIKE '%scratch%' ORDER BY 1").fetchall()
    return [name for (name,) in found]


def test_a_scratch_that_a_kill_has_left_is_dropped_by_the_next_run_and_one_in_use_is_not(measured, monkeypatch):
    app, database, connection = measured
    write(app, ['migrations.AddField("bed", "note", models.TextField(null=True))'])
    oid = database.value("SELECT oid FROM pg_database WHERE datname = current_database()")
    left, used, others = (f"migrations_safety_scratch_{oid}_{number}_1" for number in (1, 2, 3))
    for name in (left, used, others):
        database.execute(f"CREATE DATABASE {name}")
        marker = f"scratch of migrations_safety for the database {oid if name != others else 1}"
        database.execute(f"COMMENT ON DATABASE {name} IS '{marker}'")
    as_a_role_that_may_create_databases(database, connection, monkeypatch)
    for name in (left, used, others):
        database.execute(f"ALTER DATABASE {name} OWNER TO measurer")

    with closing(psycopg.connect(database.url.replace(database.name, used))):
        measure(connection, app_label="ward")

    assert scratches(database) == [used, others]
    for name in (used, others):
        database.execute(f"DROP DATABASE {name}")


def test_a_database_that_holds_something_is_no_scratch(measured, make):
    _, _, connection = measured
    full = make("hospital")

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=full.url))

    assert (plan.measured, plan.reason) == ("no", "the database of --scratch-url is not empty")
    assert full.rows("SELECT 1 FROM users LIMIT 1") is not None
