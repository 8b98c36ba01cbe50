"""The way back: what it takes back is named, and rows that no backfill makes again are not dropped unasked."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import PatientFactory, new_id, refer

pytestmark = pytest.mark.slow

ZERO = ("patients", "zero")
MERGED = """
    INSERT INTO patient_merge_history
        (id, "sourcePatientId", "targetPatientId", reason, "sourceSnapshot", "targetSnapshot", "movedRecords",
         "mergedBy")
    VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'double', '{}', '{}', '{}', gen_random_uuid())
"""


@pytest.fixture
def covered(hospital):
    """The hospital with placeholders, migrated."""
    refer(hospital, "bills", new_id(), new_id())
    for command in ("backfill_placeholders", "migrate"):
        assert hospital.run(command).code == 0
    return hospital


def test_what_is_taken_back_is_named(covered):
    told = covered.run("precheck", *ZERO)
    report = covered.run("precheck", *ZERO, "--format", "json").json

    assert told.code == 0
    assert "Would unapply" in told.out
    assert "patients.0001_initial" in told.out
    assert "drops 6 tables." in told.out
    assert "Nothing blocks the rollback." in told.out
    assert [f"{one['app']}.{one['name']}" for one in report["unapplied"]][-1] == "patients.0001_initial"
    assert report["migrations"] == []


def test_placeholders_do_not_stand_in_the_way(covered, make):
    done = covered.run("migrate", *ZERO)

    assert done.code == 0, done.said
    assert done.err.endswith("migrate: unapplied.\n")
    assert catalog_snapshot(covered) == catalog_snapshot(make("hospital"))


@pytest.mark.parametrize("table", ["patients", "patient_merge_history"])
def test_rows_of_people_do(covered, table):
    if table == "patients":
        PatientFactory.create(on=covered, id=new_id())
    else:
        covered.execute(MERGED)
    before = catalog_snapshot(covered)

    looked = covered.run("precheck", *ZERO, "--format", "json")
    done = covered.run("migrate", *ZERO)

    assert (looked.code, done.code) == (1, 1)
    assert [(one["id"], one["subject"]) for one in looked.json["findings"]] == [("tables.E007", table)]
    assert "holds 1 row that the rollback would drop" in " ".join(done.out.split())
    assert catalog_snapshot(covered) == before
    assert covered.run("migrate", *ZERO, "--skip-precheck").code == 0


def test_the_hospitals_own_tables_are_named_before_migrate_refuses_to_drop_them(covered):
    looked = covered.run("precheck", "ehr", "zero", "--format", "json")
    done = covered.run("migrate", "ehr", "zero")

    assert (looked.code, done.code) == (1, 1)
    assert ("rollback.E003", "bills") in [(one["id"], one["subject"]) for one in looked.json["findings"]]
    assert "bills" in looked.json["drops"]["tables"]
    assert "Unapplying ehr.0001_initial would drop bills" in done.err


def test_the_session_that_is_in_the_way_of_the_keys_is_named(covered):
    with covered.session("SET application_name = 'pg_dump'", "LOCK TABLE bills, patients IN ACCESS SHARE MODE"):
        told = covered.run("precheck", "ehr", "0001")

    assert told.code == 0
    assert "warning locks.W001  bills is in use by pid" in told.out
    assert "warning locks.W001  patients is in use by pid" in told.out
    assert "Nothing blocks the rollback. Read the warnings first." in told.out
