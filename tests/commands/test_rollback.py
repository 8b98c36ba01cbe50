"""The rollback of the patient module: nothing that anybody wrote is lost, and the hospital is as it was before."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.commands import ROOT, Result, environment
from tests.support.factories import PatientFactory, new_id, refer
from tests.support.row_snapshot import row_snapshot

ROLL_BACK = ("rollback_patient_module", "--no-progress")
ORPHANS = [new_id() for _ in range(5)]


def hospital_rows(database):
    return {name: rows for name, rows in row_snapshot(database, bookkeeping=False).items() if "patient_" not in name}


@pytest.fixture
def before(hospital):
    refer(hospital, "bills", *ORPHANS, None)
    refer(hospital, "medical_records", *ORPHANS[:2])
    refer(hospital, "insurance_policies", new_id(), new_id())
    return catalog_snapshot(hospital), row_snapshot(hospital, bookkeeping=False)


@pytest.fixture
def deployed(hospital, before):
    """The hospital after a deploy in which references of one table were set to NULL."""
    for command in (("backfill_placeholders", "--nullify", "insurance_policies"), ("migrate",)):
        assert hospital.run(*command).code == 0
    return hospital


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


OF_PEOPLE = {
    "a patient": None,
    "a placeholder that was resolved": """UPDATE patients SET "identityStatus" = 'IDENTIFIED'""",
    "a placeholder that was changed": "UPDATE patients SET version = 2",
    "a placeholder of no recorded run": 'UPDATE patients SET "backfillRunId" = gen_random_uuid()',
    "a contact": """INSERT INTO patient_contacts (id, "patientId", "firstName", "lastName", relationship, "updatedAt")
                    SELECT gen_random_uuid(), id, 'A', 'B', 'C', now() FROM patients""",
    "an allergy": """INSERT INTO patient_allergies (id, "patientId", substance, category, "updatedAt")
                     SELECT gen_random_uuid(), id, 'A', 'B', now() FROM patients""",
    "a flag": """INSERT INTO patient_risk_flags (id, "patientId", category, code, "updatedAt")
                 SELECT gen_random_uuid(), id, 'A', 'B', now() FROM patients""",
    "a flag that was resolved": "UPDATE patient_risk_flags SET status = 'RESOLVED'",
    "a merge": """INSERT INTO patient_merge_history (id, "sourcePatientId", "targetPatientId", reason,
                  "sourceSnapshot", "targetSnapshot", "movedRecords", "mergedBy")
                  VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'a', '{}', '{}', '{}',
                          gen_random_uuid())""",
}


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


@contextmanager
def without(*names):
    """A copy of the project in which files are gone, as in the release before."""
    with tempfile.TemporaryDirectory(prefix="ehr-release-") as folder:
        for app in ("ehr", "patients", "migrations_safety"):
            shutil.copytree(ROOT / app, Path(folder) / app, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "manage.py", folder)
        for name in names:
            (Path(folder) / name).unlink()
        yield Path(folder)


def manage_in(folder, database, *arguments):
    command = [sys.executable, str(folder / "manage.py"), *arguments]
    variables = environment(**database.variables())
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False)
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


GONE = ("ehr/migrations/0002_patient_keys_not_valid.py", "ehr/migrations/0003_validate_patient_keys.py")


def test_it_works_when_files_of_migrations_are_gone_and_says_so(deployed, before):
    with without(*GONE, "patients/migrations/0001_initial.py") as folder:
        looked = manage_in(folder, deployed, *ROLL_BACK, "--dry-run", "--measure", "--format", "json")
        done = manage_in(folder, deployed, *ROLL_BACK, "--format", "json")

    assert (looked.code, done.code) == (0, 0), looked.said + done.said
    assert looked.json["measured"] != "no"
    used = [one["subject"] for one in done.json["findings"] if one["id"] == "recovery.I002"]
    assert used == ["ehr.0003_validate_patient_keys", "ehr.0002_patient_keys_not_valid", "patients.0001_initial"]
    assert (catalog_snapshot(deployed), row_snapshot(deployed, bookkeeping=False)) == before


def test_it_refuses_where_a_file_is_gone_and_no_run_has_recorded_it(deployed):
    state = catalog_snapshot(deployed)
    deployed.execute("DROP TABLE migrations_safety_run")
    with without(*GONE) as folder:
        done = manage_in(folder, deployed, "rollback_migrations", "ehr", "0001", "--format", "json")

    assert done.code == 1, done.said
    assert {one["subject"] for one in done.json["findings"] if one["id"] == "recovery.E002"} == {
        "ehr.0002_patient_keys_not_valid", "ehr.0003_validate_patient_keys"
    }  # fmt: skip
    assert catalog_snapshot(deployed) == state


def test_a_file_that_was_changed_since_is_named(deployed):
    with without() as folder:
        with (folder / GONE[1]).open("a") as file:
            file.write("# later\n")
        looked = manage_in(folder, deployed, *ROLL_BACK, "--dry-run", "--format", "json")

    assert looked.code == 0, looked.said
    assert [one["subject"] for one in looked.json["findings"] if one["id"] == "recovery.W002"] == [
        "ehr.0003_validate_patient_keys"
    ]


PATIENT = """INSERT INTO patients (id, mrn, "firstName", "lastName", "dateOfBirth", "updatedAt")
             VALUES (gen_random_uuid(), 'X', 'A', 'B', '1980-01-01', now())"""


def of_the_module(database):
    """The module's tables, but for the triggers of keys that other tables have to them."""
    taken = catalog_snapshot(database, tables=("patients", "patient_contacts", "patient_risk_flags"))
    return taken | {"triggers": []}


