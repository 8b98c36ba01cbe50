"""`backfill_placeholders --dry-run` counts what would be done and writes nothing, not even its own tables."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import PatientFactory, refer
from tests.support.identifiers import SAMPLES
from tests.support.row_snapshot import row_snapshot

DRY_RUN = ("backfill_placeholders", "--dry-run")
ONE, TWO = (f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000{digit}" for digit in (1, 2))
NIL = "00000000-0000-0000-0000-000000000000"
FIGURES = ("created", "already_present", "nullified", "refused")


@pytest.mark.parametrize("state", ["empty", "hospital", "with_patients", "migrated"])
def test_nothing_at_all_is_written(make, state):
    database = make(state)
    if state in ("hospital", "with_patients"):
        refer(database, "bills", ONE, ONE, TWO, None)
    before = catalog_snapshot(database), row_snapshot(database)

    result = database.run(*DRY_RUN)

    assert result.code == 0, result.said
    assert (catalog_snapshot(database), row_snapshot(database)) == before


def test_it_counts_before_the_tables_are_there_what_the_run_then_does(hospital):
    refer(hospital, "bills", ONE, ONE, TWO)
    refer(hospital, "medical_records", ONE)

    would = hospital.run(*DRY_RUN, "--format", "json")
    did = hospital.run("backfill_placeholders", "--format", "json")

    assert (would.code, would.json["verdict"], would.json["run_id"]) == (0, "dry-run", None)
    assert [would.json[name] for name in FIGURES] == [did.json[name] for name in FIGURES] == [2, 0, {}, {}]


def test_it_counts_beside_patients_that_are_there_and_classes_that_are_refused(make):
    hospital_text = make("with_patients", "text")
    PatientFactory.create(on=hospital_text, id=ONE)
    refer(hospital_text, "bills", ONE, TWO, *SAMPLES["sentinel_word"], *SAMPLES["opaque"])

    would = hospital_text.run(*DRY_RUN, "--format", "json")
    did = hospital_text.run("backfill_placeholders", "--format", "json")

    assert (would.code, did.code) == (1, 1)
    assert [would.json[name] for name in FIGURES] == [did.json[name] for name in FIGURES]
    assert would.json["refused"] == {"sentinel_word": len(SAMPLES["sentinel_word"])}


def test_it_counts_the_rows_that_would_become_null(hospital):
    refer(hospital, "bills", ONE, ONE, NIL, None)
    refer(hospital, "medical_records", TWO)
    before = row_snapshot(hospital)

    would = hospital.run(*DRY_RUN, "--nullify", "bills", "--format", "json")
    after = row_snapshot(hospital)
    did = hospital.run("backfill_placeholders", "--nullify", "bills", "--format", "json")

    assert after == before
    assert [would.json[name] for name in FIGURES] == [did.json[name] for name in FIGURES] == [1, 0, {"bills": 3}, {}]


def test_the_text_says_would_and_that_nothing_was_written(hospital):
    refer(hospital, "bills", ONE)
    refer(hospital, "insurance_policies", ONE)

    result = hospital.run(*DRY_RUN, "--nullify", "insurance_policies")

    assert "1 placeholder would be created; 0 values already had a parent." in result.out
    assert "1 reference of insurance_policies would be set to NULL" in result.out
    assert "Nothing was written (--dry-run)." in result.out


def test_a_read_only_role_in_a_read_only_session_is_enough(hospital, new_role):
    reader = new_role()
    hospital.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"')
    refer(hospital, "bills", ONE)
    url = hospital.server.url(hospital.name, user=reader) + "?options=-cdefault_transaction_read_only%3Don"

    dry, wet = hospital.run(*DRY_RUN, url=url), hospital.run("backfill_placeholders", url=url)

    assert (dry.code, wet.code) == (0, 2), dry.said
    assert "1 placeholder would be created" in dry.out
    assert "Traceback" not in wet.err


def test_another_deploy_at_work_does_not_stop_it(hospital):
    with hospital.session("SELECT pg_advisory_lock(1162367571, 1)"):
        result = hospital.run(*DRY_RUN)

    assert result.code == 0, result.said


@pytest.mark.parametrize("table", ["medical_records", "bill", "patients", "users", 'bills"; DROP TABLE bills; --'])
def test_what_the_run_would_refuse_the_dry_run_refuses_too(hospital, table):
    result = hospital.run(*DRY_RUN, "--nullify", table)

    assert (result.code, result.out) == (2, "")
    assert "Nothing was changed" in result.err
