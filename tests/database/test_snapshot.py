"""Looking is one READ ONLY, REPEATABLE READ transaction: nothing can be written, and all figures are of one moment."""

import psycopg
import pytest
from django.db import InternalError
from psycopg import sql

from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.target import ReadWithoutRows
from migrations_safety.postgresql.parallel_queries import run_in_parallel
from migrations_safety.postgresql.pooler import Pooler
from migrations_safety.postgresql.snapshot import MAX_SNAPSHOT_ATTEMPTS, in_snapshot, snapshot
from migrations_safety.postgresql.target import connect
from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import refer
from tests.support.precheck_findings import look

ONE = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"
FIGURES = "SELECT count(*) FROM bills"


def test_nothing_can_be_written_inside(hospital, in_process):
    connection = in_process(hospital)

    with pytest.raises(InternalError) as error, snapshot(connection), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE written (id int)")

    assert isinstance(error.value.__cause__, psycopg.errors.ReadOnlySqlTransaction)


def test_what_others_commit_meanwhile_is_not_seen(hospital, in_process):
    connection = in_process(hospital)
    with snapshot(connection), connection.cursor() as cursor:
        cursor.execute(FIGURES)
        before = cursor.fetchone()
        refer(hospital, "bills", ONE)
        cursor.execute(FIGURES)
        after = cursor.fetchone()

    assert before == after == (0,)
    assert hospital.value(FIGURES) == 1


REWRITES = ("ALTER TABLE bills ALTER status TYPE varchar(40) USING status || ''", "TRUNCATE users CASCADE")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_table_that_is_rewritten_before_it_is_read_is_read_again(hospital, in_process, jobs):
    refer(hospital, "bills", ONE)
    connection, counted = in_process(hospital), []

    def read():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not counted:
            hospital.execute(REWRITES[0])
        queries = [sql.SQL("SELECT count(*), pg_sleep(0.2) FROM bills").format()] * jobs
        found = run_in_parallel(connection, queries, sessions=jobs, settings="SELECT 1", advance=counted.append)
        return {one["count"] for one in found}

    assert in_snapshot(connection, read, progress=Progress()) == {1}


def test_where_that_never_ends_it_is_said_with_the_tables(hospital, in_process):
    connection, attempts = in_process(hospital), []

    def read():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            attempts.append(hospital.execute("; ".join(REWRITES)))
            cursor.execute(FIGURES)
            cursor.execute("SELECT count(*) FROM users")

    with pytest.raises(ReadWithoutRows) as refused:
        in_snapshot(connection, read, progress=Progress())

    assert "has no rows: bills, users" in str(refused.value)
    assert len(attempts) == MAX_SNAPSHOT_ATTEMPTS


def test_nothing_of_it_is_left_when_it_is_over(hospital, in_process):
    connection = in_process(hospital)
    with snapshot(connection):
        pass

    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")

        assert cursor.fetchone() == ("off",)


def test_precheck_takes_no_transaction_number_and_leaves_no_trace(hospital, in_process):
    refer(hospital, "bills", ONE)
    in_process(hospital)
    before, number = (
        catalog_snapshot(hospital),
        hospital.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"),
    )

    look()

    assert catalog_snapshot(hospital) == before
    assert hospital.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint") == number


def test_the_report_says_which_database_it_looked_at(hospital, in_process):
    target = connect(in_process(hospital))

    assert (target.alias, target.name, target.role) == ("default", hospital.name, "postgres")
    assert (target.host, target.port) == (str(hospital.server.folder), hospital.server.port)
    assert (target.in_recovery, target.in_transaction, target.pooler) == (False, False, Pooler.NONE)
