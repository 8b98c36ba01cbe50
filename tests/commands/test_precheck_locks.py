"""Findings of the areas `locks` and `target`: who is using the tables, and what server and session these are."""

import threading
from contextlib import suppress

import psycopg
import pytest

from migrations_safety.checks.locks import LONG_TRANSACTION
from migrations_safety.locking.deploy_lock import DEPLOY_LOCK
from tests.support.factories import refer
from tests.support.precheck_findings import look, told
from tests.support.wire_relay import Relay

ONE = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"


def test_a_session_that_is_idle_in_a_transaction_on_a_table_is_named(hospital, in_process):
    in_process(hospital)
    with hospital.session("SET application_name = 'report of the ward'", "SELECT count(*) FROM bills") as idle:
        found = look()
        pid = idle.info.backend_pid

    assert set(found) == {"locks.W001"}
    assert told(found, "locks.W001")[0].startswith(
        f"bills is in use by pid {pid} (report of the ward), idle in transaction, in a transaction of "
    )
    assert f"pg_terminate_backend({pid})" in found["locks.W001"][0].hint
    assert look() == {}


def test_a_session_on_another_table_or_in_another_database_is_not_named(hospital, make, in_process):
    other = make("hospital")
    hospital.execute("CREATE TABLE wards (id int)")
    in_process(hospital)
    with hospital.session("SELECT * FROM wards"), other.session("LOCK TABLE bills"):
        found = look()

    assert found == {}


def test_a_statement_that_runs_for_seconds_is_named_and_a_short_one_is_not(hospital, in_process):
    in_process(hospital)
    running = threading.Thread(target=long_statement, args=[hospital.url])
    running.start()
    hospital.wait_for(f"SELECT EXISTS ({RUNNING})")
    early = look()
    age = hospital.value(RUNNING)
    hospital.wait_for(f"SELECT ({RUNNING}) > {LONG_TRANSACTION}")

    late = look()

    hospital.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'")
    running.join()
    assert early == {} or age > LONG_TRANSACTION / 2, "so slow a machine has seen no short one"
    assert set(late) == {"locks.W001"}
    assert "active" in told(late, "locks.W001")[0]


RUNNING = """SELECT extract(epoch FROM clock_timestamp() - xact_start)::float8 FROM pg_stat_activity
             WHERE query LIKE 'SELECT pg_sleep(600)%%'"""


def long_statement(url):
    with psycopg.connect(url, autocommit=True) as connection, suppress(psycopg.errors.QueryCanceled):
        connection.execute("SELECT pg_sleep(600) FROM (SELECT count(*) FROM bills) AS one")


def test_a_prepared_transaction_blocks_until_it_is_ended(hospital, in_process):
    in_process(hospital)
    with hospital.session("LOCK TABLE bills IN ROW EXCLUSIVE MODE", "PREPARE TRANSACTION 'in the dark'"):
        pass
    found = look()
    hospital.execute("ROLLBACK PREPARED 'in the dark'")

    assert set(found) == {"locks.E001"}
    assert told(found, "locks.E001")[0].startswith("bills is locked by a prepared transaction of ")
    assert look() == {}


def test_nothing_that_precheck_does_waits_for_a_lock(hospital):
    refer(hospital, "bills", ONE)
    with hospital.session("INSERT INTO users SELECT gen_random_uuid(), '', '', '', true, now(), now()"):
        result = hospital.run("precheck", "--format", "json")

    assert result.code == 1
    assert {one["id"] for one in result.json["findings"]} == {
        "locks.W001",
        "references.E001",
        "references.W003",
    }


def test_timeouts_of_the_role_are_a_warning(hospital, new_role, in_process):
    role = new_role()
    hospital.execute(f'ALTER ROLE "{role}" SUPERUSER')
    in_process(hospital, url=hospital.server.url(hospital.name, user=role))
    before = look()
    hospital.execute(f"ALTER ROLE \"{role}\" SET statement_timeout = '30s'")
    in_process(hospital, url=hospital.server.url(hospital.name, user=role))

    after = look()

    assert before == {}
    assert set(after) == {"target.W002"}
    assert told(after, "target.W002") == [
        f"{role} has statement_timeout = 30000 ms, but counting and validating a large table takes longer."
    ]


def test_a_deploy_that_is_at_work_is_a_warning_here_and_not_on_another_database(hospital, make, in_process):
    other = make("hospital")
    with hospital.session(f"SELECT pg_advisory_lock({DEPLOY_LOCK['class']}, {DEPLOY_LOCK['object']})"):
        in_process(hospital)
        here = look()
        in_process(other)
        there = look()
    in_process(hospital)

    assert set(here) == {"target.W003"}
    assert (there, look()) == ({}, {})


def test_a_pooler_that_keeps_sessions_is_let_through(hospital, in_process):
    """It tells another number for the server's process; the modes of a real one: tests/commands/test_pooler.py."""
    with Relay(to=hospital.server.port, other_backend=True) as port:
        in_process(hospital, url=through(hospital, port))

        assert look() == {}


def through(database, port):
    return f"postgresql://postgres:postgres@127.0.0.1:{port}/{database.name}?sslmode=disable&gssencmode=disable"


@pytest.fixture
def old_server(hospital):
    """PostgreSQL 14 by its own word: a function that is found before the system's."""
    hospital.execute(
        """CREATE FUNCTION public.current_setting(name text) RETURNS text LANGUAGE sql AS $$
               SELECT CASE name WHEN 'server_version_num' THEN '140019' WHEN 'server_version' THEN '14.19'
                      ELSE pg_catalog.current_setting(name) END $$"""
    )
    hospital.execute(f'ALTER DATABASE "{hospital.name}" SET search_path = public, pg_catalog')
    return hospital


def test_a_server_that_is_too_old_ends_the_look(old_server):
    result = old_server.run("precheck", "--format", "json")

    assert (result.code, result.out) == (2, "")
    assert "target.E003: PostgreSQL 14.19 is too old" in result.err


def test_sessions_that_the_role_may_not_see_into_are_said(hospital, new_role):
    reader = new_role()
    hospital.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"')
    url = hospital.server.url(hospital.name, user=reader)

    with hospital.session("SELECT count(*) FROM bills"):
        hidden = hospital.run("precheck", "--format", "json", url=url).json["findings"]
        hospital.execute(f'GRANT pg_read_all_stats TO "{reader}"')
        seen = hospital.run("precheck", "--format", "json", url=url).json["findings"]

    of_locks = [[one["id"] for one in found if one["id"].startswith("locks.")] for found in (hidden, seen)]
    assert of_locks == [["locks.W003"], ["locks.W001"]]
