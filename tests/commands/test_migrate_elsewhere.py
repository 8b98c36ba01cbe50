"""Code of a migration that writes through another database alias: said, or refused where the database is named."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.on_ladder import HELD
from tests.support.sample_app import SampleApp

CODE = """
def on_default(sql):
    def code(apps, schema_editor):
        from django.db import connections
        with connections["default"].cursor() as cursor:
            cursor.execute(sql)
    return migrations.RunPython(code, migrations.RunPython.noop)

def quietly(apps, schema_editor):
    from django.db import connections
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("INSERT INTO beds VALUES (2)")
    except Exception:
        pass

def while_a_lock_is_met(apps, schema_editor):
    from django.db import connections
    with connections["default"].cursor() as cursor:
        cursor.execute("INSERT INTO beds VALUES (3)")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE wards ADD COLUMN beds int")
"""
WRITE = 'on_default("INSERT INTO beds VALUES (1)")'
TABLE = "migrations.CreateModel('Stay', [('id', models.BigAutoField(primary_key=True))])"
MADE = "SELECT to_regclass('ward_stay') IS NOT NULL"
SAID = (
    'ward.0001_initial writes through the database alias "default", not "other": without limits, without a record, '
    "and not undone with it."
)


@pytest.fixture
def databases(make):
    """The default one, with a table that the code writes to, and the one that is migrated."""
    default, other = make("empty"), make("empty")
    default.execute("CREATE TABLE beds (number int)")
    return default, other


@pytest.fixture
def ward(tmp_path):
    app = SampleApp(tmp_path)

    def write(operations, **how):
        app.migration("0001_initial", operations, before=CODE, **how)
        return app

    return write


def migrate(databases, app, *arguments, **more):
    default, other = databases
    variables = {"DATABASE_URL_OTHER": other.url, **app.variables, **more}
    return default.run("migrate", "ward", "--database", "other", *arguments, **variables)


def beds(databases):
    return [number for (number,) in databases[0].rows("SELECT number FROM beds ORDER BY 1")]


@pytest.mark.parametrize("atomic", [True, False])
def test_a_write_elsewhere_is_said_once(databases, ward, atomic):
    app = ward(f"{WRITE}, {TABLE}, {WRITE}", atomic=atomic)

    done = migrate(databases, app, "--format", "json")

    assert done.code == 0, done.said
    assert done.err.count(SAID) == 1
    assert (beds(databases), databases[1].value(MADE)) == ([1, 1], True)
    recorded = databases[1].value(
        "SELECT details->'counts'->'elsewhere' FROM migrations_safety_run WHERE event <> 'started'"
    )
    assert done.json["elsewhere"] == recorded == {"default": "ward.0001_initial"}


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO beds VALUES (1)",
        "-- SELECT\nUPDATE beds SET number = 2",
        "WITH gone AS (DELETE FROM beds RETURNING 1) SELECT * FROM gone",
        "SELECT number INTO more FROM beds",
        "SELECT * FROM beds FOR UPDATE",
        "SELECT 1; DROP TABLE beds",
        "CREATE TABLE more (number int)",
        "CALL nothing()",
        "DO 'BEGIN DROP TABLE beds; END'",
    ],
)
def test_where_the_database_is_named_it_is_not_sent(databases, ward, sql, atomic):
    default, other = databases
    default.execute("INSERT INTO beds VALUES (7)")
    app = ward(f"{TABLE}, on_default({sql!r})", atomic=atomic)
    logged = default.server.log.stat().st_size

    refused = migrate(databases, app, "--expect-database", other.name)

    assert refused.code == 2
    assert 'target.E010: The code of ward.0001_initial tried to write through the alias "default".' in refused.err
    assert beds(databases) == [7]
    assert default.rows("SELECT relname FROM pg_class WHERE relname = 'more'") == []
    assert "beds" not in default.server.log.read_bytes()[logged:].decode()
    assert other.value("SELECT count(*) FROM django_migrations WHERE app = 'ward'") == 0
    assert other.value(MADE) is not atomic
    assert other.rows("SELECT event FROM migrations_safety_run ORDER BY id") == [("started",), ("failed",)]


def test_code_that_catches_the_refusal_does_not_get_its_migration_recorded(databases, ward):
    app = ward(f"{TABLE}, migrations.RunPython(quietly)")

    refused = migrate(databases, app, "--expect-database", databases[1].name)

    assert (refused.code, beds(databases)) == (2, [])
    assert "target.E010" in refused.err
    assert databases[1].value("SELECT count(*) FROM django_migrations WHERE app = 'ward'") == 0
    assert databases[1].value(MADE) is False
    assert databases[1].rows("SELECT event FROM migrations_safety_run ORDER BY id") == [("started",), ("failed",)]


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM beds", "SHOW search_path", "SELECT 'UPDATE', number AS \"insert\" FROM beds"]
)
def test_reading_elsewhere_is_nobody_s_business(databases, ward, sql):
    app = ward(f"{TABLE}, on_default({sql!r})")

    done = migrate(databases, app, "--expect-database", databases[1].name)

    assert done.code == 0, done.said
    assert "through the database alias" not in done.err


def test_an_alias_of_the_same_database_is_said_and_not_refused(databases, ward):
    _, other = databases
    other.execute("CREATE TABLE beds (number int)")
    app = ward(f"{TABLE}, {WRITE}")

    done = migrate(databases, app, "--expect-database", other.name, url=other.url)

    assert done.code == 0, done.said
    assert SAID in done.err
    assert other.rows("SELECT number FROM beds") == [(1,)]


def test_what_was_written_elsewhere_is_not_written_again_for_a_lock(databases, ward):
    default, other = databases
    other.execute("CREATE TABLE wards (id int)")
    app = ward("migrations.RunPython(while_a_lock_is_met)")

    with ThreadPoolExecutor() as pool, other.session("SELECT * FROM wards") as reader:
        running = pool.submit(migrate, databases, app)
        default.wait_for("SELECT count(*) > 0 FROM beds")
        other.wait_for("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'wards'::regclass")
        time.sleep(HELD)
        reader.rollback()

    assert running.result().code == 0, running.result().said
    assert beds(databases) == [3]


def test_a_database_of_another_kind_is_not_taken_for_the_named_one(databases, ward, tmp_path):
    app = ward(TABLE)
    app.write(
        "ward_settings.py",
        f"""
        from ehr.settings import *
        INSTALLED_APPS = [*INSTALLED_APPS, 'ward']
        DATABASES['other'] = {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': '{tmp_path}/other.sqlite3'}}
        """,
    )

    refused = databases[0].run("migrate", "ward", "--database", "other", "--expect-database", "x", **app.variables)

    assert refused.code == 2
    assert '--expect-database: only for PostgreSQL, but the alias "other" is not.' in refused.err
