"""Any app's migrations on the ladder: RunSQL, Django's own operations, indexes built concurrently."""

import threading
import time

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from migrations_safety.executor import SafeExecutor, on_the_ladder
from migrations_safety.locks import Ladder
from migrations_safety.progress import Progress
from migrations_safety.refusals import LocksNotFree
from migrations_safety.watchdog import Watchdog

TABLE = migrations.CreateModel(
    "Thing",
    [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField(null=True))],
    {"db_table": "things"},
)
INDEX = AddIndexConcurrently("thing", models.Index(fields=["name"], name="things_name_idx"))


def migration(*operations, atomic=True):
    kind = type("Migration", (migrations.Migration,), {"operations": list(operations), "atomic": atomic})
    return kind("0001_things", "ehr")


@pytest.fixture
def ladder(in_process, empty):
    """A ladder with its watchdog, on a database with a table of things."""
    empty.execute("CREATE TABLE things (id bigserial PRIMARY KEY, name text)")
    connection = in_process(empty)
    MigrationExecutor(connection).recorder.ensure_schema()
    with Watchdog(connection, max_stall=0.2) as watchdog:
        ladder = Ladder(connection, watchdog=watchdog, retry_for=20, progress=Progress())
        with on_the_ladder(connection, ladder):
            yield ladder


def apply(ladder, one):
    executor = type("Executor", (SafeExecutor,), {"ladder": ladder})(ladder.connection)
    state = ProjectState()
    TABLE.state_forwards("ehr", state)
    return executor.apply_migration(state, one)


def is_recorded(database):
    return database.value("SELECT count(*) FROM django_migrations WHERE name = '0001_things'") == 1


def blocker(database, seconds, begun):
    with database.session("LOCK TABLE things IN ROW EXCLUSIVE MODE"):
        begun.set()
        time.sleep(seconds)


@pytest.mark.parametrize("atomic", [True, False])
def test_run_sql_waits_without_making_writers_wait_long(ladder, empty, atomic):
    begun = threading.Event()
    other = threading.Thread(target=blocker, args=(empty, 2.0, begun))
    other.start()
    begun.wait()
    one = migration(migrations.RunSQL("ALTER TABLE things ADD COLUMN size int"), atomic=atomic)
    waits = []
    writer = threading.Thread(target=write, args=(empty, 2.2, waits))
    writer.start()

    apply(ladder, one)
    other.join()
    writer.join()

    assert is_recorded(empty)
    assert max(waits) < 2 / 2
    assert (
        empty.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'things'::regclass AND attname = 'size'") == 1
    )


def write(database, seconds, waits):
    import psycopg

    end = time.monotonic() + seconds
    with psycopg.connect(database.url, autocommit=True) as connection:
        while time.monotonic() < end:
            started = time.monotonic()
            connection.execute("INSERT INTO things (name) VALUES ('a')")
            waits.append(time.monotonic() - started)
            time.sleep(0.005)


def test_a_lock_that_is_never_free_ends_with_its_holder_named_and_nothing_half_done(ladder, empty):
    ladder.retry_for = 0.5
    one = migration(
        migrations.RunSQL("CREATE TABLE half (id int)"), migrations.RunSQL("ALTER TABLE things ADD COLUMN size int")
    )

    with empty.session("SET application_name = 'prisma'", "LOCK TABLE things IN ROW SHARE MODE") as holder:
        with pytest.raises(LocksNotFree) as refused:
            apply(ladder, one)
        pid = holder.info.backend_pid

    assert f"pid {pid} (prisma, idle in transaction" in str(refused.value)
    assert "LOCK TABLE" not in str(refused.value)
    assert empty.value("SELECT to_regclass('half') IS NULL")
    assert not is_recorded(empty)


def test_an_atomic_migration_and_its_record_are_one_transaction(ladder, empty):
    """Django itself records a migration with deferred SQL (here: an index) after the commit of what it made."""
    empty.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$")
    empty.execute("CREATE TRIGGER refuse BEFORE INSERT ON django_migrations EXECUTE FUNCTION refuse()")
    fields = [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9, db_index=True))]

    with pytest.raises(Exception, match="no"):
        apply(ladder, migration(migrations.CreateModel("Other", fields, {"db_table": "others"})))

    assert empty.value("SELECT to_regclass('others') IS NULL")


def test_an_index_is_built_concurrently_without_a_lock_timeout(ladder, empty):
    begun = threading.Event()
    other = threading.Thread(target=blocker, args=(empty, 0.7, begun))
    other.start()
    begun.wait()

    apply(ladder, migration(INDEX, atomic=False))
    other.join()

    assert empty.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'things_name_idx'::regclass")
    assert is_recorded(empty)


def test_an_invalid_index_of_an_earlier_build_is_built_anew(ladder, empty):
    empty.execute("INSERT INTO things (name) VALUES ('same'), ('same')")
    with pytest.raises(Exception, match="could not create unique index"):
        empty.execute("CREATE UNIQUE INDEX CONCURRENTLY things_name_idx ON things (name)")
    assert not empty.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'things_name_idx'::regclass")

    apply(ladder, migration(INDEX, atomic=False))

    assert empty.rows(
        "SELECT indisvalid, indisunique FROM pg_index WHERE indexrelid = 'things_name_idx'::regclass"
    ) == [(True, False)]


def test_an_index_that_a_killed_run_had_finished_is_left_as_it_is(ladder, empty):
    empty.execute("CREATE INDEX things_name_idx ON things (name)")
    before = empty.value("SELECT 'things_name_idx'::regclass::oid")

    apply(ladder, migration(INDEX, atomic=False))

    assert empty.value("SELECT 'things_name_idx'::regclass::oid") == before


def test_an_index_of_the_same_name_and_another_definition_is_not_taken_for_ours(ladder, empty):
    empty.execute("CREATE INDEX things_name_idx ON things (lower(name))")

    with pytest.raises(Exception, match="already exists"):
        apply(ladder, migration(INDEX, atomic=False))

    assert not is_recorded(empty)
