"""Findings of the areas `tables` and `types`, each with a schema that really is so."""

import pytest

from migrations_safety.messages.refusals.tables import TablesMissing
from migrations_safety.precheck.report import Depth
from tests.support.factories import REFERENCING, PatientFactory, refer
from tests.support.precheck_findings import look, told

ONE = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"
DECLARED = "FOREIGN KEY (patientId) REFERENCES patients (id) ON DELETE RESTRICT ON UPDATE CASCADE"


@pytest.fixture
def with_patients(make):
    return make("with_patients")


@pytest.mark.parametrize("state", ["hospital", "with_patients", "with_keys", "migrated"])
@pytest.mark.parametrize("id_type", ["uuid", "text"])
def test_an_undamaged_hospital_has_none_of_them(make, in_process, state, id_type):
    in_process(make(state, id_type))

    assert look() == {}


@pytest.mark.parametrize(
    ("damage", "missing"),
    [
        ("DROP TABLE bills", "the table bills"),
        ('ALTER TABLE bills DROP COLUMN "patientId"', 'bills."patientId"'),
        ("DROP TABLE patients CASCADE", "the table patients"),
    ],
)
def test_a_table_or_column_that_must_be_there_and_is_not_ends_the_look(with_patients, in_process, damage, missing):
    with_patients.execute(damage)
    in_process(with_patients)

    with pytest.raises(TablesMissing) as refusal:
        look()

    assert str(refusal.value) == f"tables.E001: Missing: {missing}. Nothing was changed."


def test_a_database_in_use_that_holds_none_of_the_hospital_is_a_warning_and_an_empty_one_is_not(make, in_process):
    in_process(empty := make("empty"))
    assert look() == {}

    empty.execute("CREATE TABLE orders (id int)")
    found = look()

    assert told(found, "tables.W002") == [
        f"{empty.name} has 1 table, but none that ehr.0001_initial adopts; migrate would create them all."
    ]
    assert "--expect-database" in found["tables.W002"][0].hint


def test_a_table_of_the_module_that_nobody_recorded_is_found(hospital, in_process):
    hospital.execute("CREATE TABLE patients (id uuid PRIMARY KEY, name text)")
    in_process(hospital)

    found = look()

    assert told(found, "tables.E004") == [
        "patients exists already, but patients.0001_initial, which creates it, is not recorded as applied."
    ]
    assert "migrate patients 0001_initial --fake" in found["tables.E004"][0].hint


def test_the_module_made_by_hand_is_found_table_by_table(make, in_process):
    in_process(make("by_hand"))

    assert len(look()["tables.E004"]) == 6


def test_an_enum_with_other_labels_is_found(hospital, in_process):
    hospital.execute("""CREATE TYPE "PatientStatus" AS ENUM ('ALIVE', 'DEAD')""")
    in_process(hospital)

    assert told(look(), "tables.E005") == [
        "PatientStatus is an enum that exists already, with other labels than patients.0001_initial declares."
    ]


def test_an_enum_with_the_declared_labels_is_welcome(hospital, in_process):
    hospital.execute("""CREATE TYPE "PatientStatus" AS ENUM ('ACTIVE', 'INACTIVE', 'DECEASED', 'ARCHIVED')""")
    in_process(hospital)

    assert look() == {}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("REFERENCES patients (id) ON DELETE CASCADE ON UPDATE CASCADE", DECLARED.replace("RESTRICT", "CASCADE")),
        ("REFERENCES patients (id) ON DELETE RESTRICT", DECLARED.replace("CASCADE", "NO ACTION")),
        ("REFERENCES users (id) ON DELETE RESTRICT ON UPDATE CASCADE", DECLARED.replace("patients", "users")),
        ("REFERENCES patients (id) ON DELETE RESTRICT ON UPDATE CASCADE DEFERRABLE", DECLARED + " DEFERRABLE"),
    ],
)
def test_a_key_of_the_same_name_and_another_definition_is_found(with_patients, in_process, sql, words):
    with_patients.execute(f'ALTER TABLE bills ADD CONSTRAINT "bills_patientId_fkey" FOREIGN KEY ("patientId") {sql}')
    in_process(with_patients)

    assert told(look(), "tables.E003") == [
        f'bills has a constraint "bills_patientId_fkey" with another definition: declared {DECLARED}, found {words}.'
    ]


def test_a_key_of_the_same_name_on_another_table_is_not_ours(with_patients, in_process):
    with_patients.execute('CREATE TABLE ward (bill uuid CONSTRAINT "bills_patientId_fkey" REFERENCES bills)')
    in_process(with_patients)

    assert look() == {}


def test_a_key_to_a_table_of_the_same_name_in_another_schema_is_another_key(with_patients, in_process):
    with_patients.execute("CREATE SCHEMA archive; CREATE TABLE archive.patients (id uuid PRIMARY KEY)")
    with_patients.execute(
        """ALTER TABLE bills ADD CONSTRAINT "bills_patientId_fkey" FOREIGN KEY ("patientId")
           REFERENCES archive.patients (id) ON DELETE RESTRICT ON UPDATE CASCADE"""
    )
    in_process(with_patients)

    (message,) = told(look(), "tables.E003")

    assert message.endswith(f"declared {DECLARED}, found {DECLARED.replace('patients', 'archive.patients')}.")


