"""`backfill_placeholders`: what a placeholder is, what is counted, and that a second run has nothing left to do."""

import pytest

from tests.support.catalog_snapshot import row_versions
from tests.support.factories import REFERENCING, PatientFactory, new_id, refer
from tests.support.identifiers import CANONICAL, SAMPLES
from tests.support.row_snapshot import results, row_snapshot

BACKFILL = "backfill_placeholders"
ONE, TWO = (f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000{digit}" for digit in (1, 2))
KEYS = {"command", "schema_version", "verdict", "run_id", "created", "already_present", "nullified", "refused",
        "batches", "seconds"}  # fmt: skip
ID_TYPES = pytest.mark.parametrize("id_type", ["uuid", "text"])
GIVEN = ("id", "mrn", "firstName", "lastName", "dateOfBirth", "dateOfBirthEstimated", "identityStatus",
         "allergyStatus", "status", "backfillRunId", "version", "createdAt", "updatedAt",
         "interpreterRequired", "restricted")  # fmt: skip


def ids(database):
    return [str(row[0]) for row in database.rows("SELECT id FROM patients ORDER BY id")]


@ID_TYPES
def test_a_placeholder_is_what_was_promised(make, id_type):
    hospital = make("hospital", id_type)
    refer(hospital, "bills", ONE)

    result = hospital.run(BACKFILL, "--format", "json")

    assert result.code == 0, result.said
    patient = hospital.value("SELECT to_jsonb(patients) FROM patients")
    assert {name: value for name, value in patient.items() if name not in {"createdAt", "updatedAt"}} == {
        "id": ONE,
        "mrn": f"MRN-PLACEHOLDER-{ONE}",
        "firstName": "Placeholder",
        "lastName": "Patient",
        "dateOfBirth": "1900-01-01",
        "dateOfBirthEstimated": True,
        "identityStatus": "PLACEHOLDER",
        "allergyStatus": "UNKNOWN",
        "status": "ACTIVE",
        "backfillRunId": result.json["run_id"],
        "version": 1,
        "interpreterRequired": False,
        "restricted": False,
    } | {name: None for name in patient if name not in GIVEN}
    assert hospital.value('SELECT "createdAt" > now() - interval \'1 hour\' AND "updatedAt" <= now() FROM patients')


def test_each_placeholder_has_one_critical_risk_flag(hospital):
    refer(hospital, "bills", ONE, TWO, TWO)

    hospital.run(BACKFILL)

    flags = hospital.rows(
        'SELECT "patientId"::text, category, code, severity, status, "endsAt", "raisedBy" FROM patient_risk_flags'
    )
    assert sorted(flags) == [
        (one, "IDENTITY", "PLACEHOLDER_RECORD", "CRITICAL", "ACTIVE", None, None) for one in (ONE, TWO)
    ]


def test_pending_tables_are_applied_and_it_says_so(hospital):
    result = hospital.run(BACKFILL)

    assert result.code == 0, result.said
    assert "The tables are pending; applying ehr.0001_initial, patients.0001_initial …" in result.err
    assert "The tables were pending; applied ehr.0001_initial, patients.0001_initial." in " ".join(result.out.split())
    assert result.err.splitlines()[-1] == "backfill_placeholders: covered, 0 placeholders."
    assert hospital.rows("SELECT app, name FROM django_migrations ORDER BY app") == [
        ("ehr", "0001_initial"),
        ("patients", "0001_initial"),
    ]


def test_tables_that_are_there_are_not_spoken_of(make):
    result = make("with_patients").run(BACKFILL, "--format", "json")

    assert (result.code, result.json["applied"]) == (0, [])
    assert "pending" not in result.err


def test_on_an_empty_database_it_makes_the_hospital_first(empty):
    result = empty.run(BACKFILL, "--format", "json")

    assert (result.code, result.json["created"]) == (0, 0)
    assert result.json["applied"] == ["ehr.0001_initial", "patients.0001_initial"]


@ID_TYPES
def test_one_placeholder_for_each_distinct_orphan_of_all_five_tables(make, id_type):
    hospital = make("hospital", id_type)
    for table in REFERENCING:
        refer(hospital, table, ONE, new_id())
    refer(hospital, "bills", TWO, TWO, None)

    result = hospital.run(BACKFILL, "--format", "json")

    assert (result.code, result.json["verdict"], result.json["created"]) == (0, "covered", 7)
    assert len(ids(hospital)) == 7
    assert set(KEYS) <= set(result.json)
    assert (result.json["nullified"], result.json["refused"], result.json["already_present"]) == ({}, {}, 0)


@ID_TYPES
def test_the_hospitals_own_rows_are_not_touched(make, id_type):
    hospital = make("hospital", id_type)
    for table in REFERENCING:
        refer(hospital, table, ONE, new_id())
    before = row_versions(hospital, tuple(REFERENCING))

    hospital.run(BACKFILL)

    assert row_versions(hospital, tuple(REFERENCING)) == before


def test_a_second_run_has_nothing_to_do(hospital):
    refer(hospital, "bills", ONE, TWO)
    hospital.run(BACKFILL)
    before = row_snapshot(hospital, bookkeeping=False)

    again = hospital.run(BACKFILL, "--format", "json")

    assert (again.code, again.json["created"], again.json["already_present"]) == (0, 0, 2)
    assert row_snapshot(hospital, bookkeeping=False) == before


def test_patients_that_are_there_are_never_overwritten(make):
    database = make("with_patients")
    PatientFactory.create(on=database, id=ONE, last_name="Otieno")
    refer(database, "bills", ONE, TWO)
    before = database.rows("SELECT patients::text, xmin::text FROM patients")

    result = database.run(BACKFILL, "--format", "json")

    assert (result.json["created"], result.json["already_present"]) == (1, 1)
    assert set(before) < set(database.rows("SELECT patients::text, xmin::text FROM patients"))
    assert database.value('SELECT count(*) FROM patient_risk_flags WHERE "patientId" = %s', ONE) == 0


@pytest.mark.parametrize("identifier_class", ["uuid_canonical", "uuid_nonrfc", "opaque"])
def test_allowed_classes_keep_their_spelling(hospital_text, identifier_class):
    refer(hospital_text, "bills", *SAMPLES[identifier_class])

    result = hospital_text.run(BACKFILL, "--format", "json")

    assert result.code == 0, result.said
    assert sorted(ids(hospital_text)) == sorted(SAMPLES[identifier_class])


@pytest.mark.parametrize(("size", "batches"), [(1, 10), (3, 4), (10, 1), (100_000, 1)])
def test_the_size_of_a_batch_changes_the_batches_and_nothing_else(make, size, batches):
    database = make("with_patients")
    refer(database, "bills", *[f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd3800{number:02}" for number in range(10)])

    result = database.run(BACKFILL, "--batch-size", str(size), "--format", "json")

    assert (result.json["created"], result.json["batches"]) == (10, batches)
    assert len(results(database, "patient_risk_flags")["patient_risk_flags"]) == 10
    assert len(database.rows("SELECT DISTINCT xmin::text FROM patients")) == batches  # a transaction each


@pytest.mark.parametrize("size", ["0", "-1", "many", "100001", "1.5"])
def test_a_batch_of_no_size_is_refused(make, size):
    result = make("with_patients").run(BACKFILL, "--batch-size", size)

    assert (result.code, result.out) == (2, "")
    assert "rows: a whole number, 1 to 100,000" in result.err


def test_a_hospital_with_ids_and_references_alone_is_enough(make):
    hospital = make("empty")
    hospital.execute("CREATE TABLE users (id uuid PRIMARY KEY)")
    for table in REFERENCING:
        hospital.execute(f'CREATE TABLE {table} (id uuid PRIMARY KEY, "patientId" uuid)')
        refer(hospital, table, ONE)

    results = [hospital.run(command) for command in (BACKFILL, "migrate", "verify_patient_schema")]

    assert [result.code for result in results] == [0, 0, 0], results
    assert ids(hospital) == [ONE]


def test_varchar_references_are_text(make):
    hospital = make("hospital", "text")
    hospital.execute('ALTER TABLE bills ALTER "patientId" TYPE varchar(50); ALTER TABLE bills ALTER id TYPE char(36)')
    refer(hospital, "bills", CANONICAL)
    refer(hospital, "medical_records", CANONICAL)

    result = hospital.run(BACKFILL, "--format", "json")

    assert (result.code, result.json["created"]) == (0, 1), result.said
    assert hospital.run("migrate").code == 0


def test_the_text_says_what_was_done_and_the_verdict_last(hospital):
    refer(hospital, "bills", ONE, TWO)

    result = hospital.run(BACKFILL)

    lines = result.out.splitlines()
    assert lines[0].startswith(f'Database "{hospital.name}" at ')
    assert "2 placeholders created; 0 values already had a parent." in lines
    assert "Every reference is covered. (" in result.out
    assert "\x1b" not in result.said
    assert "Placeholders: 2 of 2" in result.err


def test_every_run_is_recorded_with_who_what_and_figures(hospital):
    refer(hospital, "bills", ONE)
    done = hospital.run(BACKFILL, "--batch-size", "7", "--format", "json")

    events = hospital.rows(
        """SELECT run_id::text, event, details FROM migrations_safety_run
           WHERE details ->> 'command' = 'backfill_placeholders' ORDER BY id"""
    )

    assert [(run_id, event) for run_id, event, _ in events] == [
        (done.json["run_id"], "started"),
        (done.json["run_id"], "finished"),
    ]
    started, finished = (details for *_, details in events)
    assert started["command"] == finished["command"] == BACKFILL
    assert started["arguments"].items() >= {"nullify": [], "batch_size": 7}.items()
    assert started["role"] == "postgres"
    assert finished["counts"] == {
        "created": 1, "already_present": 0, "nullified": {}, "refused": {}, "batches": 1,
    }  # fmt: skip


def test_the_report_goes_to_the_file_alone(hospital, tmp_path):
    result = hospital.run(BACKFILL, "--format", "json", "--output", str(tmp_path / "report"), "--no-progress")

    assert (result.code, result.out) == (0, "")
    assert '"verdict": "covered"' in (tmp_path / "report").read_text()
    assert result.err == "backfill_placeholders: covered, 0 placeholders.\n"


def test_another_database_than_the_expected_one_is_left_alone(hospital):
    refer(hospital, "bills", ONE)
    before = row_snapshot(hospital)

    result = hospital.run(BACKFILL, "--expect-database", "hospital_prod")

    assert (result.code, result.out) == (2, "")
    assert "target.E001" in result.err
    assert row_snapshot(hospital) == before
