"""A rollback while the application writes."""

import json

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import PatientFactory, new_id
from tests.support.patient_rollback import PATIENT, ROLL_BACK, STARTED, backed_up

pytestmark = pytest.mark.slow


def of_the_module(database):
    """The module's tables, but for the triggers of keys that other tables have to them."""
    taken = catalog_snapshot(database, tables=("patients", "patient_contacts", "patient_risk_flags"))
    return taken | {"triggers": []}


def test_rows_that_arrive_meanwhile_stop_it_before_the_tables(deployed):
    before = of_the_module(deployed)
    with deployed.session(PATIENT) as other, deployed.start(*ROLL_BACK, "--format", "json") as running:
        deployed.wait_for(STARTED)
        other.commit()
        out, err = running.communicate(timeout=120)

    assert running.returncode == 1, out + err
    told = json.loads(out)
    assert told["verdict"] == "stopped"
    assert [(one["id"], one["subject"], one["rows"]) for one in told["findings"] if one["level"] == "error"] == [
        ("recovery.E001", "patients", 1)
    ]
    assert "ehr.0002_patient_keys_not_valid" in told["did"]["unapplied"]
    assert deployed.value("SELECT count(*) FROM patients WHERE mrn = 'X'") == 1
    assert of_the_module(deployed) == before


def test_a_writer_of_a_table_that_goes_is_not_kept_waiting(deployed):
    """It gives way to a transaction that has written there, until this one ends."""
    with (
        deployed.session("UPDATE patients SET status = status") as other,
        deployed.start(*ROLL_BACK, "--retry-for", "60", "--format", "json") as running,
    ):
        deployed.wait_for(STARTED)
        with deployed.session("SET LOCAL lock_timeout = '2s'", "LOCK TABLE bills IN ROW EXCLUSIVE MODE"):
            pass
        other.rollback()
        out, err = running.communicate(timeout=120)

    assert running.returncode == 0, out + err


def test_a_patient_that_arrives_after_the_number_was_typed_is_not_lost(deployed, tmp_path):
    PatientFactory.create(on=deployed, id=new_id())
    backed_up(deployed, tmp_path)
    discard = ("--discard-patients", "1", "--backups", str(tmp_path))
    with deployed.session(PATIENT) as other, deployed.start(*ROLL_BACK, *discard, "--format", "json") as running:
        deployed.wait_for(STARTED)
        other.commit()
        out, err = running.communicate(timeout=120)

    assert running.returncode == 1, out + err
    assert json.loads(out)["verdict"] == "stopped"
    assert deployed.value("SELECT count(*) FROM patients") == 7
