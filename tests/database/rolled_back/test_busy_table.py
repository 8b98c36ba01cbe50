"""The last count of a large, busy table keeps nobody waiting, and still no row is lost that was written meanwhile."""

import threading
import time

import psycopg
import pytest
from django.db import transaction

from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.ladder_session import ladder_session
from migrations_safety.migrate.options import LockOptions
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.recovery.rollback import write_watch
from migrations_safety.recovery.rollback.loss_counts import Question
from tests.support.in_process import migrate
from tests.support.rolled_back import roll_back, told

FIRST = """
    migrations.CreateModel("Bed", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]),
"""
ROWS = "INSERT INTO ward_bed (name) SELECT 'bed ' || i FROM generate_series(1, {rows}) i"
NOTE = 'migrations.AddField("Bed", "note", models.TextField(null=True))'
LEFT = """
    SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'migrations_safety_watch%'),
           (SELECT count(*) FROM pg_class WHERE relname LIKE 'migrations_safety_watch%'),
           (SELECT count(*) FROM pg_proc WHERE proname LIKE 'migrations_safety_watch%')
"""


@pytest.fixture
def all_are_large(monkeypatch):
    """Each table is watched, so that the tests need no large one."""
    monkeypatch.setattr(write_watch, "LARGE", 0)


class Writer(threading.Thread):
    """A session that writes one row after the other; `longest` is the longest time that a write has taken."""

    def __init__(self, database, statement):
        super().__init__()
        self.url, self.statement, self.longest, self.written = database.url, statement, 0.0, 0
        self.ended = threading.Event()

    def run(self):
        with psycopg.connect(self.url, autocommit=True) as session:
            while not self.ended.is_set():
                began = time.monotonic()
                session.execute(self.statement)
                self.longest = max(self.longest, time.monotonic() - began)
                self.written += 1
                time.sleep(0.001)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.ended.set()
        self.join()


def ends_while_others_write(database):
    with Writer(database, "INSERT INTO ward_bed (name) VALUES ('new')") as writer:
        report = roll_back("0001", locks=LockOptions(max_stall=0.02, retry_for=20))

    assert (report.verdict, told(report)) == ("rolled back", [])
    assert writer.written > 20
    assert writer.longest < 0.2
    assert database.rows(LEFT) == [(0, 0, 0)]


def test_it_ends_though_a_count_takes_longer_than_writers_may_wait(ward):
    """600,000 rows take some 40 ms to count, and writers may wait 20: under the lock it would never end."""
    database = ward(FIRST, ROWS.format(rows=600_000), NOTE)

    ends_while_others_write(database)


def test_it_ends_though_the_column_gets_another_type_before_it_is_dropped(ward):
    """Sessions of the application have run the trigger with the other type before."""
    kind = "models.CharField(max_length={}, null=True)"
    note = f'migrations.AddField("Bed", "note", {kind.format(40)})'
    then = f'migrations.AlterField("Bed", "note", {kind.format(20)})', 'migrations.RenameField("Bed", "note", "remark")'
    database = ward(FIRST, ROWS.format(rows=600_000), note, *then)

    ends_while_others_write(database)


@pytest.mark.usefixtures("all_are_large")
def test_a_value_that_is_written_after_the_count_stops_it(ward):
    database = ward(FIRST, ROWS.format(rows=10), NOTE)
    with Writer(database, "UPDATE ward_bed SET note = 'meanwhile' WHERE id = 3") as writer:
        while not writer.written:
            time.sleep(0.001)
        database.execute("UPDATE ward_bed SET note = NULL")  # so that the precheck may see none
        report = roll_back("0001")

    assert (report.verdict in ("stopped", "refused"), told(report)) == (
        True, [("recovery.E001", 'ward_bed."note"', 1)],
    )  # fmt: skip
    assert database.value("SELECT count(note) FROM ward_bed") == 1
    assert database.rows(LEFT) == [(0, 0, 0)]


@pytest.mark.usefixtures("all_are_large")
def test_a_write_that_is_taken_back_makes_it_count_again(ward, monkeypatch):
    database = ward(FIRST, ROWS.format(rows=10), NOTE)
    counts = []
    count = write_watch.WriteWatch.count

    def counted(self, watch):
        found = count(self, watch)
        counts.append(found)
        if len(counts) == 1:
            with database.session("UPDATE ward_bed SET note = 'meanwhile' WHERE id = 3") as other:
                other.rollback()
        return found

    monkeypatch.setattr(write_watch.WriteWatch, "count", counted)

    report = roll_back("0001")

    assert (report.verdict, counts) == ("rolled back", [(), ()])
    assert database.rows(LEFT) == [(0, 0, 0)]


@pytest.mark.usefixtures("all_are_large")
def test_a_value_that_is_committed_after_the_count_stops_it_whatever_the_timing(ward, monkeypatch):
    database = ward(FIRST, ROWS.format(rows=10), NOTE)
    count = write_watch.WriteWatch.count

    def counted(self, watch):
        found = count(self, watch)
        database.execute("UPDATE ward_bed SET note = 'meanwhile' WHERE id = 3")
        return found

    monkeypatch.setattr(write_watch.WriteWatch, "count", counted)

    report = roll_back("0001")

    assert (report.verdict, told(report)) == ("stopped", [("recovery.E001", 'ward_bed."note"', 1)])
    assert database.value("SELECT count(note) FROM ward_bed") == 1


