"""The dump of the schema makes nobody wait: it gives way to a session that waits for one of its locks."""

import threading
import time
from contextlib import closing

import psycopg
import pytest

from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from tests.support.measured_app import write

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]

COLUMNS = ", ".join(f"id + {number} AS column_{number}" for number in range(300))
VIEWS = f"EXECUTE format('CREATE VIEW view_%s AS SELECT {COLUMNS} FROM many_1', n)"
MANY = f"CREATE TABLE many_1 (id int); DO $$ BEGIN FOR n IN 1..500 LOOP {VIEWS}; END LOOP; END $$"
"""The dump asks for the text of each view on its own, after it has locked the table."""
DUMPS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'migrations_safety dump%'"
HOLDS = f"SELECT pid FROM pg_locks WHERE relation = 'many_1'::regclass AND pid IN ({DUMPS})"


class Waiter:
    """A session that wants the table while the dump holds its lock; `dumps` are the sessions that dumped meanwhile."""

    def __init__(self, url):
        self.url = url
        self.dumps = set()
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def work(self):
        with closing(psycopg.connect(self.url, autocommit=True)) as session:
            while not self.is_over.is_set() and not (found := session.execute(HOLDS).fetchall()):
                time.sleep(0.002)
            self.dumps |= set(found)
            session.execute("TRUNCATE many_1")
            while not self.is_over.wait(0.002):
                self.dumps |= set(session.execute(DUMPS).fetchall())


def test_the_dump_ends_for_a_session_that_waits_and_begins_again(measured, make):
    app, database, connection = measured
    write(app, ['migrations.AddField("bed", "note", models.TextField(null=True))'])
    database.execute(MANY)

    with Waiter(database.url) as waiter:
        plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=make("empty").url))

    assert (plan.measured, plan.error) == ("url", None), plan.reason
    assert len(waiter.dumps) == 2
