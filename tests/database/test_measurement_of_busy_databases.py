"""The dump of the schema makes nobody wait: it gives way to a session that waits for one of its locks."""

import threading
import time
from contextlib import closing

import psycopg
import pytest

from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from tests.support.measured_app import write

pytestmark = pytest.mark.any_postgresql

VIEWS = "EXECUTE format('CREATE VIEW view_%s AS SELECT id FROM many_1', n)"
MANY = f"CREATE TABLE many_1 (id int); DO $$ BEGIN FOR n IN 1..3000 LOOP {VIEWS}; END LOOP; END $$"
"""The dump asks for the text of each view on its own, after it has locked the table."""
DUMPS = "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'migrations_safety dump%'"
HOLDS = (
    "SELECT 1 FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE relation = 'many_1'::regclass AND a.{}"
)


@pytest.fixture
def busy(measured, make):
    """`busy(work)`: what is measured while `work`, given a second session, runs once the dump holds its locks."""
    app, database, connection = measured
    write(app, ['migrations.AddField("bed", "note", models.TextField(null=True))'])
    database.execute(MANY)

    def run(work):
        def wait_for_the_dump():
            with closing(psycopg.connect(database.url, autocommit=True)) as session:
                holds = HOLDS.format("application_name LIKE 'migrations_safety dump%'")
                while not session.execute(holds).fetchall():
                    time.sleep(0.002)
                work(session)

        thread = threading.Thread(target=wait_for_the_dump)
        thread.start()
        try:
            return measure(connection, app_label="ward", options=MeasureOptions(scratch_url=make("empty").url))
        finally:
            thread.join()

    return run


def test_a_session_that_waits_for_the_dump_is_let_through_and_the_schema_is_read_again(busy):
    seconds = {}

    def watch(session):
        started = time.monotonic()
        while session.execute(DUMPS).fetchall():
            time.sleep(0.01)
        seconds["undisturbed"] = time.monotonic() - started

    def wait(session):
        started = time.monotonic()
        session.execute("TRUNCATE many_1")
        seconds["waited"] = time.monotonic() - started

    busy(watch)
    plan = busy(wait)

    assert (plan.measured, plan.error) == ("url", None), plan.reason
    assert seconds["waited"] < seconds["undisturbed"] / 2, seconds
