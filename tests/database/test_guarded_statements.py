"""What each statement of a migration gets: another attempt where it is undone as a whole, patience where it is not."""

import threading
import time

import psycopg
import pytest
from django.db import OperationalError, connection, migrations, models, transaction

from migrations_safety.progress import Progress
from migrations_safety.refusals import LocksNotFree, OthersWaited
from tests.database.test_executor import apply, is_recorded, ladder, migration, write  # noqa: F401

HELD = 0.6
"""Seconds that others hold what is wanted: longer than all rungs of the ladder together."""
LONG = 1.5
"""Seconds, where it is measured that nobody waits that long behind us."""
COMMITS = "UPDATE things SET n = n + 1; COMMIT; LOCK TABLE lamps IN ACCESS EXCLUSIVE MODE"
INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"


@pytest.fixture
def things(ladder, empty):  # noqa: F811
    """Ten things and a table of lamps."""
    empty.execute("ALTER TABLE things ADD COLUMN n int NOT NULL DEFAULT 0; CREATE TABLE lamps (id int)")
    empty.execute("INSERT INTO things (name) SELECT 'new' FROM generate_series(1, 10)")
    return empty


class Holding:
    """Another session that has run the statements, for so many seconds, or until it is left."""

    def __init__(self, database, *statements, seconds=HELD):
        self.database, self.statements, self.seconds = database, statements, seconds
        self.has_begun, self.stop = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.hold)

    def hold(self):
        with self.database.session(*self.statements):
            self.has_begun.set()
            self.stop.wait(self.seconds)

    def __enter__(self):
        self.thread.start()
        self.has_begun.wait()
        return self

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join()


def python(work, **options):
    return migrations.RunPython(lambda apps, editor: work(editor.connection), **options)


def by_cursor(sql):
    def work(connection):
        with connection.cursor() as cursor:
            cursor.execute(sql)

    return python(work)


def past_the_cursors(sql):
    return python(lambda connection: connection.connection.execute(sql))


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
def test_what_commits_in_its_middle_runs_once_and_waits(ladder, things, send, sql):  # noqa: F811
    things.execute(f"CREATE PROCEDURE add_one() LANGUAGE plpgsql AS $$ BEGIN {COMMITS}; END $$")
    if sql.startswith(("BEGIN", "UPDATE")):
        sql = sql.replace("LOCK TABLE lamps IN ACCESS EXCLUSIVE MODE", "ALTER TABLE lamps ADD COLUMN size int")
    failed = None

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
def test_what_works_concurrently_waits_as_long_as_it_takes_and_leaves_nothing_invalid(ladder, things, send, sql):  # noqa: F811
    with Holding(things, "LOCK TABLE things IN ROW EXCLUSIVE MODE"):
        apply(ladder, migration(send(sql), atomic=False))

    assert things.value(INVALID) == 0
    assert is_recorded(things)


def test_detaching_a_partition_concurrently_is_not_cut_off(ladder, things):  # noqa: F811
    things.execute("CREATE TABLE days (day int) PARTITION BY RANGE (day)")
    things.execute("CREATE TABLE day_1 PARTITION OF days FOR VALUES FROM (1) TO (2)")
    sql = "ALTER TABLE days DETACH PARTITION day_1 CONCURRENTLY"

    with Holding(things, "SELECT count(*) FROM days"):
        apply(ladder, migration(by_cursor(sql), atomic=False))

    assert things.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'days'::regclass") == 0


def test_an_index_that_cannot_be_unique_leaves_nothing_behind(ladder, things):  # noqa: F811
    sql = "CREATE UNIQUE INDEX CONCURRENTLY things_name_key ON things (name)"

    with pytest.raises(Exception, match="could not create unique index"):
        apply(ladder, migration(by_cursor(sql), atomic=False))

    assert things.value("SELECT to_regclass('things_name_key') IS NULL")
    assert not is_recorded(things)


@pytest.mark.parametrize("atomic", [True, False])
def test_if_not_exists_does_not_take_an_invalid_index_for_the_index(ladder, things, atomic):  # noqa: F811
    with pytest.raises(psycopg.Error):
        things.execute("CREATE UNIQUE INDEX CONCURRENTLY things_name_idx ON things (name)")
    assert things.value(INVALID) == 1

    sql = "CREATE INDEX IF NOT EXISTS things_name_idx ON things (name)"
    apply(ladder, migration(by_cursor(sql), atomic=atomic))

    assert things.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'things_name_idx'::regclass")


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
        cursor.executemany("UPDATE things SET n = n + 1 WHERE id = %s", ((number,) for number in range(1, 11)))


