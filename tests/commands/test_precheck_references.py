"""Findings of the area `references`: what stands in the referencing columns."""

import pytest

from migrations_safety.census.identifier_classes import MAYBE_IDS, PLACEHOLDER_CLASSES
from tests.support.factories import PatientFactory, new_id, refer
from tests.support.identifiers import CANONICAL, SAMPLES
from tests.support.precheck_findings import look, told

ONE, TWO = (f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000{digit}" for digit in (1, 2))
REFUSED = sorted(set(SAMPLES) - set(PLACEHOLDER_CLASSES))


def test_orphans_are_counted_as_values_and_as_rows(hospital, in_process):
    refer(hospital, "bills", ONE, ONE, TWO)
    in_process(hospital)

    found = look()

    assert set(found) == {"references.E001"}
    assert told(found, "references.E001") == ['bills."patientId" holds 2 values in 3 rows with no row in patients.']
    assert found["references.E001"][0].hint == "python manage.py backfill_placeholders"


def test_references_to_patients_that_exist_are_no_finding(make, in_process):
    database = make("with_patients")
    PatientFactory.create(on=database, id=ONE)
    refer(database, "bills", ONE, None)
    in_process(database)

    assert look() == {}


@pytest.mark.parametrize("identifier_class", REFUSED)
def test_a_class_that_must_not_become_a_placeholder_blocks(hospital_text, in_process, identifier_class):
    refer(hospital_text, "bills", SAMPLES[identifier_class][0])
    refer(hospital_text, "medical_records", SAMPLES[identifier_class][0])
    in_process(hospital_text)

    found = look()

    assert set(found) == {"references.E002"}
    bills, records = found["references.E002"]
    assert bills.message.startswith(f"holds 1 value (class {identifier_class}) in 1 row. It ")
    is_offered = identifier_class not in ("uuid_noncanonical", *MAYBE_IDS)
    assert ("backfill_placeholders --nullify bills" in bills.hint) is is_offered
    assert "--nullify" not in records.hint  # its column is NOT NULL


def test_nullify_is_not_proposed_where_it_would_let_go_of_placeable_references_too(hospital_text, in_process):
    refer(hospital_text, "bills", "null", CANONICAL)
    in_process(hospital_text)

    assert "--nullify" not in look()["references.E002"][0].hint


@pytest.mark.parametrize("identifier_class", ["uuid_nonrfc", "opaque", "house_format"])
def test_a_class_that_is_worth_a_look_is_an_orphan_and_a_warning(hospital_text, in_process, identifier_class):
    refer(hospital_text, "bills", *SAMPLES[identifier_class])
    in_process(hospital_text)

    found = look()

    assert set(found) == {"references.E001", "references.W001"}
    assert f"values (class {identifier_class}) with no parent. Each " in told(found, "references.W001")[0]


@pytest.mark.parametrize("identifier_class", ["uuid_nil", "uuid_max", "uuid_test_pattern"])
def test_a_sentinel_of_a_uuid_column_blocks_too(hospital, in_process, identifier_class):
    refer(hospital, "bills", SAMPLES[identifier_class][0])
    in_process(hospital)

    assert set(look()) == {"references.E002"}


def test_two_spellings_of_one_patient_block(hospital_text, in_process):
    refer(hospital_text, "bills", CANONICAL)
    refer(hospital_text, "medical_records", CANONICAL.upper())
    in_process(hospital_text)

    assert told(look(), "references.E003") == [
        "patients is referenced by the ids of 1 person in more than one spelling."
    ]


def test_ids_that_differ_in_case_only_are_a_warning(hospital_text, in_process):
    refer(hospital_text, "bills", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav")
    in_process(hospital_text)

    assert told(look(), "references.W002") == [
        "patients is referenced by 2 ids that differ from another only in upper and lower case."
    ]


def test_a_column_without_an_index_is_named_with_the_statement_that_makes_one(hospital):
    before = {one["id"]: one for one in hospital.run("precheck", "--format", "json").json["findings"]}
    hint = before["references.W003"]["hint"]

    hospital.execute(hint)

    assert hint == 'CREATE INDEX CONCURRENTLY ON insurance_policies ("patientId");'
    assert {one["id"] for one in hospital.run("precheck", "--format", "json").json["findings"]} == set()


def test_an_index_that_does_not_lead_with_the_column_or_is_partial_or_invalid_does_not_count(hospital):
    hospital.execute('CREATE INDEX ON insurance_policies (status, "patientId")')
    hospital.execute('CREATE INDEX ON insurance_policies ("patientId") WHERE status IS NULL')
    hospital.execute('CREATE INDEX broken ON insurance_policies ("patientId")')
    hospital.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")

    result = hospital.run("precheck", "--format", "json")

    assert [one["id"] for one in result.json["findings"]] == ["references.W003", "tables.W010"]


def test_columns_that_are_named_alike_in_other_tables_are_listed(hospital, in_process):
    hospital.execute(
        """CREATE TABLE encounters (id uuid PRIMARY KEY, "patientId" uuid);
           CREATE TABLE observations (id uuid PRIMARY KEY, patient_id uuid, value text);
           CREATE TABLE appointments (id uuid PRIMARY KEY, "attendingPatientId" varchar(36));
           CREATE SCHEMA archive; CREATE TABLE archive.labs ("PatientID" text);
           CREATE TABLE wards (id uuid PRIMARY KEY, "patientIdea" text, patient text);
           CREATE VIEW all_encounters AS SELECT * FROM encounters"""
    )
    in_process(hospital)

    found = look()

    assert set(found) == {"references.W004"}
    assert [(one.subject, one.message.partition(" is ")[0]) for one in found["references.W004"]] == [
        ('appointments."attendingPatientId"', "(character varying(36))"),
        ('encounters."patientId"', "(uuid)"),
        ('observations."patient_id"', "(uuid)"),
    ]


def test_a_column_that_has_a_key_already_is_not_listed(make, in_process):
    database = make("with_patients")
    database.execute('CREATE TABLE encounters ("patientId" uuid REFERENCES patients)')
    in_process(database)

    assert look() == {}


def test_one_value_in_most_rows_may_stand_for_nobody(hospital, in_process):
    bulk(hospital, rows=1000, value=ONE)
    bulk(hospital, rows=10)
    in_process(hospital)

    assert told(look(), "references.W005") == [
        'bills."patientId" holds one value in 1,000 of 1,010 rows. It may mean "no patient".'
    ]


def test_many_rows_of_many_patients_are_no_sentinel(hospital, in_process):
    bulk(hospital, rows=2000)
    bulk(hospital, rows=300, value=ONE)
    in_process(hospital)

    assert set(look()) == {"references.E001"}


def bulk(database, *, rows, value=None):
    database.execute(
        """INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
           SELECT gen_random_uuid(), gen_random_uuid(), coalesce(%s::uuid, gen_random_uuid()), 1, now()
           FROM generate_series(1, %s)""",
        value,
        rows,
    )


def test_identifiers_are_never_shown_to_a_pipe_or_a_file(hospital, tmp_path):
    secret = new_id()
    refer(hospital, "bills", secret)

    for options in ((), ("--format", "json"), ("--output", str(tmp_path / "report"))):
        result = hospital.run("precheck", "--show-ids", *options)

        assert (result.code, result.out) == (2, "")
        assert "--show-ids prints patient data; it needs --format text and a terminal" in result.err
        assert secret not in result.said
    assert list(tmp_path.iterdir()) == []
