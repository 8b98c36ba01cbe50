"""Any app's migrations on the ladder: RunSQL, Django's own operations, indexes built concurrently."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import OperationalError, migrations, models, transaction

from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.locking.watchdog import Watchdog
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.locks import LocksNotFree, OthersWaited
from migrations_safety.migrate.executor import on_the_ladder
from tests.support.blocking_session import in_the_way
from tests.support.on_ladder import Holding, apply, is_recorded, migration

INDEX = AddIndexConcurrently("thing", models.Index(fields=["name"], name="things_name_idx"))


@pytest.mark.parametrize("atomic", [True, False])
def test_run_sql_waits_without_making_writers_wait_long(ladder, empty, atomic):
    one = migration(migrations.RunSQL("ALTER TABLE things ADD COLUMN size int"), atomic=atomic)

    with in_the_way(empty, HELD, others=WRITE) as others:
        apply(ladder, one)

    assert is_recorded(empty)
    assert others.got_on
    assert empty.value(SIZED) == 1


def test_others_do_not_get_on_behind_a_statement_that_waits_without_the_ladder(empty):
    empty.execute("CREATE TABLE things (id bigserial PRIMARY KEY, name text)")

    with in_the_way(empty, HELD, others=WRITE, in_vain=1) as others:
        empty.execute("ALTER TABLE things ADD COLUMN size int")

    assert not others.got_on


HELD = "LOCK TABLE things IN ROW EXCLUSIVE MODE"
WRITE = ("INSERT INTO things (name) VALUES ('a')",)
SIZED = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'things'::regclass AND attname = 'size'"


def test_a_lock_that_is_never_free_ends_with_its_holder_named_and_nothing_half_done(ladder, empty):
    ladder.retry_for = 0.5
    ladder.rungs = (60_000,)  # so that the watchdog has seen the holder, whenever it comes to look
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
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=9, db_index=True)),
    ]

    with pytest.raises(Exception, match="no"):
        apply(ladder, migration(migrations.CreateModel("Other", fields, {"db_table": "others"})))

    assert empty.value("SELECT to_regclass('others') IS NULL")


def test_an_index_is_built_concurrently_without_a_lock_timeout(ladder, empty):
    with Holding(empty, HELD):
        apply(ladder, migration(INDEX, atomic=False))

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


LATE = [
    "-- a note\nALTER TABLE things ADD COLUMN size int",
    "/* a note */ ALTER TABLE things ADD COLUMN size int",
    "DO $$ BEGIN ALTER TABLE things ADD COLUMN size int; END $$",
    "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE things ADD COLUMN size int",
]


def add_column(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE things ADD COLUMN size int")


@pytest.mark.parametrize(
    "operation",
    [*map(migrations.RunSQL, LATE), migrations.RunPython(add_column), migrations.RunPython(add_column, atomic=True)],
    ids=["comment", "block comment", "block", "two statements", "python", "python in a transaction"],
)
def test_no_statement_of_a_migration_that_is_not_atomic_makes_writers_wait(ladder, empty, operation):
    with in_the_way(empty, HELD, others=WRITE) as others:
        apply(ladder, migration(operation, atomic=False))

    assert is_recorded(empty)
    assert others.got_on
    assert empty.value(SIZED) == 1


def name_all(apps, schema_editor):
    """As careless code does it: what fails is passed over."""
    with schema_editor.connection.cursor() as cursor:
        for number in range(1, 6):
            try:
                with transaction.atomic():
                    cursor.execute("UPDATE things SET name = 'done' WHERE id = %s", [number])
            except OperationalError:
                pass


def test_a_row_that_was_held_and_passed_over_is_not_lost(ladder, empty):
    empty.execute("INSERT INTO things (name) SELECT 'new' FROM generate_series(1, 5)")

    with Holding(empty, "SELECT FROM things WHERE id = 3 FOR UPDATE"):
        apply(ladder, migration(migrations.RunPython(name_all)))

    assert empty.value("SELECT count(*) FROM things WHERE name = 'done'") == 5


def test_what_makes_others_wait_each_time_says_so_and_names_nobody(ladder, empty):
    ladder.retry_for = 1
    ladder.watchdog.max_stall = 0.05
    one = migration(migrations.RunSQL("LOCK TABLE things IN SHARE MODE; SELECT pg_sleep(60)"))

    with in_the_way(empty, others=WRITE) as others, pytest.raises(OthersWaited) as refused:
        apply(ladder, one)

    assert "made others wait longer than --max-stall" in str(refused.value)
    assert "pid" not in str(refused.value)
    assert 0 < others.longest < 60 / 2


def test_statements_that_are_not_ours_to_repeat_have_no_limit_of_ours(ladder):
    with ladder.connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_an_invalid_index_in_another_schema_is_built_anew(in_process, empty):
    empty.execute('CREATE SCHEMA "Ward"; CREATE TABLE "Ward".things (id bigserial PRIMARY KEY, name text)')
    empty.execute("INSERT INTO \"Ward\".things (name) VALUES ('same'), ('same')")
    with pytest.raises(Exception, match="could not create unique index"):
        empty.execute('CREATE UNIQUE INDEX CONCURRENTLY things_name_idx ON "Ward".things (name)')
    connection = in_process(empty)
    connection.ensure_connection()
    with Watchdog(connection, max_stall=0.2) as watchdog:
        ladder = LockLadder(connection, watchdog=watchdog, retry_for=20, progress=Progress())
        with on_the_ladder(connection, ladder), connection.schema_editor(atomic=False) as editor:
            editor.execute('CREATE INDEX CONCURRENTLY "things_name_idx" ON "Ward"."things" ("name")', None)

    assert empty.rows(
        "SELECT indisvalid, indisunique FROM pg_index WHERE indexrelid = '\"Ward\".things_name_idx'::regclass"
    ) == [(True, False)]


def test_an_index_of_a_column_that_differs_in_capitals_is_not_taken_for_ours(ladder, empty):
    empty.execute('ALTER TABLE things ADD COLUMN "Name" text; CREATE INDEX things_name_idx ON things ("Name")')

    with pytest.raises(Exception, match="already exists"):
        apply(ladder, migration(INDEX, atomic=False))
