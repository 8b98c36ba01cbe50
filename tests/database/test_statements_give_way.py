"""Who waits behind a statement of ours does not wait long, and a deadlock is ours to lose."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.db import migrations, transaction

from migrations_safety.messages.refusals.locks import GaveWay, OthersWaited
from tests.support.blocking_session import in_the_way, is_waited_for
from tests.support.on_ladder import ROW_8, Holding, apply, is_recorded, migration, past_the_cursors, python

READ_LAMPS = ("SELECT count(*) FROM lamps",)


@pytest.mark.parametrize(
    "sql",
    [
        "DO $$ BEGIN {} END $$",
        "CALL forgiving()",
        "CREATE TABLE made AS SELECT forgiven()",
        "CREATE TABLE made (); SELECT forgiven()",
        "SELECT forgiven()",
    ],
    ids=["DO", "CALL", "CREATE AS", "two statements", "SELECT"],
)
@pytest.mark.parametrize("atomic", [True, False], ids=["atomic", "not atomic"])
def test_a_body_that_catches_errors_does_not_pass_over_its_work(ladder, things, sql, atomic):
    """WHEN OTHERS would catch what a limit raises; a reader of the table that is wanted waits no longer for it."""
    body = "BEGIN ALTER TABLE lamps ADD COLUMN size int; UPDATE things SET n = 1; EXCEPTION WHEN OTHERS THEN NULL; END;"
    things.execute(f"CREATE PROCEDURE forgiving() LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    things.execute(f"CREATE FUNCTION forgiven() RETURNS int LANGUAGE plpgsql AS $$ BEGIN {body} RETURN 1; END $$")

    with in_the_way(things, *READ_LAMPS, others=READ_LAMPS) as others:
        apply(ladder, migration(migrations.RunSQL(sql.format(body)), atomic=atomic))

    assert is_recorded(things)
    assert things.value("SELECT min(n) FROM things") == 1
    assert others.got_on


def alters_in_a_transaction(connection):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE things SET n = 1 WHERE id = 1")
        cursor.execute("ALTER TABLE lamps ADD COLUMN size int")
        cursor.execute("UPDATE things SET n = 1 WHERE id = 2")
        cursor.execute("SELECT current_setting('lock_timeout')")
        assert cursor.fetchone() == ("0",)


def test_a_table_lock_in_the_codes_own_transaction_makes_nobody_wait_long(ladder, things):
    with in_the_way(things, *READ_LAMPS, others=READ_LAMPS) as others:
        apply(ladder, migration(python(alters_in_a_transaction), atomic=False))

    assert is_recorded(things)
    assert things.value("SELECT sum(n) FROM things") == 2
    assert others.got_on


def test_who_waits_for_rows_of_the_codes_own_transaction_does_not_wait_long(ladder, things):
    """Row 1 is ours and wanted by others while we wait for row 8, which is held until they have it: we give way."""

    def work(connection):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE things SET n = 1 WHERE id = 1")
            begun.set()
            cursor.execute("UPDATE things SET n = 1 WHERE id = 8")

    begun = threading.Event()
    ladder.retry_for = 120

    def want():
        begun.wait()
        with psycopg.connect(things.url, autocommit=True) as session:
            session.execute("SET lock_timeout = '30s'")
            session.execute("UPDATE things SET name = 'theirs' WHERE id = 1")

    with Holding(things, ROW_8, seconds=None), ThreadPoolExecutor() as pool:
        other = pool.submit(want)
        with pytest.raises((GaveWay, OthersWaited)):
            apply(ladder, migration(python(work), atomic=False))
        other.result()

    assert things.value("SELECT sum(n) FROM things") == 0
    assert things.value("SELECT count(*) FROM things WHERE name = 'theirs'") == 1


def test_what_goes_past_the_cursors_in_an_atomic_migration_is_tried_again_with_it(ladder, things):
    one = migration(migrations.RunSQL("UPDATE things SET n = n + 1"), past_the_cursors("LOCK TABLE lamps"))

    with in_the_way(things, *READ_LAMPS, others=READ_LAMPS) as others:
        apply(ladder, one)

    assert things.rows("SELECT DISTINCT n FROM things") == [(1,)]
    assert others.got_on


def test_a_watchdog_whose_session_was_ended_looks_again(ladder, things):
    pid = ladder.watchdog.connection.info.backend_pid
    things.execute("SELECT pg_terminate_backend(%s)", pid)
    things.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", pid)
    waits_without_a_limit = "DO $$ BEGIN ALTER TABLE lamps ADD COLUMN size int; END $$"

    with in_the_way(things, *READ_LAMPS, others=READ_LAMPS) as others:
        apply(ladder, migration(migrations.RunSQL(waits_without_a_limit)))

    assert others.got_on
    assert ladder.watchdog.connection.info.backend_pid != pid


@contextmanager
def a_clerk(things):
    """Has row 2; what it gives takes row 1 as soon as somebody waits for row 2, and fails where that is a deadlock."""
    with things.session("SET deadlock_timeout = '10s'", "UPDATE things SET name = 'theirs' WHERE id = 2") as session:

        def go_on():
            with psycopg.connect(things.url, autocommit=True) as other:
                while not is_waited_for(session, seen_by=other):
                    time.sleep(0.01)
            session.execute("UPDATE things SET name = 'theirs' WHERE id = 1")
            session.commit()

        yield go_on


def test_a_deadlock_is_lost_by_the_migration(ladder, things):
    """Both have a row that the other wants; the application never sees the deadlock, the migration begins again."""
    attempts = []

    def work(connection):
        attempts.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '60s'")  # its own look would end it too
            cursor.execute("UPDATE things SET n = n + 1 WHERE id = 1")
            cursor.execute("UPDATE things SET n = n + 1 WHERE id = 2")

    with ThreadPoolExecutor() as pool, a_clerk(things) as clerk:
        other = pool.submit(clerk)
        apply(ladder, migration(python(work)))
        other.result()

    assert len(attempts) > 1
    assert things.value("SELECT sum(n) FROM things") == 2


def test_a_deadlock_in_the_codes_own_transaction_says_that_it_gave_way(ladder, things):
    def work(connection):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '60s'")
            cursor.execute("UPDATE things SET n = 1 WHERE id = 1")
            cursor.execute("UPDATE things SET n = 1 WHERE id = 2")

    with ThreadPoolExecutor() as pool, a_clerk(things) as clerk:
        other = pool.submit(clerk)
        with pytest.raises(GaveWay) as refused:
            apply(ladder, migration(python(work), atomic=False))
        other.result()

    assert str(refused.value).startswith("UPDATE waited for pid ")
    assert "while others waited for it. It gave way after" in str(refused.value)
