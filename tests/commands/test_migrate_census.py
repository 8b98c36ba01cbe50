"""`migrate --census`: the counting of the gate was done on a standby; here only what is new is counted."""

import json

import pytest

from tests.support.cluster import schema
from tests.support.factories import PatientFactory, new_id, refer

ONE, TWO = (f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000{digit}" for digit in (1, 2))


@pytest.fixture
def ready(make):
    """A hospital with its patients: nothing stands in the way of the keys."""
    hospital = make("with_patients")
    for patient in (ONE, TWO):
        PatientFactory.create(on=hospital, id=patient)
    refer(hospital, "bills", ONE, ONE, TWO)
    refer(hospital, "medical_records", ONE)
    return hospital


@pytest.fixture
def census(tmp_path):
    """Takes a census of a database into a file."""

    def take(database, *arguments, **variables):
        file = tmp_path / f"census_{database.name}.json"
        looked = database.run("precheck", "--format", "json", "--output", str(file), *arguments, **variables)
        assert looked.code in (0, 1), looked.said
        return file

    return take


def migrate(database, file, *arguments):
    return database.run("migrate", "--census", str(file), *arguments)


def test_a_census_of_a_standby_opens_the_gate_and_new_rows_are_counted_here(ready, standby_of, census):
    standby = standby_of(ready)
    file = census(ready, "--database", "replica", DATABASE_URL_REPLICA=standby.url)
    refer(ready, "bills", TWO, ONE)

    result = migrate(ready, file, "--format", "json")

    assert result.code == 0, result.said
    assert result.json["census"] | {"taken_at": ""} == {
        "alias": "replica", "in_recovery": True, "taken_at": "", "new_rows": 2, "counted_whole": 0,
    }  # fmt: skip
    assert 'Census of the standby "replica", ' in result.err
    assert "since then, 2 new rows were counted here." in result.err
    assert ready.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated") >= 5


def test_an_orphan_that_came_since_is_found_and_the_gate_stays_shut(ready, census):
    file = census(ready)
    refer(ready, "surgical_cases", new_id())

    result = migrate(ready, file)

    assert result.code == 1
    assert 'references.E001  surgical_cases."patientId" holds 1 value in 1 row with no row in patients.' in result.out
    assert ready.value("SELECT count(*) FROM django_migrations WHERE name LIKE '0002%%'") == 0


def test_a_changed_reference_is_a_new_row(ready, census):
    file = census(ready)
    ready.execute('UPDATE medical_records SET "patientId" = %s', new_id())

    assert migrate(ready, file).code == 1


def test_a_patient_that_has_gone_since_has_everything_counted_again(ready, census):
    file = census(ready)
    ready.execute("DELETE FROM patients WHERE id = %s", TWO)

    result = migrate(ready, file)

    assert result.code == 1
    assert "5 references are counted in full: their tables or parents changed since then." in result.err
    assert 'bills."patientId" holds 1 value in 1 row' in result.out


def test_a_table_that_is_another_one_since_is_counted_as_a_whole(ready, census):
    file = census(ready)
    ready.execute("ALTER TABLE bills RENAME TO bills_of_last_year")
    ready.execute("CREATE TABLE bills (LIKE bills_of_last_year INCLUDING ALL)")
    ready.execute("INSERT INTO bills SELECT * FROM bills_of_last_year")

    result = migrate(ready, file, "--format", "json")

    assert result.code == 0, result.said
    assert result.json["census"]["counted_whole"] == 1


def test_what_the_census_found_still_blocks(make, census):
    hospital = make("with_patients")
    refer(hospital, "bills", ONE)
    file = census(hospital)

    result = migrate(hospital, file)

    assert result.code == 1
    assert "references.E001" in result.out


def test_a_census_of_another_database_is_refused(ready, make, census):
    result = migrate(ready, census(make("with_patients")))

    assert (result.code, result.out) == (2, "")
    assert "cannot be used: it is of another database. Nothing was changed." in result.err
    assert "precheck --database ALIAS --format json --output FILE" in result.err


def test_a_census_from_before_a_failover_is_refused(ready, standby_of, census):
    standby = standby_of(ready)
    file = census(ready)
    standby.server.run("pg_ctl", "-w", "-D", str(standby.server.data), "promote")
    standby.wait_for("SELECT NOT pg_is_in_recovery()")

    result = migrate(standby, file)

    assert (result.code, result.out) == (2, "")
    assert "a standby has become the primary since" in result.err


@pytest.mark.parametrize(
    "content",
    ["", "not JSON", "[]", "{}", '{"command": "precheck"}', '{"command": "migrate", "data_counted": true}', "\udcff"],
)
def test_a_file_that_is_no_census_is_refused_in_a_sentence(ready, tmp_path, content):
    file = tmp_path / "census.json"
    file.write_bytes(content.encode(errors="surrogateescape"))

    result = migrate(ready, file)

    assert (result.code, result.out) == (2, "")
    assert "cannot be used" in result.err
    assert "Traceback" not in result.err


def test_a_file_that_is_not_there_and_a_gate_that_is_not_asked(ready, tmp_path):
    missing = migrate(ready, tmp_path / "nothing.json")
    skipped = ready.run("migrate", "--census", "x", "--skip-precheck")

    assert (missing.code, skipped.code) == (2, 2)
    assert "No such file" in missing.err
    assert "--census is for the precheck before migrating" in skipped.err


def test_a_census_that_names_a_later_transaction_is_refused(ready, census, tmp_path):
    report = json.loads(census(ready).read_text())
    report["snapshot"]["transaction"] += 1_000_000
    file = tmp_path / "later.json"
    file.write_text(json.dumps(report))

    assert "it is too old, or of a later time than this database" in migrate(ready, file).err


@pytest.mark.parametrize(
    ("name", "value"),
    [("transaction", "750"), ("timeline", None), ("relations", []), ("parents", [["patients", 2]]), ("other", 1)],
)
def test_values_of_a_wrong_kind_are_refused_in_a_sentence(ready, census, name, value):
    file = census(ready)
    report = json.loads(file.read_text())
    report["snapshot"][name] = value
    file.write_text(json.dumps(report))

    result = migrate(ready, file)

    assert (result.code, result.out) == (2, "")
    assert "cannot be used: it is no report of precheck --format json" in result.err
    assert "Traceback" not in result.err


def test_a_census_of_another_schema_is_refused(hospital, census):
    file = census(hospital)
    hospital.execute("CREATE SCHEMA clinic_c; SET search_path = clinic_c")
    hospital.execute(schema("legacy", "uuid").replace('"public"', '"clinic_c"'))

    result = hospital.run("migrate", "--census", str(file), url=hospital.along("clinic_c,public"))

    assert result.code == 2
    assert 'cannot be used: it is of the schema "public", not of "clinic_c". Nothing was changed.' in result.err
