"""`--nullify TABLE`: references to nobody become NULL on request; the old values are kept and go back exactly."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot, row_versions
from tests.support.factories import PatientFactory, new_id, refer
from tests.support.identifiers import SAMPLES
from tests.support.row_snapshot import results, row_snapshot

BACKFILL = "backfill_placeholders"
RESTORE = (BACKFILL, "--restore-nullified")
ONE, TWO, THREE = (f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000{digit}" for digit in (1, 2, 3))
NIL = "00000000-0000-0000-0000-000000000000"
IMAGES = "SELECT table_name, column_name, value, restored_run_id IS NOT NULL FROM migrations_safety_before_image"
VALUES = 'SELECT "patientId"::text FROM {} ORDER BY "{}"'


def bills(database):
    return [value for (value,) in database.rows(VALUES.format("bills", "billNumber"))]


def nullify(database, *tables, expected=0):
    result = database.run(BACKFILL, *[word for table in tables for word in ("--nullify", table)], "--format", "json")
    assert result.code == expected, result.said
    return result.json


def restore(database, *options, expected=0):
    result = database.run(*RESTORE, *options, "--format", "json")
    assert result.code == expected, result.said
    return result.json


def test_every_orphan_reference_of_the_table_becomes_null_and_gets_no_placeholder(hospital):
    refer(hospital, "bills", ONE, ONE, NIL, None)
    refer(hospital, "medical_records", TWO)

    report = nullify(hospital, "bills")

    assert (report["nullified"], report["created"], report["refused"]) == ({"bills": 3}, 1, {})
    assert bills(hospital) == [None] * 4
    assert [str(one) for (one,) in hospital.rows("SELECT id FROM patients")] == [TWO]


def test_it_may_be_asked_for_several_tables(hospital):
    refer(hospital, "bills", ONE)
    refer(hospital, "insurance_policies", ONE, TWO)

    report = nullify(hospital, "bills", "insurance_policies", "bills")

    assert (report["nullified"], report["created"]) == ({"bills": 1, "insurance_policies": 2}, 0)


def test_every_class_becomes_null(hospital_text):
    samples = [sample for samples in SAMPLES.values() for sample in samples]
    refer(hospital_text, "bills", *samples)

    report = nullify(hospital_text, "bills")

    assert (report["nullified"], report["refused"]) == ({"bills": len(samples)}, {})
    assert set(bills(hospital_text)) == {None}
    assert sorted(value for _, _, value, _ in hospital_text.rows(IMAGES)) == sorted(samples)


def test_only_the_reference_changes_and_only_where_there_is_no_patient(make):
    database = make("with_patients")
    PatientFactory.create(on=database, id=ONE)
    refer(database, "bills", ONE, TWO)
    with_patient = [row for row in row_versions(database, ("bills",))["bills"] if ONE in row[2]]
    orphan = database.value('SELECT to_jsonb(bills) FROM bills WHERE "patientId" = %s', TWO)

    nullify(database, "bills")

    assert set(with_patient) < set(row_versions(database, ("bills",))["bills"])
    changed = database.value('SELECT to_jsonb(bills) FROM bills WHERE "patientId" IS NULL')
    assert changed == orphan | {"patientId": None}


def test_the_old_values_are_kept_with_the_run_that_took_them(hospital):
    refer(hospital, "bills", ONE)
    row = hospital.value("SELECT id::text FROM bills")

    report = nullify(hospital, "bills")

    assert hospital.rows(
        "SELECT run_id::text, table_name, column_name, row_id, value FROM migrations_safety_before_image"
    ) == [(report["run_id"], "bills", "patientId", row, ONE)]


@pytest.mark.parametrize("table", ["surgical_cases", "medical_records", "patient_consent_instances"])
def test_a_column_that_is_not_null_is_refused_before_anything_changes(hospital, table):
    refer(hospital, "bills", ONE)
    refer(hospital, table, ONE)
    before = catalog_snapshot(hospital), row_snapshot(hospital)

    result = hospital.run(BACKFILL, "--nullify", "bills", "--nullify", table)

    assert (result.code, result.out) == (2, "")
    assert f'references.E004: The column {table}."patientId" is NOT NULL' in result.err
    assert (catalog_snapshot(hospital), row_snapshot(hospital)) == before


@pytest.mark.parametrize("table", ["bill", "patients", "users", "", 'bills"; DROP TABLE bills; --', "pg_class"])
def test_an_unknown_table_is_refused_before_anything_changes(hospital, table):
    refer(hospital, "bills", ONE)
    before = catalog_snapshot(hospital), row_snapshot(hospital)

    result = hospital.run(BACKFILL, "--nullify", "bills", "--nullify", table)

    assert (result.code, result.out) == (2, "")
    assert "has no references that this backfill covers. Nothing was changed." in result.err
    assert "--nullify takes one of: bills, insurance_policies." in result.err
    assert (catalog_snapshot(hospital), row_snapshot(hospital)) == before


@pytest.mark.parametrize("id_type", ["uuid", "text"])
@pytest.mark.parametrize("size", ["1", "2", "5000"])
def test_what_was_set_to_null_goes_back_exactly(make, id_type, size):
    hospital = make("hospital", id_type)
    spellings = [ONE, ONE, NIL, TWO] + (SAMPLES["other_text"] + SAMPLES["blank"] if id_type == "text" else [])
    refer(hospital, "bills", None, *spellings)
    refer(hospital, "insurance_policies", THREE)
    before = results(hospital, "bills", "insurance_policies")
    nullify(hospital, "bills", "insurance_policies")

    report = restore(hospital, "--batch-size", size)

    assert report["restored"] == {"bills": len(spellings), "insurance_policies": 1}
    assert (report["verdict"], report["not_restored"]) == ("restored", {})
    assert results(hospital, "bills", "insurance_policies") == before


def test_what_the_hospital_did_meanwhile_is_not_undone(hospital):
    refer(hospital, "bills", ONE, TWO, THREE)
    first, second, third = [str(row) for (row,) in hospital.rows('SELECT id FROM bills ORDER BY "billNumber"')]
    nullify(hospital, "bills")
    PatientFactory.create(on=hospital, id=(found := new_id()))
    hospital.execute('UPDATE bills SET "patientId" = %s WHERE id = %s', found, first)
    hospital.execute("DELETE FROM bills WHERE id = %s", second)
    hospital.execute("UPDATE bills SET status = 'PAID' WHERE id = %s", third)

    report = restore(hospital, expected=1)

    assert (report["restored"], report["not_restored"]) == ({"bills": 1}, {"bills": 2})
    assert hospital.rows('SELECT id::text, "patientId"::text, status FROM bills ORDER BY "billNumber"') == [
        (first, found, "DRAFT"),
        (third, THREE, "PAID"),
    ]


def test_with_the_key_in_place_only_references_with_a_patient_go_back(hospital):
    refer(hospital, "bills", ONE, TWO)
    nullify(hospital, "bills")
    assert hospital.run("migrate").code == 0
    PatientFactory.create(on=hospital, id=ONE)

    report = restore(hospital, expected=1)

    assert (report["restored"], report["not_restored"]) == ({"bills": 1}, {"bills": 1})
    assert bills(hospital) == [ONE, None]
    assert hospital.run("verify_patient_schema").code == 0


def test_the_key_that_forbids_is_named_and_nothing_is_called_restored(hospital):
    refer(hospital, "bills", ONE)
    nullify(hospital, "bills")
    assert hospital.run("migrate").code == 0

    result = hospital.run(*RESTORE)
    PatientFactory.create(on=hospital, id=ONE)
    again = hospital.run(*RESTORE)

    told = " ".join(result.out.split())
    assert (result.code, again.code) == (1, 0)
    assert "Restoring references of bills: 1" in result.err
    assert "bills restored: 1" not in result.err
    assert (
        "1 reference of bills not restored: bills_patientId_fkey forbids a value without a parent row, or the row "
        "changed or is gone, or the old value does not fit the column. They stay kept. Create the missing parent rows, "
        "then python manage.py backfill_placeholders --restore-nullified again."
    ) in told
    assert "1 reference of bills restored." in again.out


def test_what_could_not_go_back_stays_kept_and_goes_back_later(hospital):
    refer(hospital, "bills", ONE)
    nullify(hospital, "bills")
    assert hospital.run("migrate").code == 0
    restore(hospital, expected=1)
    PatientFactory.create(on=hospital, id=ONE)

    report = restore(hospital)

    assert (report["restored"], bills(hospital)) == ({"bills": 1}, [ONE])


def test_restoring_twice_puts_back_once(hospital):
    refer(hospital, "bills", ONE)
    nullify(hospital, "bills")
    restore(hospital)
    hospital.execute('UPDATE bills SET "patientId" = NULL')

    report = restore(hospital)

    assert (report["restored"], report["not_restored"], bills(hospital)) == ({}, {}, [None])


def test_nullify_restore_and_nullify_again_keeps_every_image(hospital):
    refer(hospital, "bills", ONE, TWO)
    for _ in range(2):
        nullify(hospital, "bills")
        assert bills(hospital) == [None, None]
        restore(hospital)
        assert bills(hospital) == [ONE, TWO]

    assert [restored for *_, restored in hospital.rows(IMAGES)] == [True] * 4


def test_a_row_that_was_nullified_twice_gets_its_latest_value(hospital):
    refer(hospital, "bills", ONE)
    nullify(hospital, "bills")
    hospital.execute('UPDATE bills SET "patientId" = %s', TWO)
    nullify(hospital, "bills")

    restore(hospital, expected=1)

    assert bills(hospital) == [TWO]


def test_with_nothing_to_put_back_nothing_happens(hospital):
    before = row_snapshot(hospital, bookkeeping=False)

    report = restore(hospital)

    assert (report["restored"], report["verdict"]) == ({}, "restored")
    assert row_snapshot(hospital, bookkeeping=False) == before


@pytest.mark.parametrize("other", [("--nullify", "bills"), ("--dry-run",)])
def test_restoring_goes_alone(hospital, other):
    before = catalog_snapshot(hospital), row_snapshot(hospital)

    result = hospital.run(*RESTORE, *other)

    assert (result.code, result.out) == (2, "")
    assert "--restore-nullified works alone" in result.err
    assert (catalog_snapshot(hospital), row_snapshot(hospital)) == before


def test_every_run_is_recorded(hospital):
    refer(hospital, "bills", ONE)
    nullify(hospital, "bills")
    restore(hospital)

    finished = hospital.rows(
        """SELECT details -> 'counts' FROM migrations_safety_run
           WHERE event = 'finished' AND details ->> 'command' = 'backfill_placeholders' ORDER BY id"""
    )

    assert finished[0][0]["nullified"] == {"bills": 1}
    assert finished[1][0] == {"restored": {"bills": 1}, "not_restored": {}, "batches": 1}


def test_what_a_trigger_forbids_is_not_called_done_and_leaves_no_image(hospital):
    refer(hospital, "bills", ONE, NIL)
    hospital.execute("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    hospital.execute("CREATE TRIGGER keep BEFORE UPDATE ON bills FOR EACH ROW EXECUTE FUNCTION keep()")

    result = hospital.run(BACKFILL, "--nullify", "bills")

    assert result.code == 2
    assert "2 references of bills without a parent could not be set to NULL" in result.err
    assert bills(hospital) == [NIL, ONE] or bills(hospital) == [ONE, NIL]
    assert hospital.value("SELECT count(*) FROM migrations_safety_before_image") == 0


def test_an_old_value_that_the_column_would_cut_is_not_put_back(hospital_text):
    long = "x" * 50
    refer(hospital_text, "bills", long)
    nullify(hospital_text, "bills")
    hospital_text.execute('ALTER TABLE bills ALTER "patientId" TYPE varchar(36)')

    report = restore(hospital_text, expected=1)

    assert (report["restored"], report["not_restored"]) == ({"bills": 0}, {"bills": 1})
    assert bills(hospital_text) == [None]
    assert hospital_text.value("SELECT value FROM migrations_safety_before_image WHERE restored_run_id IS NULL") == long