def test_the_same_key_under_another_name_is_a_warning(with_patients, in_process):
    with_patients.execute('ALTER TABLE bills ADD CONSTRAINT older FOREIGN KEY ("patientId") REFERENCES patients')
    in_process(with_patients)

    found = look()

    assert set(found) == {"tables.W001"}
    assert told(found, "tables.W001")[0].startswith('bills."patientId" already has the key "older" to the same parent')


def test_a_parent_whose_id_is_not_unique_is_found(with_patients, in_process):
    with_patients.execute("ALTER TABLE patients DROP CONSTRAINT patients_pkey CASCADE")
    in_process(with_patients)

    assert [one.subject for one in look()["tables.E006"]] == ['patients."id"']


def test_text_ids_do_not_fit_the_setting_uuid_and_the_hint_says_which_does(hospital_text, in_process):
    hospital_text.id_type = "uuid"
    refer(hospital_text, "bills", ONE)
    in_process(hospital_text)

    found = look(depth=Depth.CATALOG)

    assert set(found) == {"types.E001", "references.W006"}
    assert {one.subject for one in found["types.E001"]} >= {f'{table}."patientId"' for table in REFERENCING}
    assert told(found, "types.E001")[0] == (
        'bills."patientId" is text, but patients."id" is uuid: PostgreSQL refuses a key between the two (42804).'
    )
    assert {one.hint for one in found["types.E001"]} == {"Set EHR_ID_TYPE=text: that is what the existing columns are."}


def test_uuid_ids_do_not_fit_the_setting_text(hospital, in_process):
    hospital.id_type = "text"
    in_process(hospital)

    assert {one.hint for one in look()["types.E001"]} == {
        "Set EHR_ID_TYPE=uuid: that is what the existing columns are."
    }


def test_where_the_existing_columns_differ_no_setting_fits(hospital, in_process):
    hospital.execute('ALTER TABLE bills ALTER COLUMN "patientId" TYPE text')
    in_process(hospital)

    found = look()

    assert [one.subject for one in found["types.E001"]] == ['bills."patientId"']
    assert found["types.E001"][0].hint == (
        "The existing columns are of several types, no EHR_ID_TYPE fits all. "
        'ALTER TABLE bills ALTER COLUMN "patientId" TYPE uuid USING "patientId"::uuid; '
        "It rewrites the table under a lock, and fails where a value does not fit."
    )


def test_a_column_with_a_length_works_with_a_warning(hospital_text, in_process):
    hospital_text.execute('ALTER TABLE bills ALTER COLUMN "patientId" TYPE varchar(36)')
    in_process(hospital_text)

    found = look()

    assert set(found) == {"types.W001"}
    assert told(found, "types.W001") == [
        'bills."patientId" is character varying(36), but patients."id" is text. '
        "A key works, but a value may fit one and not the other."
    ]
    assert hospital_text.run("migrate").code == 0


def test_another_collation_is_a_warning(make, in_process):
    database = make("with_patients", "text")
    database.execute('ALTER TABLE bills ALTER COLUMN "patientId" TYPE text COLLATE "C"')
    in_process(database)

    assert told(look(), "types.W002") == ['bills."patientId" has the collation C, but patients."id" has default.']


@pytest.mark.parametrize(
    ("statement", "finding", "subject"),
    [
        ("CREATE VIEW patients AS SELECT 1 AS id", "tables.E008", "patients"),
        ("CREATE SEQUENCE patient_contacts", "tables.E008", "patient_contacts"),
        ("CREATE INDEX patients_phone_idx ON users (email)", "tables.E008", "patients_phone_idx"),
        ('CREATE DOMAIN "PatientStatus" AS text', "tables.E005", "PatientStatus"),
        ('ALTER TABLE bills ADD CONSTRAINT "bills_patientId_fkey" CHECK (true)', "tables.E003", "bills"),
    ],
    ids=["view", "sequence", "index", "domain", "check"],
)
def test_a_name_that_something_else_has_is_found_before_migrate_meets_it(hospital, statement, finding, subject):
    hospital.execute(statement)

    looked, migrated = hospital.run("precheck", "--format", "json"), hospital.run("migrate")

    assert (looked.code, migrated.code) == (1, 1)
    assert (finding, subject) in [(one["id"], one["subject"]) for one in looked.json["findings"]]


def test_a_parent_in_an_inheriting_table_is_none_as_for_the_key(make):
    database = make("with_patients", "text")
    database.execute("CREATE TABLE patients_old () INHERITS (patients)")
    PatientFactory.create(on=database, id="A1")
    database.execute("INSERT INTO patients_old SELECT * FROM ONLY patients; DELETE FROM ONLY patients")
    refer(database, "bills", "A1")

    looked = database.run("precheck", "--format", "json")

    assert looked.code == 1
    assert next(one for one in looked.json["references"] if one["table"] == "bills")["orphan_rows"] == 1


def test_a_table_of_patients_without_record_numbers_is_a_finding_and_no_error(hospital_text):
    hospital_text.execute("CREATE TABLE patients (id text PRIMARY KEY, name text)")
    refer(hospital_text, "bills", "A1")

    looked = hospital_text.run("precheck", "--format", "json")

    assert looked.code == 1
    assert "tables.E004" in [one["id"] for one in looked.json["findings"]]
