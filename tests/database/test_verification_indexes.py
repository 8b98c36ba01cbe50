"""Each kind of difference in indexes, primary keys and CHECKs is made by hand and found by its definition."""

import pytest

from tests.support.verification_findings import found

MRN, NAME, PHONE = (f"patients.patients_{name}" for name in ("mrn_key", "lastName_firstName_idx", "phone_idx"))


def rebuilt(name, definition, *, unique=""):
    return f'DROP INDEX "{name}"; CREATE {unique} INDEX "{name}" ON {definition}'


INDEXES = {
    "missing": (
        "DROP INDEX patients_phone_idx",
        f"schema.E009 {PHONE} is declared as an index USING btree (phone), but does not exist.",
    ),
    "extra": (
        "CREATE INDEX by_city ON patients (lower(city))",
        "schema.E010 patients.by_city is not declared, but exists as an index USING btree (lower((city)::text)).",
    ),
    "not unique": (
        rebuilt("patients_mrn_key", "patients (mrn)"),
        f"schema.E011 {MRN} is declared as a unique index USING btree (mrn), but is an index USING btree (mrn).",
    ),
    "unique": (
        rebuilt("patients_phone_idx", "patients (phone)", unique="UNIQUE"),
        f"schema.E011 {PHONE} is declared as an index USING btree (phone), but is a unique index USING btree (phone).",
    ),
    "columns in another order": (
        rebuilt("patients_lastName_firstName_idx", 'patients ("firstName", "lastName")'),
        f'schema.E011 {NAME} is declared as an index USING btree ("lastName", "firstName"), '
        'but is an index USING btree ("firstName", "lastName").',
    ),
    "a column less": (
        rebuilt("patients_lastName_firstName_idx", 'patients ("lastName")'),
        f'schema.E011 {NAME} is declared as an index USING btree ("lastName", "firstName"), '
        'but is an index USING btree ("lastName").',
    ),
    "a column included": (
        rebuilt("patients_lastName_firstName_idx", 'patients ("lastName") INCLUDE ("firstName")'),
        f'schema.E011 {NAME} is declared as an index USING btree ("lastName", "firstName"), '
        'but is an index USING btree ("lastName") INCLUDE ("firstName").',
    ),
    "partial": (
        rebuilt("patients_mrn_key", "patients (mrn) WHERE version > 1", unique="UNIQUE"),
        f"schema.E011 {MRN} is declared as a unique index USING btree (mrn), "
        "but is a unique index USING btree (mrn) WHERE (version > 1).",
    ),
    "descending": (
        rebuilt("patients_phone_idx", "patients (phone DESC)"),
        f"schema.E011 {PHONE} is declared as an index USING btree (phone), but is an index USING btree (phone DESC).",
    ),
    "nulls first": (
        rebuilt("patients_phone_idx", "patients (phone NULLS FIRST)"),
        f"schema.E011 {PHONE} is declared as an index USING btree (phone), "
        "but is an index USING btree (phone NULLS FIRST).",
    ),
    "another operator class": (
        rebuilt("patients_phone_idx", "patients (phone varchar_pattern_ops)"),
        f"schema.E011 {PHONE} is declared as an index USING btree (phone), "
        "but is an index USING btree (phone varchar_pattern_ops).",
    ),
    "another method": (
        rebuilt("patients_phone_idx", "patients USING hash (phone)"),
        f"schema.E011 {PHONE} is declared as an index USING btree (phone), but is an index USING hash (phone).",
    ),
    "another collation": (
        rebuilt("patients_phone_idx", 'patients (phone COLLATE "C")'),
        f"schema.E011 {PHONE} is declared as an index USING btree (phone), "
        'but is an index USING btree (phone COLLATE "C").',
    ),
    "an expression": (
        rebuilt("patients_phone_idx", "patients (lower(phone))"),
        f"schema.E011 {PHONE} is declared as an index USING btree (phone), "
        "but is an index USING btree (lower((phone)::text)).",
    ),
    "nulls not distinct": (
        rebuilt("patients_mrn_key", "patients (mrn) NULLS NOT DISTINCT", unique="UNIQUE"),
        f"schema.E011 {MRN} is declared as a unique index USING btree (mrn), "
        "but is a unique index USING btree (mrn) NULLS NOT DISTINCT.",
    ),
    "invalid": (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'patients_mrn_key'::regclass",
        f"schema.E012 {MRN} is declared as an index, but is invalid.",
    ),
}
CHECK = "patients.patients_identityStatus_check"
DECLARED_CHECK = f"{CHECK} is declared as CHECK (\"identityStatus\" IN ('IDENTIFIED', 'UNIDENTIFIED', 'PLACEHOLDER'))"
DROP_CHECK = 'ALTER TABLE patients DROP CONSTRAINT "patients_identityStatus_check"'
ADD_CHECK = 'ALTER TABLE patients ADD CONSTRAINT "patients_identityStatus_check" CHECK '
SAME_CHECK = "(\"identityStatus\" = ANY (ARRAY['IDENTIFIED', 'UNIDENTIFIED', 'PLACEHOLDER']))"

