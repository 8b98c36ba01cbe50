"""Looking is one READ ONLY, REPEATABLE READ transaction: nothing can be written, and all figures are of one moment."""

import psycopg
import pytest
from django.db import InternalError

from migrations_safety.postgresql.pooler import Pooler
from migrations_safety.postgresql.snapshot import snapshot
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
