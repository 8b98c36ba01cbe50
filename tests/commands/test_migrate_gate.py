"""`migrate` runs the precheck of what it is about to do, and refuses before anything changes."""

import json

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import PatientFactory, UserFactory, new_id, refer
from tests.support.row_snapshot import row_snapshot

SKIPPED = "--skip-precheck: no check ran before this migration. Verify the schema afterwards."
NIL = "00000000-0000-0000-0000-000000000000"
KEYS = {"command", "schema_version", "verdict", "database", "gate", "adopted", "migrations", "findings", "lock_waits",
        "seconds"}  # fmt: skip


def everything(database):
    return catalog_snapshot(database), row_snapshot(database)


@pytest.mark.parametrize("state", ["hospital", "with_patients", "with_keys"])
def test_orphans_refuse_it_with_the_findings_and_the_way_out_and_nothing_changes(make, state):
    database = make(state)
    if state == "with_keys":
        database.execute("SET session_replication_role = replica")
    refer(database, "bills", new_id(), NIL)
    before = everything(database)

    result = database.run("migrate")

    assert result.code == 1
    assert 'error references.E001 bills."patientId" holds 1 value in 1 row with no row in patients.' in " ".join(
        result.out.split()
    )
    assert "→ python manage.py backfill_placeholders" in result.out
    assert "error references.E002" in result.out
    assert "Blocked: do not migrate yet." in result.out
    assert result.err.splitlines()[-1] == (
        "migrate: refused by the gate; nothing was changed. Resolve the findings above, then run it again."
    )
    assert everything(database) == before


def test_the_way_out_is_the_way_through(hospital):
    refer(hospital, "bills", new_id(), new_id())

    codes = [hospital.run(command).code for command in ("migrate", "backfill_placeholders", "migrate", "precheck")]

    assert codes == [1, 0, 0, 0]
    assert hospital.run("verify_patient_schema").code == 0


@pytest.mark.parametrize("arguments", [("ehr", "0001"), ("patients",)])
def test_orphans_of_keys_that_are_not_in_the_plan_do_not_refuse(hospital, arguments):
    refer(hospital, "bills", new_id())

    result = hospital.run("migrate", *arguments)

    assert result.code == 0, result.said


def test_past_the_gate_it_says_so_loudly_and_orphans_stop_it_before_the_proof(hospital):
    refer(hospital, "bills", new_id())

    result = hospital.run("migrate", "--skip-precheck")

    assert (result.code, result.err.splitlines()[0]) == (2, SKIPPED)
    assert 'bills."patientId" holds 1 value in 1 row with no row in patients. The key stays NOT VALID.' in result.err
    assert hospital.run("backfill_placeholders").code == 0
    assert hospital.run("migrate").code == 0


def test_past_the_gate_without_orphans_it_ends_as_ever(hospital, make):
    result = hospital.run("migrate", "--skip-precheck")

    assert result.code == 0
    assert result.err.splitlines()[0] == SKIPPED
    assert catalog_snapshot(hospital) == catalog_snapshot(make("migrated"))


def test_what_passes_is_said_and_the_baseline_is_adopted(hospital):
    UserFactory.create(on=hospital)

    result = hospital.run("migrate")

    assert result.code == 0
    assert "Gate: attention, 1 finding (references.W003), none blocks." in result.err
    assert "Adopting ehr.0001_initial: its tables exist, so it is recorded and not run." in result.err
    assert "Applying patients.0001_initial... OK" in result.out
    assert "Applying ehr.0001_initial" not in result.out
    assert result.err.splitlines()[-1] == "migrate: applied."


def test_on_an_empty_database_nothing_is_adopted(empty):
    result = empty.run("migrate")

    assert result.code == 0
    assert "Adopting" not in result.said
    assert "Applying ehr.0001_initial... OK" in result.out


def test_json_is_the_only_thing_on_stdout(hospital):
    result = hospital.run("migrate", "--format", "json")

    assert result.code == 0
    assert set(result.json) >= KEYS
    assert (result.json["command"], result.json["schema_version"]) == ("migrate", 1)
    assert (result.json["verdict"], result.json["gate"]) == ("applied", "attention")
    assert result.json["adopted"] == [{"app": "ehr", "name": "0001_initial"}]
    assert [one["app"] for one in result.json["migrations"]] == ["patients", "ehr", "ehr"]
    assert set(result.json["lock_waits"]) == {"count", "longest_ms"}
    assert "Applying patients.0001_initial" in result.err


def test_json_of_a_refusal_has_the_findings(hospital, tmp_path):
    refer(hospital, "bills", new_id())
    report = tmp_path / "report.json"

    shown = hospital.run("migrate", "--format", "json")
    written = hospital.run("migrate", "--format", "json", "--output", str(report))

    assert (shown.code, shown.json["verdict"], shown.json["gate"]) == (1, "refused", "blocked")
    assert "references.E001" in {one["id"] for one in shown.json["findings"]}
    assert (written.code, written.out) == (1, "")
    assert json.loads(report.read_text())["verdict"] == "refused"
    assert report.stat().st_mode & 0o777 == 0o600


def test_stdout_is_empty_where_it_failed(hospital):
    refer(hospital, "bills", new_id())

    result = hospital.run("migrate", "--skip-precheck", "--format", "json")

    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize("arguments", [("--plan",), ("--check",), (), ("--fake",)])
def test_another_database_than_the_expected_one_is_left_alone(hospital, arguments):
    before = everything(hospital)

    result = hospital.run("migrate", "--expect-database", "hospital_prod", *arguments)

    assert (result.code, result.out) == (2, "")
    assert f'target.E001: The connected database is "{hospital.name}"' in result.err
    assert everything(hospital) == before


@pytest.mark.parametrize("target", [("ehr", "zero"), ("ehr", "zero", "--skip-precheck")])
def test_going_back_before_the_hospitals_own_tables_is_refused_while_they_hold_rows(migrated, target):
    patient = new_id()
    PatientFactory.create(on=migrated, id=patient)
    refer(migrated, "bills", patient)
    before = everything(migrated)

    result = migrated.run("migrate", *target)

    assert result.code == 1
    assert "Unapplying ehr.0001_initial would drop" in result.err
    assert "bills" in result.err
    assert "python manage.py migrate ehr 0001_initial rolls back as far as these tables" in result.err
    assert everything(migrated) == before


def test_going_back_to_nothing_is_allowed_where_nothing_is_lost(make):
    database = make("new")

    result = database.run("migrate", "ehr", "zero")

    assert result.code == 0, result.said
    assert catalog_snapshot(database)["tables"] == []