CONSTRAINTS = {
    "a missing primary key": (
        "ALTER TABLE patient_contacts DROP CONSTRAINT patient_contacts_pkey",
        "schema.E021 patient_contacts.patient_contacts_pkey is declared as PRIMARY KEY (id), but does not exist.",
    ),
    "a primary key on other columns": (
        "ALTER TABLE patient_contacts DROP CONSTRAINT patient_contacts_pkey, "
        'ADD CONSTRAINT patient_contacts_pkey PRIMARY KEY (id, "patientId")',
        "schema.E022 patient_contacts.patient_contacts_pkey is declared as PRIMARY KEY (id), "
        'but is PRIMARY KEY (id, "patientId").',
    ),
    "a primary key that is deferrable": (
        "ALTER TABLE patient_contacts DROP CONSTRAINT patient_contacts_pkey, "
        "ADD CONSTRAINT patient_contacts_pkey PRIMARY KEY (id) DEFERRABLE",
        "schema.E022 patient_contacts.patient_contacts_pkey is declared as PRIMARY KEY (id), "
        "but is PRIMARY KEY (id) DEFERRABLE.",
    ),
    "a missing CHECK": (DROP_CHECK, f"schema.E021 {DECLARED_CHECK}, but does not exist."),
    "another CHECK": (
        f"{DROP_CHECK}; {ADD_CHECK} (\"identityStatus\" <> 'GHOST')",
        f"schema.E022 {DECLARED_CHECK}, but is CHECK ((\"identityStatus\")::text <> 'GHOST'::text).",
    ),
    "an extra CHECK": (
        "ALTER TABLE patients ADD CONSTRAINT positive CHECK (version > 0)",
        "schema.E023 patients.positive is not declared, but exists as CHECK (version > 0).",
    ),
    "a UNIQUE constraint": (
        "ALTER TABLE patients ADD CONSTRAINT one_phone UNIQUE (phone)",
        "schema.E023 patients.one_phone is not declared, but exists as UNIQUE (phone).",
    ),
}


@pytest.mark.parametrize("difference", INDEXES)
def test_the_index_is_found_and_nothing_else(migrated, in_process, difference):
    damage, expected = INDEXES[difference]
    in_process(migrated)

    migrated.execute(damage)

    assert found() == {expected}


@pytest.mark.parametrize("difference", CONSTRAINTS)
def test_the_constraint_is_found_and_nothing_else(migrated, in_process, difference):
    damage, expected = CONSTRAINTS[difference]
    in_process(migrated)

    migrated.execute(damage)

    assert found() == {expected}


def test_an_index_of_the_same_name_on_another_table_does_not_stand_in(migrated, in_process):
    in_process(migrated)

    migrated.execute(rebuilt("patients_phone_idx", "patient_contacts (phone)"))

    assert found() == {
        f"schema.E009 {PHONE} is declared as an index USING btree (phone), but does not exist.",
        "schema.E010 patient_contacts.patients_phone_idx is not declared, but exists as an index USING btree (phone).",
    }


def test_a_check_that_is_not_valid_is_found(migrated, in_process):
    in_process(migrated)

    migrated.execute(f"{DROP_CHECK}; {ADD_CHECK} {SAME_CHECK} NOT VALID")

    (one,) = found()
    assert one.startswith(f"schema.E022 {DECLARED_CHECK}, but is CHECK")
    assert one.endswith(" NOT VALID.")