def test_rows_that_arrive_meanwhile_stop_it_before_the_tables(deployed):
    before = of_the_module(deployed)
    with deployed.session(PATIENT) as other, deployed.start(*ROLL_BACK, "--format", "json") as running:
        deployed.wait_for("SELECT count(*) > 0 FROM migrations_safety_run WHERE details ->> 'command' LIKE 'rollback%'")
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
        deployed.wait_for("SELECT count(*) > 0 FROM migrations_safety_run WHERE details ->> 'command' LIKE 'rollback%'")
        with deployed.session("SET LOCAL lock_timeout = '2s'", "LOCK TABLE bills IN ROW EXCLUSIVE MODE"):
            pass
        other.rollback()
        out, err = running.communicate(timeout=120)

    assert running.returncode == 0, out + err


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


def backed_up(database, folder):
    done = database.run("backup_database", "--output", str(folder), "--no-progress")
    assert done.code == 0, done.said


def test_patients_are_lost_only_by_their_number_and_with_a_backup_that_was_restored(deployed, before, tmp_path):
    PatientFactory.create(on=deployed, id=new_id())
    PatientFactory.create(on=deployed, id=new_id())

    without_backup = deployed.run(*ROLL_BACK, "--discard-patients", "2", "--format", "json")
    backed_up(deployed, tmp_path)
    other_number = deployed.run(*ROLL_BACK, "--discard-patients", "3", "--format", "json")
    places = ("--backups", str(tmp_path))
    done = deployed.run(*ROLL_BACK, "--discard-patients", "2", *places, "--format", "json")

    assert without_backup.code == 1, without_backup.said
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


def test_a_patient_that_arrives_after_the_number_was_typed_is_not_lost(deployed, tmp_path):
    PatientFactory.create(on=deployed, id=new_id())
    backed_up(deployed, tmp_path)
    discard = ("--discard-patients", "1", "--backups", str(tmp_path))
    with deployed.session(PATIENT) as other, deployed.start(*ROLL_BACK, *discard, "--format", "json") as running:
        deployed.wait_for("SELECT count(*) > 0 FROM migrations_safety_run WHERE details ->> 'command' LIKE 'rollback%'")
        other.commit()
        out, err = running.communicate(timeout=120)

    assert running.returncode == 1, out + err
    assert json.loads(out)["verdict"] == "stopped"
    assert deployed.value("SELECT count(*) FROM patients") == 7


