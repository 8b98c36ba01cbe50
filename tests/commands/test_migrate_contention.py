"""The application never waits for `migrate`: watched from other sessions, with a long transaction in the way."""

import threading

import psycopg
import pytest

from migrations_safety.measurement.report import LOCKS as LOCKS_BY_STRENGTH
from tests.support.blocking_session import IN_VAIN, in_the_way
from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import REFERENCING, UserFactory, refer
from tests.support.sample_app import SampleApp

LOCKS = """
    SELECT l.mode, c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE a.pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND c.relname = ANY(%s)"""
TABLES = ["users", *REFERENCING]
WRITE = 'UPDATE {0} SET "updatedAt" = now() WHERE id = (SELECT {1}(id::text)::uuid FROM {0})'
IN_THE_WAY = [WRITE.format(table, "min") for table in ("users", "bills")]
WRITERS = tuple(WRITE.format(table, "max") for table in TABLES)
WANTED = ("ShareRowExclusiveLock", "users")


class Locks:
    """The modes of the locks on the tables that the deploy has or waits for, as long as it is entered."""

    def __init__(self, database):
        self.database = database
        self.modes = set()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def watch(self):
        with psycopg.connect(self.database.url, autocommit=True) as session:
            while not self.stop.wait(0.005):
                self.modes |= set(session.execute(LOCKS, [TABLES]).fetchall())


@pytest.fixture
def busy(hospital):
    """Rows to write in tables at both ends of the keys, none of which refers to anybody yet."""
    UserFactory.create_batch(3, on=hospital)
    for table in ("bills", "insurance_policies"):
        refer(hospital, table, None, None)
    return hospital


def test_with_a_long_transaction_in_the_way_no_writer_waits_long_and_none_fails(busy, make):
    with Locks(busy) as locks, in_the_way(
        busy, *IN_THE_WAY, others=WRITERS, also=lambda: WANTED in locks.modes
    ) as others:  # fmt: skip
        result = busy.run("migrate")

    assert result.code == 0, result.said
    assert catalog_snapshot(busy) == catalog_snapshot(make("migrated"))
    assert others.failed == []
    assert others.got_on
    assert not [mode for mode in locks.modes if mode[0] in ("AccessExclusiveLock", "ExclusiveLock")]
    assert WANTED in locks.modes


def test_the_way_back_makes_nobody_wait_long_either(busy, make):
    assert busy.run("migrate").code == 0

    with in_the_way(busy, *IN_THE_WAY, others=WRITERS) as others:
        result = busy.run("migrate", "ehr", "0001")

    assert result.code == 0, result.said
    assert catalog_snapshot(busy) == catalog_snapshot(make("with_patients"))
    assert others.failed == []
    assert others.got_on


def strongest(locks):
    """The strongest mode on each of the hospital's tables, from pairs of mode and table."""
    return {table: max((mode for mode, of in locks if of == table), key=LOCKS_BY_STRENGTH.index) for _, table in locks}


@pytest.mark.parametrize(
    ("state", "target", "tables"), [("hospital", (), TABLES), ("migrated", ("ehr", "0001"), REFERENCING)]
)
def test_the_review_names_the_locks_that_the_deploy_takes(make, state, target, tables):
    database = make(state)
    UserFactory.create_batch(2, on=database)
    refer(database, "bills", None, None)
    review = database.run("precheck", *target, "--measure", "--no-data", "--format", "json").json["plan"]
    said = strongest({(one["lock"], one["table"]) for each in review["transactions"] for one in each["held"]})
    first = next((said[table], table) for table in ("users", "bills") if table in said)

    with Locks(database) as locks, in_the_way(
        database, *IN_THE_WAY, others=WRITERS, also=lambda: first in locks.modes
    ):  # fmt: skip
        result = database.run("migrate", *target)

    assert result.code == 0, result.said
    taken = strongest(locks.modes)
    assert set(said) & set(TABLES) == set(tables)
    assert first in locks.modes
    order = LOCKS_BY_STRENGTH.index
    assert {one: taken[one] for one in taken if one in said and order(taken[one]) > order(said[one])} == {}


@pytest.mark.parametrize(("max_stall", "in_vain", "got_on"), [("300", IN_VAIN, True), ("0", 2, False)])
def test_the_longest_wait_is_bounded_by_max_stall_and_told(busy, tmp_path, max_stall, in_vain, got_on):
    """A block waits without a limit of its own; 0 lets others wait for it as long as it takes."""
    ward = SampleApp(tmp_path)
    ward.migration("0001_initial", "migrations.RunSQL('DO $$ BEGIN ALTER TABLE users ADD ward int; END $$')")
    arguments = ("migrate", "ward", "--max-stall", max_stall, "--format", "json")

    with in_the_way(busy, *IN_THE_WAY, others=WRITERS[:1], in_vain=in_vain) as others:
        result = busy.run(*arguments, **ward.variables)

    assert result.code == 0, result.said
    assert others.failed == []
    assert others.got_on is got_on
    assert result.json["lock_waits"]["count"] >= 1
    assert 0 < result.json["lock_waits"]["longest_ms"] < 1000 * IN_VAIN / 2
    assert got_on or result.json["lock_waits"]["longest_ms"] > 1000 * in_vain / 2
