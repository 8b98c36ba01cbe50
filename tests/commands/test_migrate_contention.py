"""The application never waits for `migrate`: measured from other sessions, with a long transaction in the way."""

import threading
import time
from itertools import count

import psycopg
import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.commands import Result
from tests.support.factories import REFERENCING, UserFactory, refer

LOCKS = """
    SELECT l.mode, l.granted, c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE a.pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND c.relname = ANY(%s)"""
WAITS = """
    SELECT extract(epoch FROM clock_timestamp() - waitstart)::float8 FROM pg_locks
    WHERE NOT granted AND waitstart IS NOT NULL AND pid = ANY(%s)"""
TABLES = ["users", *REFERENCING]
FIRST, LAST = ("(SELECT min(id::text)::uuid FROM {})", "(SELECT max(id::text)::uuid FROM {})")


class Application:
    """Writers, one session and thread for each table, and a watcher of pg_locks, until it is left."""

    def __init__(self, database):
        self.database = database
        self.stop = threading.Event()
        self.longest_seen = 0.0
        self.statements = count()
        self.failed = []
        self.modes = set()
        self.pids = []
        self.threads = [threading.Thread(target=self.write, args=[table]) for table in TABLES]
        self.threads.append(threading.Thread(target=self.watch))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        while len(self.pids) < len(TABLES):
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def write(self, table):
        with psycopg.connect(self.database.url, autocommit=True) as session:
            self.pids.append(session.info.backend_pid)
            while not self.stop.is_set():
                try:
                    session.execute(f'UPDATE {table} SET "updatedAt" = now() WHERE id = {LAST.format(table)}')
                except psycopg.Error as error:
                    self.failed.append(error)
                next(self.statements)
                time.sleep(0.01)

    def watch(self):
        with psycopg.connect(self.database.url, autocommit=True) as session:
            while not self.stop.is_set():
                self.modes |= {(mode, name) for mode, _, name in session.execute(LOCKS, [TABLES]).fetchall()}
                waits = session.execute(WAITS, [self.pids]).fetchall()
                self.longest_seen = max([self.longest_seen, *(seconds for (seconds,) in waits)])
                time.sleep(0.005)


@pytest.fixture
def busy(hospital):
    """Rows to write in tables at both ends of the keys, none of which refers to anybody yet."""
    UserFactory.create_batch(3, on=hospital)
    for table in ("bills", "insurance_policies"):
        refer(hospital, table, None, None)
    return hospital


def beside_a_long_transaction(database, *arguments, seconds):
    """Run a command beside a session that has written to both tables and goes on for seconds after the first wait."""
    statements = [
        f'UPDATE {table} SET "updatedAt" = now() WHERE id = {FIRST.format(table)}' for table in ("users", "bills")
    ]
    err, application = "", Application(database)
    with database.session(*statements) as long, application, database.start(*arguments) as running:
        while "waits for a lock, held by pid" not in err:
            line = running.stderr.readline()
            assert line, err
            err += line
        time.sleep(seconds)
        long.commit()
        out, rest = running.communicate(timeout=120)
    return Result(code=running.returncode, out=out, err=err + rest), application


def test_with_a_long_transaction_in_the_way_no_writer_waits_long_and_none_fails(busy, make):
    result, application = beside_a_long_transaction(busy, "migrate", seconds=3)

    assert result.code == 0, result.said
    assert catalog_snapshot(busy) == catalog_snapshot(make("migrated"))
    assert application.failed == []
    assert next(application.statements) > 100
    assert application.longest_seen < 3 / 2  # far from what is in the way; machines are noisy, figures are in docs
    assert not [mode for mode in application.modes if mode[0] in ("AccessExclusiveLock", "ExclusiveLock")]
    assert ("ShareRowExclusiveLock", "users") in application.modes


def test_the_way_back_makes_nobody_wait_long_either(busy, make):
    assert busy.run("migrate").code == 0

    result, application = beside_a_long_transaction(busy, "migrate", "ehr", "0001", seconds=2)

    assert result.code == 0, result.said
    assert catalog_snapshot(busy) == catalog_snapshot(make("with_patients"))
    assert application.failed == []
    assert application.longest_seen < 2 / 2


def test_the_longest_wait_is_bounded_by_max_stall_and_told(busy):
    arguments = ("migrate", "--max-stall", "40", "--format", "json")

    result, application = beside_a_long_transaction(busy, *arguments, seconds=2)

    assert result.code == 0, result.said
    assert result.json["lock_waits"]["count"] >= 1
    assert 0 < result.json["lock_waits"]["longest_ms"] < 2000 / 2
    assert application.longest_seen < 2 / 2
    assert application.failed == []
