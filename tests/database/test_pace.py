"""Batches adapt to a target time, and pause while a standby is behind or the archiver fails."""

import time

import psycopg
import pytest

from migrations_safety.backfill.batches import FIRST, BatchOptions, batches, wait_for_standbys
from migrations_safety.messages.progress import Progress
from tests.support.cluster import Database, new_server


class Told(Progress):
    """Keeps what is said, and does something about it."""

    def __init__(self, then=lambda: None):
        self.sentences, self.then = [], then

    def say(self, sentence):
        self.sentences.append(sentence)
        self.then()


def sizes(connection, pace, *, total, seconds):
    found = []
    for batch in batches(connection, pace, total=total, progress=Progress()):
        found.append(batch.upto - batch.after)
        time.sleep(seconds)
    return found


def test_fast_batches_grow_and_slow_ones_shrink(in_process, empty):
    connection = in_process(empty)

    fast = sizes(connection, BatchOptions(batch_time=60), total=20_000, seconds=0)
    slow = sizes(connection, BatchOptions(batch_time=0.01), total=3_000, seconds=0.05)

    assert fast == sorted(fast[:-1]) + fast[-1:]
    assert sum(fast) == 20_000
    assert (fast[0], slow[0]) == (FIRST, FIRST)
    assert slow[:4] == sorted(slow[:4], reverse=True)


def test_a_given_size_is_never_exceeded(in_process, empty):
    assert sizes(in_process(empty), BatchOptions(batch_size=7), total=20, seconds=0) == [7, 7, 6]


@pytest.fixture
def failing_archiver():
    """A server of its own whose archive command fails."""
    server = new_server(archive_mode="on", archive_command="/bin/false")
    database = Database(server, "postgres")
    database.execute("CREATE TABLE something (id int)")
    database.execute("SELECT pg_switch_wal()")
    database.wait_for("SELECT failed_count > 0 FROM pg_stat_archiver")
    yield database
    database.close()
    server.remove()


def test_it_pauses_while_the_archiver_fails_says_why_and_goes_on(in_process, failing_archiver):
    told = Told(then=lambda: repaired(failing_archiver))

    wait_for_standbys(in_process(failing_archiver), max_lag=30, progress=told)

    assert told.sentences == ["Paused: the archive queue grows because the last archiving failed."]


def repaired(database):
    with psycopg.connect(database.url, autocommit=True) as second:
        second.execute("ALTER SYSTEM SET archive_command = '/bin/true'")
        second.execute("SELECT pg_reload_conf()")


def test_zero_goes_on_regardless(in_process, failing_archiver):
    told = Told()

    wait_for_standbys(in_process(failing_archiver), max_lag=0, progress=told)

    assert told.sentences == []
