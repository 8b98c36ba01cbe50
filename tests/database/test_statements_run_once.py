"""What is not undone as a whole when it fails runs once, and no limit of ours ends it."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import migrations

from tests.support.blocking_session import in_the_way
from tests.support.on_ladder import Holding, apply, by_cursor, is_recorded, migration, past_the_cursors, python

COMMITS = "UPDATE things SET n = n + 1; COMMIT; LOCK TABLE lamps IN ACCESS EXCLUSIVE MODE"
INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"


SENDERS = {"RunSQL": migrations.RunSQL, "cursor": by_cursor, "connection.connection": past_the_cursors}


@pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
@pytest.mark.parametrize(
    "sql",
    [
        f"DO $$ BEGIN {COMMITS}; END $$",
        "CALL add_one()",
        "/* a note */ CALL add_one() -- one",
        f"BEGIN; {COMMITS}; COMMIT",
        f"{COMMITS}",
        "SELECT 1; CALL add_one()",
    ],
    ids=["DO", "CALL", "commented CALL", "BEGIN and COMMIT", "COMMIT", "two statements"],
)
def test_what_commits_in_its_middle_runs_once_and_waits(ladder, things, send, sql):
    things.execute(f"CREATE PROCEDURE add_one() LANGUAGE plpgsql AS $$ BEGIN {COMMITS}; END $$")
    if sql.startswith(("BEGIN", "UPDATE")):
        sql = sql.replace("LOCK TABLE lamps IN ACCESS EXCLUSIVE MODE", "ALTER TABLE lamps ADD COLUMN size int")
    failed: BaseException | None = None

    with Holding(things, "SELECT count(*) FROM lamps"):
        try:
            apply(ladder, migration(send(sql), atomic=False))
        except psycopg.Error as error:  # two statements: a procedure that commits is then PostgreSQL's own error
            failed = error
        except Exception as error:
            failed = error.__cause__

    can_run = "SELECT 1; CALL" not in sql
    assert (failed is None) is can_run
    assert things.value("SELECT max(n) FROM things") == (1 if can_run else 0)
    assert is_recorded(things) is can_run


@pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY things_n_idx ON things (n)",
        "-- by hand\nCREATE INDEX /* as well */ CONCURRENTLY IF NOT EXISTS things_n_idx ON things (n)",
        "REINDEX TABLE CONCURRENTLY things",
    ],
)
def test_what_works_concurrently_waits_as_long_as_it_takes_and_leaves_nothing_invalid(ladder, things, send, sql):
    with Holding(things, "LOCK TABLE things IN ROW EXCLUSIVE MODE"):
        apply(ladder, migration(send(sql), atomic=False))

    assert things.value(INVALID) == 0
    assert is_recorded(things)


def test_detaching_a_partition_concurrently_is_not_cut_off(ladder, things):
    things.execute("CREATE TABLE days (day int) PARTITION BY RANGE (day)")
    things.execute("CREATE TABLE day_1 PARTITION OF days FOR VALUES FROM (1) TO (2)")
    sql = "ALTER TABLE days DETACH PARTITION day_1 CONCURRENTLY"

    with Holding(things, "SELECT count(*) FROM days"):
        apply(ladder, migration(by_cursor(sql), atomic=False))

    assert things.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'days'::regclass") == 0


def test_an_index_that_cannot_be_unique_leaves_nothing_behind(ladder, things):
    sql = "CREATE UNIQUE INDEX CONCURRENTLY things_name_key ON things (name)"

    with pytest.raises(Exception, match="could not create unique index"):
        apply(ladder, migration(by_cursor(sql), atomic=False))

    assert things.value("SELECT to_regclass('things_name_key') IS NULL")
    assert not is_recorded(things)


@pytest.mark.parametrize("atomic", [True, False])
def test_if_not_exists_does_not_take_an_invalid_index_for_the_index(ladder, things, atomic):
    with pytest.raises(psycopg.Error):
        things.execute("CREATE UNIQUE INDEX CONCURRENTLY things_name_idx ON things (name)")
    assert things.value(INVALID) == 1

    sql = "CREATE INDEX IF NOT EXISTS things_name_idx ON things (name)"
    apply(ladder, migration(by_cursor(sql), atomic=atomic))

    assert things.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'things_name_idx'::regclass")


def test_code_that_ends_the_transaction_of_its_migration_is_not_run_again(ladder, things):
    """As in Django, what came before its COMMIT is kept; the rest waits, and nothing is done twice."""
    operations = [
        migrations.RunSQL("UPDATE things SET n = n + 1 WHERE id = 1"),
        migrations.RunSQL("UPDATE things SET n = n + 1 WHERE id = 2; COMMIT"),
        migrations.RunSQL("ALTER TABLE lamps ADD COLUMN size int"),
    ]

    with Holding(things, "SELECT count(*) FROM lamps"):
        apply(ladder, migration(*operations))

    assert things.value("SELECT sum(n) FROM things") == 2
    assert (
        things.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'lamps'::regclass AND attname = 'size'") == 1
    )
    assert is_recorded(things)


def test_code_that_commits_past_the_cursors_is_not_run_again(ladder, things):
    def work(connection):
        connection.connection.execute("UPDATE things SET n = n + 1")
        connection.connection.commit()
        connection.connection.execute("SET LOCAL lock_timeout = '50ms'")
        connection.connection.execute("ALTER TABLE lamps ADD COLUMN size int")

    first = migrations.RunSQL("UPDATE things SET n = n + 1")

    with Holding(things, "SELECT count(*) FROM lamps", seconds=None), pytest.raises(psycopg.errors.LockNotAvailable):
        apply(ladder, migration(first, python(work)))

    assert things.rows("SELECT DISTINCT n FROM things") == [(2,)]
    assert not is_recorded(things)


def test_a_vacuum_full_gives_way_and_is_tried_again(ladder, things):
    writes = ("INSERT INTO things (name) VALUES ('a')",)

    with in_the_way(things, "LOCK TABLE things IN ROW EXCLUSIVE MODE", others=writes) as others:
        apply(ladder, migration(by_cursor("VACUUM FULL things"), atomic=False))

    assert is_recorded(things)
    assert others.got_on


def test_the_sessions_own_timeouts_are_back_after_a_patient_statement(ladder, things):
    def work(connection):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '77s'; SET statement_timeout = '88s'")
            cursor.execute("CREATE INDEX CONCURRENTLY things_n_idx ON things (n)")
            cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
            seen.append(cursor.fetchone())

    seen = []
    apply(ladder, migration(python(work), atomic=False))

    assert seen == [("77s", "88s")]


def test_an_interrupted_detaching_is_finished_by_the_same_statement(ladder, things):
    things.execute("CREATE TABLE days (day int) PARTITION BY RANGE (day)")
    things.execute("CREATE TABLE day_1 PARTITION OF days FOR VALUES FROM (1) TO (2)")
    sql = "ALTER TABLE days DETACH PARTITION day_1 CONCURRENTLY"
    pending = "SELECT inhdetachpending FROM pg_inherits WHERE inhparent = 'days'::regclass"
    with (
        Holding(things, "SELECT count(*) FROM days", seconds=None),
        psycopg.connect(things.url, autocommit=True) as other,
        ThreadPoolExecutor() as pool,
    ):
        detaching = pool.submit(other.execute, sql)
        things.wait_for(pending)
        other.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            detaching.result()
    assert things.value(pending)

    apply(ladder, migration(migrations.RunSQL(sql), atomic=False))

    assert things.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'days'::regclass") == 0
    assert is_recorded(things)


def test_an_index_without_a_name_leaves_nothing_invalid_when_it_fails(ladder, things):
    with pytest.raises(Exception, match="could not create unique index"):
        apply(ladder, migration(by_cursor("CREATE UNIQUE INDEX CONCURRENTLY ON things (name)"), atomic=False))

    assert things.value(INVALID) == 0


@pytest.mark.parametrize("was_finished", [True, False])
def test_an_index_without_a_name_is_there_once_after_a_killed_build(ladder, things, was_finished):
    things.execute("CREATE INDEX ON things (n)")
    if not was_finished:
        things.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'things_n_idx'::regclass")

    apply(ladder, migration(by_cursor("CREATE INDEX CONCURRENTLY ON things (n)"), atomic=False))

    assert things.value(INVALID) == 0
    assert things.value("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%%(n)'") == 1