@pytest.mark.parametrize(
    "work", [in_batches, bulk_update, update_or_create, delete, rows_one_by_one, without_autocommit, executed_many]
)
def test_the_codes_own_transactions_wait_for_a_row_and_are_done_once(ladder, things, work):  # noqa: F811
    one = migration(python(lambda connection: work(thing_model())), atomic=False)

    with Holding(things, "SELECT FROM things WHERE id = 8 FOR UPDATE"):
        apply(ladder, one)

    assert is_recorded(things)
    assert things.value("SELECT max(n) FROM things") == (0 if work is delete else 1)


def test_a_row_that_is_never_free_ends_the_codes_transaction_with_its_holder_named(ladder, things):  # noqa: F811
    ladder.retry_for = 0.5
    one = migration(python(lambda connection: in_batches(thing_model())), atomic=False)

    with (
        Holding(things, "SET application_name = 'clerk'", "SELECT FROM things WHERE id = 8 FOR UPDATE", seconds=20),
        pytest.raises(LocksNotFree) as refused,
    ):
        apply(ladder, one)

    assert "(clerk, idle in transaction" in str(refused.value)
    assert str(refused.value).endswith("what a migration that is not atomic did before it is kept.")
    assert things.rows("SELECT n, count(*) FROM things GROUP BY n ORDER BY n") == [(0, 4), (1, 6)]


def alters_in_a_transaction(connection):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE things SET n = 1 WHERE id = 1")
        cursor.execute("ALTER TABLE lamps ADD COLUMN size int")
        cursor.execute("UPDATE things SET n = 1 WHERE id = 2")
        cursor.execute("SELECT current_setting('lock_timeout')")
        assert cursor.fetchone() == ("0",)


def test_a_table_lock_in_the_codes_own_transaction_makes_nobody_wait_long(ladder, things):  # noqa: F811
    waits = []
    reader = threading.Thread(target=read_lamps, args=(things, LONG + 1, waits))

    with Holding(things, "SELECT count(*) FROM lamps", seconds=LONG):
        reader.start()
        apply(ladder, migration(python(alters_in_a_transaction), atomic=False))
    reader.join()

    assert is_recorded(things)
    assert things.value("SELECT sum(n) FROM things") == 2
    assert max(waits) < LONG / 2


def read_lamps(database, seconds, waits):
    end = time.monotonic() + seconds
    with psycopg.connect(database.url, autocommit=True) as session:
        while time.monotonic() < end:
            started = time.monotonic()
            session.execute("SELECT count(*) FROM lamps")
            waits.append(time.monotonic() - started)
            time.sleep(0.005)


def test_who_waits_for_rows_of_the_codes_own_transaction_does_not_wait_long(ladder, things):  # noqa: F811
    """Row 1 is ours and wanted by others while we wait for row 8: we give way."""

    def work(connection):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE things SET n = 1 WHERE id = 1")
            begun.set()
            cursor.execute("UPDATE things SET n = 1 WHERE id = 8")

    begun, waits = threading.Event(), []

    def want():
        begun.wait()
        with psycopg.connect(things.url, autocommit=True) as session:
            started = time.monotonic()
            session.execute("UPDATE things SET name = 'theirs' WHERE id = 1")
            waits.append(time.monotonic() - started)

    other = threading.Thread(target=want)
    with Holding(things, "SELECT FROM things WHERE id = 8 FOR UPDATE", seconds=20):
        other.start()
        with pytest.raises((LocksNotFree, OthersWaited)):
            apply(ladder, migration(python(work), atomic=False))
        other.join()

    assert max(waits) < LONG
    assert things.value("SELECT sum(n) FROM things") == 0


def test_a_long_wait_for_a_row_says_for_whom(ladder, things):  # noqa: F811
    told = []
    ladder.watchdog.progress, ladder.watchdog.silence = Told(told), 0.3

    with Holding(things, "SET application_name = 'clerk'", "SELECT FROM things WHERE id = 8 FOR UPDATE", seconds=LONG):
        apply(ladder, migration(migrations.RunSQL("UPDATE things SET n = n + 1")))

    assert len(told) == 1
    assert told[0].startswith("ehr.0001_things waits for pid ")
    assert "(clerk, idle in transaction, " in told[0]


class Told(Progress):
    def __init__(self, sentences):
        self.say = sentences.append


def test_a_nowait_of_the_code_is_told_to_the_code(ladder, things):  # noqa: F811
    def work(connection):
        try:
            with transaction.atomic():
                list(thing_model().objects.select_for_update(nowait=True).filter(id=8))
        except OperationalError:
            told.append("taken")

    told = []
    with Holding(things, "SELECT FROM things WHERE id = 8 FOR UPDATE", seconds=20):
        apply(ladder, migration(python(work), atomic=False))

    assert told == ["taken"]


