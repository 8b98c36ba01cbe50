"""The hospital's tables are adopted, a part of them is refused, and what was migrated can be taken back."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.cluster import legacy
from tests.support.factories import REFERENCING, refer

ID_TYPES = pytest.mark.parametrize("id_type", ["uuid", "text"])
MIGRATIONS = [
    "ehr.0001_initial", "ehr.0002_patient_keys_not_valid", "ehr.0003_validate_patient_keys", "patients.0001_initial",
]  # fmt: skip
RECORDED = "SELECT app || '.' || name FROM django_migrations WHERE app IN ('ehr', 'patients') ORDER BY 1"


def recorded(database):
    return [name for (name,) in database.rows(RECORDED)]


def other_hospital(database):
    """Of our models' columns only those that are relied on, some of its own, and seventy more tables."""
    kind = database.id_type
    database.execute(f'CREATE TABLE users (id {kind} PRIMARY KEY, login text, "isActive" integer)')
    for table in REFERENCING:
        database.execute(f'CREATE TABLE {table} (id {kind} PRIMARY KEY, "patientId" {kind}, status bytea, "Über" xml)')
    database.execute("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE SCHEMA archive")
    for number in range(70):
        database.execute(f"CREATE TABLE ward_{number} (id bigserial PRIMARY KEY, bill {kind} REFERENCES bills, m mood)")
    database.execute("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    database.execute("CREATE TRIGGER nothing BEFORE UPDATE ON bills FOR EACH ROW EXECUTE FUNCTION nothing()")


@ID_TYPES
def test_a_hospital_with_other_columns_and_seventy_more_tables_is_adopted(make, id_type):
    hospital = make("empty", id_type)
    other_hospital(hospital)
    before = catalog_snapshot(hospital)

    report = hospital.run("precheck", "--format", "json")
    done = hospital.run("migrate")

    assert report.code == 0, report.said
    assert report.json["adopted"] == [{"app": "ehr", "name": "0001_initial"}]
    assert done.code == 0, done.said
    assert recorded(hospital) == MIGRATIONS
    after = catalog_snapshot(hospital)
    assert set(before["columns"]) < set(after["columns"])
    assert set(before["constraints"]) < set(after["constraints"])
    assert {f"{table}_patientId_fkey" for table in REFERENCING} <= {row[1] for row in after["constraints"]}


HALVES = [
    ("DROP TABLE bills", "the table bills"),
    ('ALTER TABLE bills DROP COLUMN "patientId"', 'bills."patientId"'),
    ("ALTER TABLE users DROP COLUMN id CASCADE", 'users."id"'),
    ("DROP TABLE users, surgical_cases", "the table users, the table surgical_cases"),
]


@pytest.mark.parametrize(("damage", "missing"), HALVES)
def test_half_a_baseline_is_refused_and_nothing_changes(hospital, damage, missing):
    hospital.execute(damage)
    before = catalog_snapshot(hospital)

    results = [hospital.run("precheck", "--format", "json"), hospital.run("migrate")]

    for result in results:
        assert (result.code, result.out) == (2, "")
        assert "tables.E002" in result.err
        assert f"{missing} is missing" in result.err
        assert "Traceback" not in result.err
        assert "rolled back" not in result.err
        assert "at its end" not in result.err
    assert catalog_snapshot(hospital) == before
    assert hospital.value("SELECT to_regclass('django_migrations') IS NULL")


def test_a_missing_table_of_a_baseline_is_not_said_to_be_created_by_migrate(hospital):
    hospital.execute("DROP TABLE bills")

    found = hospital.run("verify_schema", "ehr", "--format", "json").json["findings"]

    (hint,) = (one["hint"] for one in found if one["id"] == "schema.E001" and one["subject"] == "bills")
    assert hint.startswith(
        "python manage.py migrate refuses to create it: tables.E002: The database has only a part of what "
        "ehr.0001_initial adopts; the table bills is missing."
    )


def test_a_hospital_in_a_schema_of_its_own_is_adopted_along_the_search_path(empty):
    empty.execute(f'CREATE SCHEMA clinic; ALTER DATABASE "{empty.name}" SET search_path = clinic')
    empty.execute("SET search_path = clinic")
    legacy(empty)

    done = empty.run("migrate")

    assert done.code == 0, done.said
    assert (
        empty.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'clinic'::regnamespace AND relkind = 'r'") >= 12
    )


@ID_TYPES
def test_going_back_to_zero_leaves_the_hospital_as_it_was(make, id_type):
    migrated, before = make("migrated", id_type), catalog_snapshot(make("hospital", id_type))

    done = migrated.run("migrate", "patients", "zero")

    assert done.code == 0, done.said
    assert catalog_snapshot(migrated) == before
    assert recorded(migrated) == ["ehr.0001_initial"]


def test_going_back_to_the_baseline_takes_the_five_keys_and_leaves_the_patients(make, migrated):
    done = migrated.run("migrate", "ehr", "0001")

    assert done.code == 0, done.said
    assert catalog_snapshot(migrated) == catalog_snapshot(make("with_patients"))
    assert recorded(migrated) == ["ehr.0001_initial", "patients.0001_initial"]


def test_back_and_forward_again_ends_in_the_same_catalog(migrated):
    before = catalog_snapshot(migrated)
    migrated.run("migrate", "patients", "zero")

    again = migrated.run("migrate")

    assert again.code == 0, again.said
    assert catalog_snapshot(migrated) == before


def test_migrating_twice_changes_nothing_the_second_time(migrated):
    before, history = catalog_snapshot(migrated), recorded(migrated)

    again = migrated.run("migrate")

    assert again.code == 0
    assert "No migrations to apply" in again.out
    assert (catalog_snapshot(migrated), recorded(migrated)) == (before, history)


@ID_TYPES
def test_rows_of_the_hospital_survive_the_whole_way_and_back(make, id_type):
    hospital = make("hospital", id_type)
    refer(hospital, "bills", None, None)
    rows = hospital.rows("SELECT bills::text FROM bills ORDER BY id")

    codes = [hospital.run("migrate").code, hospital.run("migrate", "patients", "zero").code]

    assert codes == [0, 0]
    assert hospital.rows("SELECT bills::text FROM bills ORDER BY id") == rows


@pytest.mark.parametrize("state", ["migrated", "new"])
def test_the_way_back_never_drops_tables_of_the_hospital_that_hold_rows(make, state):
    database = make(state)
    refer(database, "bills", None)
    before = catalog_snapshot(database)

    done = database.run("migrate", "ehr", "zero")

    assert (done.code, done.out) == (1, "")
    assert "Unapplying ehr.0001_initial would drop bills and the rows stored there. Nothing was changed." in done.err
    assert catalog_snapshot(database) == before
    assert database.value("SELECT count(*) FROM bills") == 1


def test_the_way_back_of_a_new_and_empty_hospital_leaves_nothing(make, empty):
    new = make("new")

    done = new.run("migrate", "ehr", "zero")

    assert done.code == 0, done.said
    assert catalog_snapshot(new) == catalog_snapshot(empty)
