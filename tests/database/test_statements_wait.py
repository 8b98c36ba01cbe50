"""Rows are waited for as long as it takes; who waits behind us does not wait long, and a deadlock is ours to lose."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg
import pytest
from django.db import OperationalError, connection, migrations, models, transaction

from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.locks import GaveWay, LocksNotFree, OthersWaited
from tests.support.blocking_session import in_the_way, is_waited_for
from tests.support.on_ladder import Holding, apply, is_recorded, migration, past_the_cursors, python

READ_LAMPS = ("SELECT count(*) FROM lamps",)
ROW_8 = "SELECT FROM things WHERE id = 8 FOR UPDATE"


def thing_model():
    from django.apps.registry import Apps

    class Thing(models.Model):
        id = models.BigAutoField(primary_key=True)
        name = models.TextField(null=True)
        n = models.IntegerField(default=0)

        class Meta:
            app_label = "ward"
            apps = Apps()
            db_table = "things"

    return Thing


def in_batches(thing):
    for first in (1, 4, 7):
        with transaction.atomic():
            thing.objects.filter(id__gte=first, id__lt=first + 3).update(n=models.F("n") + 1)


def bulk_update(thing):
    found = list(thing.objects.all())
    for one in found:
        one.n += 1
    thing.objects.bulk_update(found, ["n"])


def update_or_create(thing):
    for one in range(1, 11):
        thing.objects.update_or_create(id=one, defaults={"n": 1})


def delete(thing):
    thing.objects.filter(id__gte=8).delete()


def rows_one_by_one(thing):
    for one in thing.objects.all().iterator(chunk_size=2):
        one.n += 1
        one.save()


def without_autocommit(thing):
    transaction.set_autocommit(False)
    try:
        thing.objects.update(n=1)
        transaction.commit()
    finally:
        transaction.set_autocommit(True)


def executed_many(thing):
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE things SET n = n + 1 WHERE id = %s", [(number,) for number in range(1, 11)])


@pytest.mark.parametrize(
    "work", [in_batches, bulk_update, update_or_create, delete, rows_one_by_one, without_autocommit, executed_many]
)
def test_the_codes_own_transactions_wait_for_a_row_and_are_done_once(ladder, things, work):
    one = migration(python(lambda connection: work(thing_model())), atomic=False)

    with Holding(things, ROW_8):
        apply(ladder, one)

    assert is_recorded(things)
    assert things.value("SELECT max(n) FROM things") == (0 if work is delete else 1)


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


def test_a_row_that_is_never_free_ends_the_codes_transaction_with_its_holder_named(ladder, things):
    ladder.retry_for = 0.5
    one = migration(python(lambda connection: in_batches(thing_model())), atomic=False)

    with (
        Holding(things, "SET application_name = 'clerk'", ROW_8, seconds=None),
        pytest.raises(LocksNotFree) as refused,
    ):
        apply(ladder, one)

    assert "(clerk, idle in transaction" in str(refused.value)
    assert str(refused.value).endswith("It was rolled back. Earlier steps of this non-atomic migration are kept.")
    assert things.rows("SELECT n, count(*) FROM things GROUP BY n ORDER BY n") == [(0, 4), (1, 6)]


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


def test_a_long_wait_for_a_row_says_for_whom(ladder, things):
    with Holding(things, "SET application_name = 'clerk'", ROW_8, seconds=None) as holding:
        ladder.watchdog.progress, ladder.watchdog.silence = Told(then=holding.stop.set), 0.2
        apply(ladder, migration(migrations.RunSQL("UPDATE things SET n = n + 1")))

    (told,) = ladder.watchdog.progress.sentences
    assert told.startswith("ehr.0001_things waits for pid ")
    assert "(clerk, idle in transaction, " in told


class Told(Progress):
    """Keeps what is said; a second after the first it does something about it: it was time to say it again."""

    def __init__(self, *, then):
        self.sentences, self.later = [], threading.Timer(1, then)

    def say(self, sentence):
        self.sentences.append(sentence)
        if len(self.sentences) == 1:
            self.later.start()


def test_a_nowait_of_the_code_is_told_to_the_code(ladder, things):
    def work(connection):
        try:
            with transaction.atomic():
                list(thing_model().objects.select_for_update(nowait=True).filter(id=8))
        except OperationalError:
            told.append("taken")

    told = []
    with Holding(things, ROW_8, seconds=None):
        apply(ladder, migration(python(work), atomic=False))

    assert told == ["taken"]


def test_a_row_that_is_waited_for_leaves_no_statement_in_the_servers_log(ladder, things):
    secret = f"Achieng {uuid.uuid4()}"

    def work(connection):
        for one in thing_model().objects.all():
            one.name = secret
            one.save()

    with Holding(things, ROW_8):
        apply(ladder, migration(python(work)))

    assert things.value("SELECT count(*) FROM things WHERE name = %s", secret) == 10
    assert secret not in things.server.log.read_text(errors="replace")


def test_what_goes_past_the_cursors_in_an_atomic_migration_is_tried_again_with_it(ladder, things):
    one = migration(migrations.RunSQL("UPDATE things SET n = n + 1"), past_the_cursors("LOCK TABLE lamps"))

    with in_the_way(things, *READ_LAMPS, others=READ_LAMPS) as others:
        apply(ladder, one)

    assert things.rows("SELECT DISTINCT n FROM things") == [(1,)]
    assert others.got_on


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


def test_a_watchdog_whose_session_was_ended_looks_again(ladder, things):
    pid = ladder.watchdog.connection.info.backend_pid
    things.execute("SELECT pg_terminate_backend(%s)", pid)
    things.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", pid)
    waits_without_a_limit = "DO $$ BEGIN ALTER TABLE lamps ADD COLUMN size int; END $$"

    with in_the_way(things, *READ_LAMPS, others=READ_LAMPS) as others:
        apply(ladder, migration(migrations.RunSQL(waits_without_a_limit)))

    assert others.got_on
    assert ladder.watchdog.connection.info.backend_pid != pid


def catching(thing):
    """As careless code does it: whatever happens to a row, it goes on with the next."""
    for one in range(7, 10):
        with suppress(Exception), transaction.atomic():
            thing.objects.filter(id=one).update(n=1)


def catching_alone(thing):
    for one in range(7, 10):
        with suppress(Exception):
            thing.objects.filter(id=one).update(n=1)


@pytest.mark.parametrize("work", [catching, catching_alone])
def test_a_refusal_that_the_code_catches_stops_the_migration_all_the_same(ladder, things, work):
    ladder.retry_for = 0.4
    one = migration(python(lambda connection: work(thing_model())), atomic=False)

    with Holding(things, ROW_8, seconds=None), pytest.raises(LocksNotFree):
        apply(ladder, one)

    assert not is_recorded(things)
    assert things.rows("SELECT id FROM things WHERE n = 1") == [(7,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # what comes after the migration is not refused


def test_the_limit_of_the_role_does_not_end_the_codes_own_transactions(ladder, things):
    things.execute(f"ALTER ROLE postgres IN DATABASE {things.name} SET lock_timeout = '100ms'")
    connection.close()
    one = migration(python(lambda connection: in_batches(thing_model())), atomic=False)

    with Holding(things, ROW_8):
        apply(ladder, one)

    assert things.value("SELECT max(n) FROM things") == 1


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