def test_a_row_that_is_waited_for_leaves_no_statement_in_the_servers_log(ladder, things):  # noqa: F811
    def work(connection):
        for one in thing_model().objects.all():
            one.name = "Achieng Otieno"
            one.save()

    with Holding(things, "SELECT FROM things WHERE id = 8 FOR UPDATE"):
        apply(ladder, migration(python(work)))

    assert things.value("SELECT count(*) FROM things WHERE name = 'Achieng Otieno'") == 10
    assert "Achieng Otieno" not in things.server.log.read_text(errors="replace")


def test_code_that_ends_the_transaction_of_its_migration_is_not_run_again(ladder, things):  # noqa: F811
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


def test_code_that_commits_past_the_cursors_is_not_run_again(ladder, things):  # noqa: F811
    def work(connection):
        connection.connection.execute("UPDATE things SET n = n + 1")
        connection.connection.commit()
        connection.connection.execute("SET LOCAL lock_timeout = '50ms'")
        connection.connection.execute("ALTER TABLE lamps ADD COLUMN size int")

    first = migrations.RunSQL("UPDATE things SET n = n + 1")

    with Holding(things, "SELECT count(*) FROM lamps"), pytest.raises(psycopg.errors.LockNotAvailable):
        apply(ladder, migration(first, python(work)))

    assert things.rows("SELECT DISTINCT n FROM things") == [(2,)]
    assert not is_recorded(things)


def test_what_goes_past_the_cursors_in_an_atomic_migration_is_tried_again_with_it(ladder, things):  # noqa: F811
    one = migration(migrations.RunSQL("UPDATE things SET n = n + 1"), past_the_cursors("LOCK TABLE lamps"))

    with Holding(things, "SET LOCAL application_name = 'clerk'", "SELECT count(*) FROM lamps", seconds=LONG):
        waits = []
        reader = threading.Thread(target=read_lamps, args=(things, LONG, waits))
        reader.start()
        apply(ladder, one)
        reader.join()

    assert things.rows("SELECT DISTINCT n FROM things") == [(1,)]
    assert max(waits) < LONG / 2


def test_a_deadlock_is_lost_by_the_migration(ladder, things):  # noqa: F811
    """Both have a row that the other wants; the application never sees the deadlock, the migration begins again."""
    attempts, failed = [], []

    def work(connection):
        attempts.append(1)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE things SET n = n + 1 WHERE id = 1")
            ours.set()
            theirs.wait()
            cursor.execute("UPDATE things SET n = n + 1 WHERE id = 2")

    def clerk():
        try:
            with psycopg.connect(things.url) as session:
                session.execute("UPDATE things SET name = 'theirs' WHERE id = 2")
                theirs.set()
                ours.wait()
                session.execute("UPDATE things SET name = 'theirs' WHERE id = 1")
                session.commit()
        except psycopg.Error as error:
            failed.append(error)

    ours, theirs = threading.Event(), threading.Event()
    other = threading.Thread(target=clerk)
    other.start()

    apply(ladder, migration(python(work)))
    other.join()

    assert failed == []
    assert len(attempts) > 1
    assert things.value("SELECT sum(n) FROM things") == 2


def test_a_vacuum_full_gives_way_and_is_tried_again(ladder, things):  # noqa: F811
    waits = []
    writer = threading.Thread(target=write, args=(things, LONG + 1, waits))

    with Holding(things, "LOCK TABLE things IN ROW EXCLUSIVE MODE", seconds=LONG):
        writer.start()
        apply(ladder, migration(by_cursor("VACUUM FULL things"), atomic=False))
    writer.join()

    assert is_recorded(things)
    assert max(waits) < LONG / 2


def test_the_sessions_own_timeouts_are_back_after_a_patient_statement(ladder, things):  # noqa: F811
    def work(connection):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '77s'; SET statement_timeout = '88s'")
            cursor.execute("CREATE INDEX CONCURRENTLY things_n_idx ON things (n)")
            cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
            seen.append(cursor.fetchone())

    seen = []
    apply(ladder, migration(python(work), atomic=False))

    assert seen == [("77s", "88s")]


def test_a_watchdog_whose_session_was_ended_looks_again(ladder, things):  # noqa: F811
    pid = ladder.watchdog.connection.info.backend_pid
    things.execute("SELECT pg_terminate_backend(%s)", pid)
    things.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", pid)
    waits = []
    reader = threading.Thread(target=read_lamps, args=(things, LONG + 1, waits))

    with Holding(things, "SELECT count(*) FROM lamps", seconds=LONG):
        reader.start()
        apply(ladder, migration(migrations.RunSQL("ALTER TABLE lamps ADD COLUMN size int")))
    reader.join()

    assert max(waits) < LONG / 2
    assert ladder.watchdog.connection.info.backend_pid != pid
