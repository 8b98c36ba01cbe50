"""What several sessions share ends as a whole: one error is an error of all, an interrupt leaves none at work."""

from typing import Any

import pytest
from django.db import DataError
from psycopg import sql

from migrations_safety.census import scan_strategy
from migrations_safety.postgresql.parallel_queries import run_in_parallel
from migrations_safety.postgresql.snapshot import snapshot

MEET = """
    CREATE FUNCTION meet(meets boolean) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        WHILE meets LOOP
            PERFORM pg_advisory_lock_shared(pg_backend_pid()), pg_stat_clear_snapshot();
            EXIT WHEN (SELECT count(DISTINCT pid) >= 3 FROM pg_locks WHERE locktype = 'advisory');
            PERFORM pg_sleep(0.01);
        END LOOP;
    END $$"""
"""Returns when three sessions have come to it."""
TWO_ASLEEP = "SELECT count(*) = 2 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(600)%'"
NONE_ASLEEP = TWO_ASLEEP.replace("= 2", "= 0")


def test_a_statement_that_fails_in_any_session_is_an_error_of_the_whole(empty, in_process):
    connection = in_process(empty)
    broken = [sql.SQL("SELECT pg_sleep(0.1), 1").format(), *[sql.SQL("SELECT 1 / 0").format()] * 20]

    with pytest.raises(DataError), snapshot(connection):
        run_in_parallel(connection, broken, sessions=3, settings=scan_strategy.BY_INDEX, advance=list[int]().append)


def test_an_interrupted_count_leaves_no_session_at_work(empty, in_process):
    connection = in_process(empty)

    def interrupt(done):
        empty.wait_for(TWO_ASLEEP)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), snapshot(connection):
        how: dict[str, Any] = {"sessions": 3, "settings": scan_strategy.BY_INDEX, "advance": interrupt}
        run_in_parallel(connection, [sql.SQL("SELECT pg_sleep(600)").format()] * 9, **how)

    empty.wait_for(NONE_ASLEEP)


def test_all_sessions_have_the_search_path_of_the_first(empty, in_process):
    connection = in_process(empty)
    empty.execute("CREATE SCHEMA clinic_c")
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = clinic_c, public")
    empty.execute(MEET)
    query = sql.SQL("SELECT current_setting('search_path') AS path, pg_backend_pid() AS pid, public.meet({})")
    asked = [query.format(meets) for meets in (True, True, True, False, False)]

    with snapshot(connection):
        found = run_in_parallel(
            connection, asked, sessions=3, settings=scan_strategy.BY_INDEX, advance=list[int]().append
        )

    assert {row["path"] for row in found} == {"clinic_c, public"}
    assert len({row["pid"] for row in found}) == 3
