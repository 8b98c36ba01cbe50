"""Commands inside a transaction that the caller has opened and will end: a TestCase, atomic(), AUTOCOMMIT off."""

from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections, transaction

from migrations_safety.locking.deploy_lock import DEPLOY_LOCK
from migrations_safety.management.errors import Refused, Stopped
from migrations_safety.precheck import precheck
from migrations_safety.verification import verification
from migrations_safety.verification.scope import of_registered
from tests.support.factories import PatientFactory, new_id, refer

TABLES = "SELECT to_regclass('patients') IS NOT NULL"
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s"


def run(*arguments, **options):
    """The command in this process: what it said on both streams."""
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err, no_progress=True, **options)
    return out.getvalue(), err.getvalue()


@contextmanager
def autocommit_off():
    connections["default"].set_autocommit(False)
    try:
        yield
    finally:
        connections["default"].rollback()
        connections["default"].set_autocommit(True)


@contextmanager
def rolled_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(params=[rolled_back, autocommit_off], ids=["atomic", "autocommit off"])
def opened(request):
    return request.param


def test_migrate_applies_everything_in_it_and_nothing_is_left_when_it_is_rolled_back(hospital, in_process, opened):
    connection = in_process(hospital)

    with opened():
        out, err = run("migrate")
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            assert cursor.fetchone() == (True,)

    assert "Applying ehr.0003_validate_patient_keys... OK" in out
    assert err.count("A transaction is already open on this connection") == 1
    assert err.endswith("migrate: applied in the open transaction; it is kept only if that commits.\n")
    assert hospital.value(TABLES) is False
    assert hospital.value("SELECT to_regclass('migrations_safety_run') IS NULL")


def test_migrate_is_kept_and_recorded_when_it_is_committed(empty, in_process):
    in_process(empty)

    with transaction.atomic():
        run("migrate")

    assert empty.value(TABLES)
    assert empty.value("SELECT count(*) FROM django_migrations") == 4
    assert empty.rows("SELECT event FROM migrations_safety_run ORDER BY id") == [("started",), ("finished",)]


def test_migrate_with_nothing_pending_is_as_quiet_as_ever(migrated, in_process, opened):
    in_process(migrated)

    with opened():
        out, err = run("migrate")

    assert "No migrations to apply." in out
    assert "A transaction is open" not in err


def test_migrate_back_and_forth(migrated, in_process, opened):
    in_process(migrated)

    with opened():
        run("migrate", "ehr", "0001")
        run("migrate")

    assert migrated.value("SELECT count(*) FROM django_migrations") == 4


def test_the_lock_of_the_deploy_goes_with_the_transaction(hospital, in_process, opened):
    in_process(hospital)

    with opened():
        run("migrate")
        assert hospital.value(HELD, *DEPLOY_LOCK.values()) == 1

    assert hospital.value(HELD, *DEPLOY_LOCK.values()) == 0


def test_another_deploy_is_refused_meanwhile(hospital, in_process):
    in_process(hospital)

    with rolled_back():
        run("migrate")
        other = hospital.run("migrate", "--no-wait")

    assert (other.code, "target.E004" in other.err) == (2, True), other.said


def test_the_gate_refuses_in_it_too(hospital, in_process, opened):
    refer(hospital, "bills", new_id())
    in_process(hospital)

    with opened():
        run("migrate", "patients")
        with pytest.raises(Refused) as stopped:
            run("migrate")

    assert stopped.value.returncode == 1


def test_looking_sees_what_the_transaction_sees_and_says_that_it_is_no_snapshot(migrated, in_process, opened):
    migrated.execute('ALTER TABLE bills DROP CONSTRAINT "bills_patientId_fkey"')
    connection = in_process(migrated)

    with opened():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE name = '0003_validate_patient_keys'")
        report = precheck.run(using="default")

    assert [one.label for one in report.plan.migrations] == ["ehr.0003_validate_patient_keys"]
    assert "target.I001" in {one.id for one in report.findings}


def test_looking_in_several_sessions_is_left_to_one(migrated, in_process, opened):
    PatientFactory.create(on=migrated, id=(patient := new_id()))
    refer(migrated, "bills", *[patient] * 20)
    in_process(migrated)

    with opened():
        report = verification.run(of_registered("patients"), using="default")

    assert report.verdict == "verified"


def test_looking_writes_nothing_and_the_transaction_may_write_afterwards(migrated, in_process, opened):
    connection = in_process(migrated)

    with opened():
        run("audit_runs")
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('transaction_read_only', 'off', true)")
            cursor.execute("CREATE TABLE written (id int)")


def test_the_backfill_refuses_to_be_one_long_transaction(hospital, in_process, opened):
    in_process(hospital)

    with opened(), pytest.raises(Stopped, match="A transaction is already open"):
        run("backfill_placeholders")

    assert hospital.value("SELECT to_regclass('patients') IS NULL")


def test_the_backfill_counts_in_it(hospital, in_process, opened):
    refer(hospital, "bills", new_id())
    in_process(hospital)

    with opened():
        out, _ = run("backfill_placeholders", dry_run=True)

    assert "1" in out
