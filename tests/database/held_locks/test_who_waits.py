"""Who waits for which lock, as PostgreSQL itself lets them wait."""

import psycopg
import pytest

from migrations_safety.measurement.durations import STOPS_READERS, STOPS_WRITERS
from migrations_safety.measurement.report import LOCKS
from migrations_safety.messages.lock_words import mode


@pytest.mark.parametrize("lock", LOCKS)
def test_who_waits_for_a_lock_is_what_postgresql_lets_wait(empty, lock):
    empty.execute("CREATE TABLE bed (id int); INSERT INTO bed VALUES (1)")
    waits = {}
    with empty.session(f"LOCK TABLE bed IN {mode(lock)} MODE"), psycopg.connect(empty.url, autocommit=True) as other:
        other.execute("SET lock_timeout = '20ms'")
        for name, statement in (("readers", "SELECT FROM bed"), ("writers", "UPDATE bed SET id = 2")):
            try:
                other.execute(statement.encode())
                waits[name] = False
            except psycopg.errors.LockNotAvailable:
                waits[name] = True

    assert waits == {"readers": lock in STOPS_READERS, "writers": lock in STOPS_WRITERS}
