"""What must not become a placeholder is refused, counted and named; nothing is written for it, the rest is done."""

import pytest

from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES
from tests.support.catalog_snapshot import catalog_snapshot, row_versions
from tests.support.factories import PatientFactory, refer
from tests.support.identifiers import CANONICAL, OF_UUID_COLUMNS, SAMPLES
from tests.support.row_snapshot import row_snapshot

BACKFILL = "backfill_placeholders"
ALLOWED = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"
REFUSED = sorted(set(SAMPLES) - set(PLACEHOLDER_CLASSES))
REFUSED_UUIDS = sorted(set(OF_UUID_COLUMNS) - set(PLACEHOLDER_CLASSES))


def patients(database):
    return [str(one) for (one,) in database.rows("SELECT id FROM patients")]


@pytest.mark.parametrize("identifier_class", REFUSED)
def test_a_refused_class_of_a_text_column_is_named_and_left(hospital_text, identifier_class):
    refer(hospital_text, "bills", *SAMPLES[identifier_class], ALLOWED)
    rows = row_versions(hospital_text, ("bills",))

    result = hospital_text.run(BACKFILL, "--format", "json")

    assert result.code == 1, result.said
    assert (result.json["verdict"], result.json["created"]) == ("refused", 1)
    assert result.json["refused"] == {identifier_class: len(set(SAMPLES[identifier_class]))}
    assert patients(hospital_text) == [ALLOWED]
    assert row_versions(hospital_text, ("bills",)) == rows


@pytest.mark.parametrize("identifier_class", REFUSED_UUIDS)
def test_a_refused_class_of_a_uuid_column_is_named_and_left(hospital, identifier_class):
    refer(hospital, "bills", *OF_UUID_COLUMNS[identifier_class], ALLOWED)

    result = hospital.run(BACKFILL, "--format", "json")

    assert (result.code, result.json["created"]) == (1, 1), result.said
    assert result.json["refused"] == {identifier_class: len(OF_UUID_COLUMNS[identifier_class])}
    assert patients(hospital) == [ALLOWED]


def test_all_classes_at_once_are_refused_each_by_its_name_and_no_value_is_shown(hospital_text):
    for samples in SAMPLES.values():
        refer(hospital_text, "bills", *samples)
    words = [value for value in SAMPLES["other_text"] + SAMPLES["mrn_like"] + SAMPLES["opaque"] if len(value) > 3]

    result = hospital_text.run(BACKFILL)

    assert result.code == 1
    text = " ".join(result.out.split())
    for identifier_class in REFUSED:
        count = len(set(SAMPLES[identifier_class]))
        assert f"Refused: {count} values (class {identifier_class}). Each " in text
    assert "python manage.py precheck shows their tables." in text
    assert "Some references were refused; they are unchanged." in text
    assert not [word for word in words if word in result.said]
    assert len(patients(hospital_text)) == sum(len(SAMPLES[name]) for name in PLACEHOLDER_CLASSES if name in SAMPLES)


def test_two_spellings_of_one_patient_get_one_placeholder_and_one_refusal(hospital_text):
    refer(hospital_text, "bills", CANONICAL)
    refer(hospital_text, "medical_records", CANONICAL.upper())

    result = hospital_text.run(BACKFILL, "--format", "json")

    assert (result.code, result.json["refused"]) == (1, {"uuid_noncanonical": 1})
    assert patients(hospital_text) == [CANONICAL]


def test_a_refused_class_that_has_its_patient_is_covered(make):
    database = make("with_patients", "text")
    PatientFactory.create(on=database, id="12345")
    refer(database, "bills", "12345")

    result = database.run(BACKFILL, "--format", "json")

    assert (result.code, result.json["already_present"], result.json["refused"]) == (0, 1, {})


def test_an_orphan_that_equals_a_record_number_is_refused(make):
    database = make("with_patients", "text")
    PatientFactory.create(on=database, mrn="cjld2cjxh0000qzrmn831i7rn")
    refer(database, "bills", "cjld2cjxh0000qzrmn831i7rn")

    result = database.run(BACKFILL, "--format", "json")

    assert (result.code, result.json["refused"]) == (1, {"mrn_like": 1})


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_record_number_that_is_taken_is_a_conflict_and_the_rest_is_done(make, output):
    database = make("with_patients")
    PatientFactory.create(on=database, mrn=f"MRN-PLACEHOLDER-{ALLOWED}")
    refer(database, "bills", ALLOWED, CANONICAL)

    result = database.run(BACKFILL, "--format", output)

    assert result.code == 1, result.said
    assert "conflict" in result.out
    assert len(patients(database)) == 2
    assert CANONICAL in patients(database)
    assert database.value("SELECT count(*) FROM patient_risk_flags") == 1


@pytest.mark.parametrize(("state", "id_type", "setting"), [("hospital", "uuid", "text"), ("hospital", "text", "uuid")])
def test_ids_of_another_type_than_the_setting_are_refused_before_anything_changes(make, state, id_type, setting):
    database = make(state, id_type)
    refer(database, "bills", ALLOWED)
    before = catalog_snapshot(database), row_snapshot(database)
    database.id_type = setting

    result = database.run(BACKFILL)

    assert (result.code, result.out) == (2, "")
    assert "types.E001: The column " in result.err
    assert ". The same is true of " in result.err
    assert result.err.count("Nothing was changed.") == 1
    assert "bills" in result.err
    assert f"EHR_ID_TYPE={id_type}" in result.err
    assert (catalog_snapshot(database), row_snapshot(database)) == before


def test_one_column_of_another_type_is_refused_before_anything_changes(hospital_text):
    hospital_text.execute("""ALTER TABLE bills ALTER "patientId" TYPE uuid USING "patientId"::uuid""")
    refer(hospital_text, "bills", ALLOWED)
    before = catalog_snapshot(hospital_text), row_snapshot(hospital_text)

    result = hospital_text.run(BACKFILL)

    assert (result.code, result.out) == (2, "")
    assert 'bills."patientId"' in result.err
    assert (catalog_snapshot(hospital_text), row_snapshot(hospital_text)) == before


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("DROP TABLE bills", "the table bills"),
        ('ALTER TABLE bills DROP "patientId"', 'bills."patientId"'),
        ("CREATE TABLE patients (id uuid PRIMARY KEY)", "patients.0001_initial must create its tables first"),
    ],
)
def test_a_database_that_is_not_as_expected_is_refused_before_anything_changes(hospital, damage, words):
    refer(hospital, "medical_records", ALLOWED)
    hospital.execute(damage)
    before = catalog_snapshot(hospital), row_snapshot(hospital)

    result = hospital.run(BACKFILL)

    assert (result.code, result.out) == (2, "")
    assert words in result.err
    assert "Traceback" not in result.err
    assert (catalog_snapshot(hospital), row_snapshot(hospital)) == before


def test_a_role_that_may_not_write_is_told_so_and_nothing_changes(make, new_role):
    database = make("with_patients")
    reader = new_role()
    database.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"')
    refer(database, "bills", ALLOWED)
    before = row_snapshot(database)

    result = database.run(BACKFILL, url=database.server.url(database.name, user=reader))

    assert (result.code, result.out) == (2, "")
    assert "privilege.E007: The table migrations_safety_run must be written, but the role" in result.err
    assert row_snapshot(database) == before