def hospital_of(catalog):
    """The catalog without the enum that is kept in another schema."""
    return {part: them for part, them in catalog.items() if part != "enums"}


def test_patients_are_kept_instead_of_lost_and_come_back_with_the_module(deployed, before):
    id = new_id()
    PatientFactory.create(on=deployed, id=id)
    patients = deployed.rows("SELECT p::text FROM patients p ORDER BY id")

    looked = deployed.run(*ROLL_BACK, "--keep-dropped", "--dry-run", "--no-measure")
    untouched = deployed.value("SELECT count(*) FROM patients")
    done = deployed.run(*ROLL_BACK, "--keep-dropped", "--format", "json")
    catalog, rows = catalog_snapshot(deployed), row_snapshot(deployed, bookkeeping=False)
    again = deployed.run("migrate", "patients")
    restored = deployed.run("restore_dropped")

    assert (looked.code, untouched) == (0, len(patients)), looked.said
    assert "rollback_patient_module --keep-dropped" in " ".join(looked.out.split())
    assert done.code == 0, done.said
    assert (done.json["verdict"], done.json["losses"]) == ("rolled back", [])
    kept = {one["table"]: one["place"] for one in done.json["kept"] if one["kind"] == "table"}
    assert len(kept) == 6
    assert kept["patients"].startswith("migrations_safety_kept.")
    assert done.json["restored"] == {"insurance_policies": 2}
    assert hospital_of(catalog) == hospital_of(before[0])
    assert {name: them for name, them in rows.items() if "migrations_safety_kept" not in name} == before[1]
    assert (again.code, restored.code) == (0, 0), again.said + restored.said
    assert deployed.rows("SELECT p::text FROM patients p ORDER BY id") == patients


def test_what_is_kept_is_told_to_people_with_the_next_commands(deployed, tmp_path):
    PatientFactory.create(on=deployed, id=new_id())
    page = tmp_path / "rollback.md"

    done = deployed.run(*ROLL_BACK, "--keep-dropped", "--report", f"markdown={page}")

    said = " ".join(done.out.split())
    assert done.code == 0, done.said
    assert "Keeps 6 tables" in said
    assert "python manage.py restore_dropped 1 2 3" in said
    assert "python manage.py purge_dropped 1 2 3" in said
    assert "What was kept" in page.read_text()


def test_what_is_kept_is_not_counted_as_lost(deployed):
    both = deployed.run(*ROLL_BACK, "--keep-dropped", "--discard-patients", "3")

    assert both.code == 2, both.said
    assert "leave one of the two out" in both.err
    assert deployed.value("SELECT to_regclass('patients') IS NOT NULL")


def test_a_view_on_a_table_that_is_to_be_kept_is_in_the_way(deployed):
    deployed.execute("CREATE VIEW names AS SELECT id FROM patients")

    done = deployed.run(*ROLL_BACK, "--keep-dropped", "--format", "json")

    assert (done.code, done.json["verdict"]) == (1, "refused"), done.said
    assert [one["id"] for one in done.json["findings"] if one["level"] == "error"] == ["recovery.E050"]


@pytest.mark.parametrize("after", [0.8, 1.4, 2.0])
def test_killed_while_it_keeps_it_runs_again_and_nothing_is_lost(deployed, after):
    PatientFactory.create(on=deployed, id=new_id())
    patients = deployed.rows("SELECT p::text FROM patients p ORDER BY id")
    with deployed.start(*ROLL_BACK, "--keep-dropped") as running:
        time.sleep(after)
        running.kill()

    again = deployed.run(*ROLL_BACK, "--keep-dropped")

    assert again.code == 0, again.said
    assert deployed.value("SELECT to_regclass('patients') IS NULL")
    assert deployed.run("migrate", "patients").code == 0
    assert deployed.run("restore_dropped").code == 0
    assert deployed.rows("SELECT p::text FROM patients p ORDER BY id") == patients
