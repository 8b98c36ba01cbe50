"""Copies of a database: nobody else enters, they go at the end, and what a kill has left is known and dropped."""

import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from migrations_safety.postgresql import copies
from migrations_safety.postgresql.copies import CopyOf, copied_database, drop_leftovers, leftover_copies
from migrations_safety.postgresql.database_locale import locale_of
from migrations_safety.postgresql.second_connection import connection_parameters

KILLED = """
import os, sys
from migrations_safety.postgresql.copies import CopyOf, copied_database
of = CopyOf(oid=int(sys.argv[2]), system_identifier=None, name="any")
with copied_database({"conninfo": sys.argv[1], "autocommit": True}, of=of, made_for="rehearsal"):
    print("made", flush=True)
    sys.stdin.read()
"""


def all_copies(database):
    return [name for (name,) in database.rows("SELECT datname FROM pg_database WHERE datname ~ '^confidential'")]


@pytest.fixture
def of(hospital):
    return CopyOf(oid=hospital.value("SELECT oid::bigint FROM pg_database WHERE datname = current_database()"),
                  system_identifier=None, name=hospital.name)  # fmt: skip


@pytest.fixture
def parameters(hospital, in_process):
    return connection_parameters(in_process(hospital))


def test_a_copy_is_there_in_the_block_and_gone_after_it(hospital, parameters, of):
    with copied_database(parameters, of=of, made_for="restore test") as copy:
        assert all_copies(hospital) == [copy.name]
        with psycopg.connect(**copy.parameters) as session:
            assert session.execute("SELECT current_database()").fetchone() == (copy.name,)

    assert all_copies(hospital) == []


def test_a_copy_goes_after_an_error_and_an_interrupt_too(hospital, parameters, of):
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), copied_database(parameters, of=of, made_for="restore test"):
            raise error

        assert all_copies(hospital) == []


def test_nobody_but_the_owner_may_enter(hospital, parameters, of, new_role):
    stranger = new_role()
    with copied_database(parameters, of=of, made_for="restore test") as copy:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(hospital.server.url(copy.name, user=stranger))
        mark = hospital.value("SELECT shobj_description(%s, 'pg_database')", copy.oid)

    assert '"restore test"' in mark


def test_a_clone_has_the_rows_of_its_template(hospital, parameters, of):
    with copied_database(parameters, of=of, made_for="rehearsal") as first:
        with psycopg.connect(**first.parameters) as session:
            session.execute("CREATE TABLE told AS SELECT generate_series(1, 10) AS n")
        with (
            copied_database(parameters, of=of, made_for="rehearsal", template=first.name) as second,
            psycopg.connect(**second.parameters) as session,
        ):
            assert session.execute("SELECT count(*) FROM told").fetchone() == (10,)
        assert all_copies(hospital) == [first.name]


def test_a_copy_sorts_text_as_its_original(hospital, parameters, of, in_process):
    hospital.execute("CREATE DATABASE sorted_otherwise TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        with psycopg.connect(hospital.server.url("sorted_otherwise")) as other:
            there = other.execute("SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database "
                                  "WHERE datname = current_database()").fetchone()  # fmt: skip
        here = locale_of(in_process(type(hospital)(hospital.server, "sorted_otherwise")))
        with copied_database(parameters, of=of, made_for="rehearsal", locale=here) as copy:
            query = "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = %s"
            assert hospital.rows(query, copy.name) == [there]
    finally:
        hospital.execute("DROP DATABASE sorted_otherwise WITH (FORCE)")


def test_one_that_is_kept_stays_and_is_no_leftover(hospital, parameters, of, in_process):
    with copied_database(parameters, of=of, made_for="rehearsal", keep=True) as copy:
        pass

    try:
        [found] = leftover_copies(in_process(hospital))
        assert (found.name, found.made_for, found.is_kept, found.is_leftover) == (copy.name, "rehearsal", True, False)
        assert drop_leftovers(parameters) == []
    finally:
        copies.drop(parameters, copy.name)


def test_one_that_a_kill_has_left_is_known_and_the_next_drops_it(hospital, parameters, of, in_process):
    command = [sys.executable, "-c", KILLED, hospital.url, str(of.oid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        process.send_signal(signal.SIGKILL)

    [found] = leftover_copies(in_process(hospital))
    assert (found.made_for, found.is_leftover, found.of_oid) == ("rehearsal", True, of.oid)
    assert found.bytes is not None
    assert found.bytes > 1_000_000
    assert drop_leftovers(parameters, of=CopyOf(oid=1, system_identifier=None, name="another")) == []
    assert drop_leftovers(parameters, of=of) == [found.name]
    assert all_copies(hospital) == []


def test_one_that_is_in_use_is_left_alone(hospital, parameters, of):
    with copied_database(parameters, of=of, made_for="rehearsal") as copy, psycopg.connect(**copy.parameters):
        assert drop_leftovers(parameters) == []
        assert all_copies(hospital) == [copy.name]


def test_one_that_its_run_still_needs_is_left_alone_although_nobody_is_in_it(hospital, parameters, of):
    with copied_database(parameters, of=of, made_for="rehearsal") as copy:
        assert drop_leftovers(parameters) == []
        assert all_copies(hospital) == [copy.name]


def test_one_without_a_marker_is_left_alone_while_it_is_young(hospital, parameters, of):
    young, old = (f"confidential_copy_{of.oid}_1_{int((time.time() - age) * 1_000_000)}" for age in (10, 10_000))
    for name in (young, old):
        hospital.execute(f"CREATE DATABASE {name} TEMPLATE template0")

    try:
        assert drop_leftovers(parameters) == [old]
        assert all_copies(hospital) == [young]
    finally:
        copies.drop(parameters, young)


def test_a_database_that_is_no_copy_is_never_dropped(parameters, hospital):
    with pytest.raises(ValueError, match="is no copy"):
        copies.drop(parameters, hospital.name)

    assert os.getpid()