NARROW, WIDE = (f"models.DecimalField(max_digits=8, decimal_places={places}, null=True)" for places in (1, 3))
RETYPED = {
    "a value that is dropped": (
        f'migrations.AddField("Bed", "note", {NARROW})', f'migrations.AlterField("Bed", "note", {WIDE})', "0001", 7,
    ),
    "a value that is cut": (
        f'migrations.AddField("Bed", "note", {NARROW})', f'migrations.AlterField("Bed", "note", {WIDE})', "0002", 7.125,
    ),
}  # fmt: skip


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize("what", RETYPED)
def test_a_value_of_a_column_with_another_type_stops_it_and_others_do_not(ward, monkeypatch, what):
    add, alter, name, value = RETYPED[what]
    database = ward(FIRST, ROWS.format(rows=10), add, alter)
    count, counts, late = write_watch.WriteWatch.count, [], "UPDATE ward_bed SET name = 'late'"

    def counted(self, watch):
        found = count(self, watch)
        counts.append(found)
        if len(counts) == 1:
            database.execute(late)
        return found

    monkeypatch.setattr(write_watch.WriteWatch, "count", counted)
    if name == "0002":
        assert roll_back(name).verdict == "rolled back"
        assert len(counts) == 1
        migrate("ward", skip_precheck=True)
        counts.clear()
    late = f"UPDATE ward_bed SET note = {value} WHERE id = 3"
    report = roll_back(name)

    assert (report.verdict, told(report)) == ("stopped", [("recovery.E001", 'ward_bed."note"', 1)])
    assert database.value("SELECT note FROM ward_bed WHERE id = 3") == value
    assert database.rows(LEFT) == [(0, 0, 0)]


@pytest.mark.usefixtures("all_are_large")
def test_rows_that_are_changed_need_no_other_count_where_their_table_goes(ward):
    """They are lost as they were counted; only a new one is not."""
    database = ward(FIRST, ROWS.format(rows=10))
    connection = connection_of("default")
    oid = database.value("SELECT 'ward_bed'::regclass::oid::bigint")
    asked = [Question(oid=oid, table="ward_bed", column=None, migration="ward.0001_initial")]
    with ladder_session(connection, LockOptions(), is_needed=True, progress=Progress()):
        watching = write_watch.WriteWatch(connection, asked)
        watching.begin()
        (watch,) = watching.of("ward.0001_initial")
        assert [one.rows for one in watching.count(watch)] == [10]
        database.execute("UPDATE ward_bed SET name = 'other'")
        with transaction.atomic():
            assert [one.rows for one in watching.settle(watch)] == [10]
            transaction.set_rollback(True)
        database.execute("INSERT INTO ward_bed (name) VALUES ('new')")
        with pytest.raises(write_watch.WrittenMeanwhile):
            watching.settle(watch)
        watching.end()


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize("atomic", [True, False])
def test_tables_and_columns_that_are_renamed_and_retyped_before_are_watched(ward, atomic):
    database = ward(
        FIRST,
        ROWS.format(rows=10),
        f'{NOTE}, migrations.AddField("Bed", "mark", models.IntegerField(null=True)), migrations.CreateModel('
        '"Stay", [("id", models.BigAutoField(primary_key=True)), '
        '("bed", models.ForeignKey("ward.Bed", models.CASCADE))])',
        'migrations.AlterField("Bed", "mark", models.BigIntegerField(null=True))',
        'migrations.RenameModel("Bed", "Cot"), migrations.RenameField("Cot", "note", "remark")',
        atomic=atomic,
    )

    report = roll_back("0001")

    assert (report.verdict, told(report)) == ("rolled back", [])
    assert database.rows(LEFT) == [(0, 0, 0)]
    assert database.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'ward_bed'::regclass AND attnum > 0 "
                          "AND NOT attisdropped") == 2  # fmt: skip


@pytest.mark.usefixtures("all_are_large")
def test_what_a_killed_rollback_has_left_goes_with_the_next(ward):
    database = ward(FIRST, ROWS.format(rows=10), NOTE)
    database.execute("""
        CREATE SEQUENCE migrations_safety_watch_7;
        CREATE FUNCTION migrations_safety_watch_7() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER migrations_safety_watch_7 AFTER INSERT ON ward_bed FOR EACH ROW
        EXECUTE FUNCTION migrations_safety_watch_7()
    """)

    assert roll_back("0001").verdict == "rolled back"
    assert database.rows(LEFT) == [(0, 0, 0)]


@pytest.mark.usefixtures("all_are_large")
def test_one_that_fails_leaves_no_watch(ward):
    database = ward(FIRST, ROWS.format(rows=10), f"{NOTE}, migrations.RunSQL('SELECT 1', 'SELECT 1 / 0')")

    with pytest.raises(Exception, match="division by zero"):
        roll_back("0001")

    assert database.rows(LEFT) == [(0, 0, 0)]
