"""What the referencing columns hold: counted on the server in one scan a table; nothing but figures comes back."""

import pytest
from django.apps import apps
from psycopg import sql

from migrations_safety.census import counts, scan_queries
from migrations_safety.census.identifier_classes import classified, value_type
from migrations_safety.census.question import Question
from migrations_safety.census.report import OrphanCounts
from migrations_safety.precheck import precheck
from migrations_safety.schema import orphans
from migrations_safety.schema.declared_keys import declared_keys
from migrations_safety.sql.composition import send
from patients.models import Patient
from tests.support.factories import REFERENCING, PatientFactory, UserFactory, new_id, refer
from tests.support.identifiers import CANONICAL, SAMPLES

ONE, TWO, THREE = (f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000{digit}" for digit in (1, 2, 3))


def the_census(report):
    (one,) = report.data.censuses
    return one


def counted(report):
    return {one.key.table: one for census in report.data.censuses for one in census.references}


def keys_of_the_hospital():
    return tuple(key for model in apps.get_app_config("ehr").get_models() for key in declared_keys(model))


def test_each_reference_is_counted_in_rows_values_and_orphans(hospital, in_process):
    refer(hospital, "bills", ONE, ONE, TWO, None)
    refer(hospital, "surgical_cases", ONE)
    in_process(hospital)

    found = counted(precheck.run(using="default"))

    bills = found["bills"]
    assert (bills.total_rows, bills.non_null, bills.distinct_values, bills.most_rows) == (4, 3, 2, 2)
    assert (bills.orphan_values, bills.orphan_rows, bills.classes) == (2, 3, {"uuid_canonical": 2})
    assert (found["surgical_cases"].total_rows, found["surgical_cases"].orphan_rows) == (1, 1)
    assert (found["medical_records"].total_rows, found["medical_records"].classes) == (0, {})
    assert set(found) == set(REFERENCING)


def test_one_id_in_several_tables_is_one_orphan(hospital, in_process):
    for table in REFERENCING:
        refer(hospital, table, ONE)
    in_process(hospital)

    found = the_census(precheck.run(using="default"))

    assert (found.orphans, found.covered) == ({"uuid_canonical": 1}, 0)


@pytest.mark.parametrize("id_type", ["uuid", "text"])
def test_only_values_without_a_patient_are_orphans(make, in_process, id_type):
    hospital = make("with_patients", id_type)
    PatientFactory.create(on=hospital, id=ONE)
    refer(hospital, "bills", ONE, ONE, TWO, None)
    in_process(hospital)

    found = the_census(precheck.run(using="default"))

    bills = next(one for one in found.references if one.key.table == "bills")
    assert (bills.distinct_values, bills.orphan_values, bills.orphan_rows) == (2, 1, 1)
    assert (found.covered, found.orphans) == (1, {"uuid_canonical": 1})


@pytest.mark.parametrize("id_type", ["uuid", "text"])
@pytest.mark.parametrize("state", ["hospital", "with_patients"])
def test_without_a_patient_every_value_is_an_orphan(make, in_process, state, id_type):
    hospital = make(state, id_type)
    refer(hospital, "medical_records", ONE, TWO)
    in_process(hospital)

    found = counted(precheck.run(using="default"))

    assert (found["medical_records"].orphan_values, found["medical_records"].orphan_rows) == (2, 2)


def test_a_text_key_is_case_sensitive(make, in_process):
    hospital = make("with_patients", "text")
    PatientFactory.create(on=hospital, id=ONE)
    refer(hospital, "bills", ONE.upper())
    in_process(hospital)

    bills = counted(precheck.run(using="default"))["bills"]

    assert bills.orphans == {"uuid_noncanonical": OrphanCounts(values=1, rows=1)}


def test_spellings_of_one_uuid_are_found_across_all_tables(hospital_text, in_process):
    refer(hospital_text, "bills", ONE, TWO)
    refer(hospital_text, "surgical_cases", ONE.upper())
    refer(hospital_text, "medical_records", "{" + ONE + "}", TWO.replace("-", ""), THREE)
    in_process(hospital_text)

    found = the_census(precheck.run(using="default"))

    assert found.several_spellings == 2
    assert found.orphans == {"uuid_canonical": 3, "uuid_noncanonical": 3}


def test_ids_that_differ_in_case_only_are_found(hospital_text, in_process):
    refer(hospital_text, "bills", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "507f1f77bcf86cd799439011")
    refer(hospital_text, "medical_records", "01arz3ndektsv4rrffq69g5fav")
    in_process(hospital_text)

    found = the_census(precheck.run(using="default"))

    assert (found.case_variants, found.several_spellings) == (2, 0)


def test_different_ids_are_neither_spellings_nor_variants(hospital_text, in_process):
    refer(hospital_text, "bills", ONE, TWO, THREE, *SAMPLES["opaque"])
    in_process(hospital_text)

    found = the_census(precheck.run(using="default"))

    assert (found.several_spellings, found.case_variants) == (0, 0)


def test_a_uuid_column_and_a_text_column_are_counted_together(hospital_text, in_process):
    hospital_text.execute('ALTER TABLE bills ALTER COLUMN "patientId" TYPE uuid USING "patientId"::uuid')
    refer(hospital_text, "bills", ONE)
    refer(hospital_text, "medical_records", ONE, "null")
    in_process(hospital_text)

    found = the_census(precheck.run(using="default"))

    assert found.orphans == {"uuid_canonical": 1, "sentinel_word": 1}


def test_precheck_scans_each_table_once(hospital, in_process):
    for table in REFERENCING:
        refer(hospital, table, ONE, TWO)
    connection = in_process(hospital)
    before = scans(hospital)

    precheck.run(using="default")
    connection.close()

    hospital.wait_for("SELECT pg_stat_get_numscans('bills'::regclass) > %s", before["bills"])
    assert {table: after - before[table] for table, after in scans(hospital).items()} == dict.fromkeys(REFERENCING, 1)


def scans(database):
    query = "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = %s"
    return {table: database.value(query, table) for table in REFERENCING}


def test_six_references_of_one_table_are_counted_in_one_scan(make, in_process):
    database = make("with_patients")
    known = UserFactory.create(on=database)["id"]
    PatientFactory.create(on=database, created_by=known, updated_by=known)
    PatientFactory.create(on=database, created_by=known)
    question = Question(keys=tuple(declared_keys(Patient)), schema="public", target_exists=True, type="uuid")
    connection = in_process(database)

    found = {one.key.column: one for one in counts.count(connection, question).references}

    assert len(found) == 6
    assert {column: (one.total_rows, one.non_null, one.orphan_rows) for column, one in found.items()} == {
        "createdBy": (2, 2, 0), "updatedBy": (2, 1, 0), "restrictedBy": (2, 0, 0),
        "deceasedBy": (2, 0, 0), "archivedBy": (2, 0, 0), "mergedBy": (2, 0, 0),
    }  # fmt: skip
    assert scans_in_the_plan(connection, question, "patients") == 1


def scans_in_the_plan(connection, question, table):
    with connection.cursor() as cursor:
        ready = counts.prepare(connection, question)
        rows = scan_queries.all_rows(ready.scan, value_type(ready.question))
        every = classified(connection, ready.question, rows)
        cursor.execute(sql.SQL("EXPLAIN ") + every + sql.SQL("SELECT * FROM classified"))
        plan = cursor.fetchall()
    return sum(f"Scan on {table}" in line for (line,) in plan)


def test_orphans_are_counted_where_one_column_holds_values_without_a_parent_and_another_does_not(make, in_process):
    database = make("with_patients")
    database.execute("SET session_replication_role = replica")
    PatientFactory.create(on=database, created_by=ONE, merged_by=ONE, updated_by=TWO)
    question = Question(keys=tuple(declared_keys(Patient)), schema="public", target_exists=True, type="uuid")

    found = counts.count(in_process(database), question)

    orphans = {one.key.column: one.orphan_rows for one in found.references if one.orphan_rows}
    assert orphans == {"createdBy": 1, "mergedBy": 1, "updatedBy": 1}
    assert found.orphans == {"uuid_canonical": 2}


def test_nothing_but_counts_and_classes_leaves_the_server(hospital_text, in_process):
    for table in REFERENCING:
        refer(hospital_text, table, "Achieng Otieno", CANONICAL, "0712 345 678")
    question = Question(keys=keys_of_the_hospital(), schema="public", target_exists=False, type="text")

    connection = in_process(hospital_text)
    rows = scan_queries.all_rows(counts.prepare(connection, question).scan, value_type(question))
    with connection.cursor() as cursor:
        send(cursor, counts._counting(connection, question, rows))
        cells = [cell for row in cursor.fetchall() for cell in row]

    assert {cell for cell in cells if isinstance(cell, str)} <= set(SAMPLES)
    assert {type(cell) for cell in cells} <= {int, str, bool, type(None)}


@pytest.mark.parametrize("id_type", ["uuid", "text"])
def test_the_count_before_a_validation_agrees_with_the_census(make, in_process, id_type):
    hospital = make("with_patients", id_type)
    PatientFactory.create(on=hospital, id=ONE)
    refer(hospital, "bills", ONE, TWO, TWO, THREE, None, new_id())
    connection = in_process(hospital)
    (key,) = (key for key in keys_of_the_hospital() if key.table == "bills")

    orphan_count = orphans.count_orphans(connection, key)
    values, rows = orphan_count.values, orphan_count.rows

    bills = counted(precheck.run(using="default"))["bills"]
    assert (values, rows) == (3, 4) == (bills.orphan_values, bills.orphan_rows)
