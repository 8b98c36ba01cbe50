"""The rollback of the patient module: the hospital is as it was before."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.patient_rollback import ROLL_BACK
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow


def test_afterwards_the_catalog_and_every_row_are_those_from_before_the_first_command(deployed, before):
    done = deployed.run(*ROLL_BACK, "--format", "json")

    assert done.code == 0, done.said
    assert done.json["verdict"] == "rolled back"
    assert done.json["did"]["unapplied"] == [
        "ehr.0003_validate_patient_keys", "ehr.0002_patient_keys_not_valid", "patients.0001_initial"
    ]  # fmt: skip
    assert done.json["restored"] == {"insurance_policies": 2}
    assert (catalog_snapshot(deployed), row_snapshot(deployed, bookkeeping=False)) == before
    assert deployed.rows("SELECT app, name FROM django_migrations") == [("ehr", "0001_initial")]


def test_run_again_there_is_nothing_to_do(deployed):
    assert deployed.run(*ROLL_BACK).code == 0

    again = deployed.run(*ROLL_BACK)

    assert again.code == 0
    assert again.err.endswith("rollback_patient_module: nothing to do.\n")


def test_it_is_one_run_in_the_record(deployed):
    assert deployed.run(*ROLL_BACK).code == 0

    (*_, last) = deployed.run("audit_runs", "--format", "json").json["runs"]

    assert (last["command"], last["outcome"], last["verdict"]) == ("rollback_patient_module", "finished", "unapplied")
    assert last["counts"]["restored"] == {"insurance_policies": 2}


def test_the_keys_alone_can_go(deployed):
    done = deployed.run(*ROLL_BACK, "--keys-only", "--format", "json")

    assert done.code == 0, done.said
    assert deployed.value("SELECT count(*) FROM patients") == 5
    assert deployed.rows("SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = 'bills'::regclass") == []
    assert "recovery.I001" in [one["id"] for one in done.json["findings"]]
    assert deployed.run("migrate").code == 0


def test_a_dry_run_shows_the_sql_and_the_locks_and_changes_nothing(deployed):
    state = catalog_snapshot(deployed), row_snapshot(deployed)

    told = deployed.run(*ROLL_BACK, "--dry-run", "--measure")

    assert told.code == 0, told.said
    words = " ".join(told.out.split())
    assert 'ALTER TABLE "bills" DROP CONSTRAINT "bills_patientId_fkey"' in words
    assert "bills ACCESS EXCLUSIVE" in words
    assert "users ACCESS EXCLUSIVE" in words
    assert "recovery.W001 the app ehr is rolled back too" in words
    assert "To roll back: python manage.py rollback_patient_module --expect-database" in words
    assert (catalog_snapshot(deployed), row_snapshot(deployed)) == state


def test_the_generic_command_does_the_same(deployed, before):
    done = deployed.run("rollback_migrations", "patients", "zero")

    assert done.code == 0, done.said
    assert (catalog_snapshot(deployed), row_snapshot(deployed, bookkeeping=False)) == before


@pytest.mark.parametrize("arguments", [("ehr", "0009"), ("nowhere", "zero")])
def test_an_unknown_migration_is_bad_input(deployed, arguments):
    done = deployed.run("rollback_migrations", *arguments)

    assert done.code == 2
    assert "showmigrations" in done.err


def test_what_is_not_applied_is_not_applied_by_a_rollback(hospital):
    done = hospital.run("rollback_migrations", "ehr", "0003")

    assert done.code == 2
    assert "there is nothing to roll back" in done.err
