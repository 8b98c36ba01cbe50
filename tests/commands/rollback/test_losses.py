"""The rollback of the patient module loses nothing that anybody wrote, unless a person typed how much."""

import json
from datetime import datetime, timedelta

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import PatientFactory, new_id
from tests.support.patient_rollback import OF_PEOPLE, ROLL_BACK, backed_up
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("what", OF_PEOPLE)
def test_it_refuses_while_anything_but_untouched_placeholders_is_there(deployed, what):
    if statement := OF_PEOPLE[what]:
        deployed.execute(statement)
    else:
        PatientFactory.create(on=deployed, id=new_id())
    state = catalog_snapshot(deployed), row_snapshot(deployed)

    looked = deployed.run(*ROLL_BACK, "--dry-run", "--no-measure", "--format", "json")
    done = deployed.run(*ROLL_BACK, "--format", "json")

    assert (looked.code, done.code) == (1, 1), done.said
    assert done.json["verdict"] == "refused"
    assert {one["id"] for one in done.json["findings"] if one["level"] == "error"} == {"recovery.E001"}
    assert (catalog_snapshot(deployed), row_snapshot(deployed)) == state


@pytest.mark.parametrize("gone", ["patients", "patient_contacts"])
def test_without_a_table_that_tells_untouched_placeholders_all_of_them_count(deployed, gone):
    rows = deployed.value("SELECT count(*) FROM patient_risk_flags")
    assert rows
    deployed.execute(f"DROP TABLE {gone} CASCADE")

    looked = deployed.run(*ROLL_BACK, "--dry-run", "--no-measure", "--format", "json")

    assert looked.code == 1, looked.said
    assert ("rollback.E009", gone) in {(one["id"], one["subject"]) for one in looked.json["findings"]}
    lost = {one["table"]: one["rows"] for one in looked.json["losses"]}
    assert lost.get("patients", 0) == (0 if gone == "patients" else deployed.value("SELECT count(*) FROM patients"))
    assert lost.get("patient_risk_flags", 0) == (rows if gone == "patients" else 0)


def test_rows_that_row_level_security_hides_are_not_taken_for_none(deployed, new_role):
    name = new_role()
    deployed.execute(f"""
        GRANT ALL ON SCHEMA public TO "{name}"; GRANT ALL ON ALL TABLES IN SCHEMA public TO "{name}";
        GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "{name}";
        ALTER TABLE patient_merge_history ENABLE ROW LEVEL SECURITY;
        ALTER TABLE patient_merge_history FORCE ROW LEVEL SECURITY""")
    for (table,) in deployed.rows("SELECT relname FROM pg_class WHERE relname ~ '^patient' AND relkind = 'r'"):
        deployed.execute(f'ALTER TABLE "{table}" OWNER TO "{name}"')
    deployed.execute(OF_PEOPLE["a merge"])

    done = deployed.run(*ROLL_BACK, "--dry-run", "--no-measure", url=deployed.server.url(deployed.name, user=name))

    assert done.code == 2, done.said
    assert deployed.value("SELECT count(*) FROM patient_merge_history") == 1


def test_patients_are_lost_only_by_their_number_and_with_a_backup_that_was_restored(deployed, before, tmp_path):
    PatientFactory.create(on=deployed, id=new_id())
    PatientFactory.create(on=deployed, id=new_id())

    without_backup = deployed.run(*ROLL_BACK, "--discard-patients", "2", "--format", "json")
    backed_up(deployed, tmp_path)
    other_number = deployed.run(*ROLL_BACK, "--discard-patients", "3", "--format", "json")
    places = ("--backups", str(tmp_path))
    done = deployed.run(*ROLL_BACK, "--discard-patients", "2", *places, "--format", "json")

    assert without_backup.code == 1, without_backup.said
    typed = [one["hint"] for one in without_backup.json["findings"] if one["id"] == "recovery.E001"]
    assert all(hint.endswith("then python manage.py rollback_patient_module --discard-patients 2") for hint in typed)
    assert any(one["id"].startswith("backup.") for one in without_backup.json["findings"])
    assert other_number.code == 1, other_number.said
    assert "recovery.E003" in [one["id"] for one in other_number.json["findings"]]
    assert done.code == 0, done.said
    assert [one["subject"] for one in done.json["findings"] if one["id"] == "recovery.W003"] == ["patients"]
    assert (catalog_snapshot(deployed), row_snapshot(deployed, bookkeeping=False)) == before
    (*_, last) = deployed.run("audit_runs", "--format", "json").json["runs"]
    assert last["stands_on"]["backup"]["proof"] == "restored" or last["stands_on"]["backup"]["proof"] == "compared"


def test_a_backup_of_an_hour_ago_is_too_old(deployed, tmp_path):
    PatientFactory.create(on=deployed, id=new_id())
    backed_up(deployed, tmp_path)
    (file,) = tmp_path.glob("*.manifest.json")
    told = json.loads(file.read_text())
    taken_at = datetime.fromisoformat(told["taken_at"]) - timedelta(minutes=61)
    file.write_text(json.dumps(told | {"taken_at": taken_at.isoformat()}))

    done = deployed.run(*ROLL_BACK, "--discard-patients", "1", "--backups", str(tmp_path), "--format", "json")

    assert done.code == 1, done.said
    assert any(one["id"].startswith("backup.") for one in done.json["findings"])
    assert deployed.value("SELECT count(*) FROM patients") == 6
