"""A rollback where files of migrations are gone or changed."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.patient_rollback import ROLL_BACK, manage_in, without
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow

GONE = ("ehr/migrations/0002_patient_keys_not_valid.py", "ehr/migrations/0003_validate_patient_keys.py")


def test_it_works_when_files_of_migrations_are_gone_and_says_so(deployed, before):
    with without(*GONE, "patients/migrations/0001_initial.py") as folder:
        looked = manage_in(folder, deployed, *ROLL_BACK, "--dry-run", "--measure", "--format", "json")
        done = manage_in(folder, deployed, *ROLL_BACK, "--format", "json")

    assert (looked.code, done.code) == (0, 0), looked.said + done.said
    assert looked.json["measured"] != "no"
    used = [one["subject"] for one in done.json["findings"] if one["id"] == "recovery.I002"]
    assert used == ["ehr.0003_validate_patient_keys", "ehr.0002_patient_keys_not_valid", "patients.0001_initial"]
    assert (catalog_snapshot(deployed), row_snapshot(deployed, bookkeeping=False)) == before


def test_it_refuses_where_a_file_is_gone_and_no_run_has_recorded_it(deployed):
    state = catalog_snapshot(deployed)
    deployed.execute("DROP TABLE migrations_safety_run")
    with without(*GONE) as folder:
        done = manage_in(folder, deployed, "rollback_migrations", "ehr", "0001", "--format", "json")

    assert done.code == 1, done.said
    assert {one["subject"] for one in done.json["findings"] if one["id"] == "recovery.E002"} == {
        "ehr.0002_patient_keys_not_valid", "ehr.0003_validate_patient_keys"
    }  # fmt: skip
    assert catalog_snapshot(deployed) == state


def test_a_file_that_was_changed_since_is_named(deployed):
    with without() as folder:
        with (folder / GONE[1]).open("a") as file:
            file.write("# later\n")
        looked = manage_in(folder, deployed, *ROLL_BACK, "--dry-run", "--format", "json")

    assert looked.code == 0, looked.said
    assert [one["subject"] for one in looked.json["findings"] if one["id"] == "recovery.W002"] == [
        "ehr.0003_validate_patient_keys"
    ]


def test_keys_whose_migration_is_gone_never_fall_with_the_table(deployed):
    """Plain Django has applied them, so nobody has their source, and a release before them is rolled back."""
    deployed.execute("""
        ALTER TABLE migrations_safety_run DISABLE TRIGGER ALL;
        UPDATE migrations_safety_run SET details = details - 'sources'
    """)
    state = catalog_snapshot(deployed)

    with without(*GONE) as folder:
        done = manage_in(folder, deployed, *ROLL_BACK, "--format", "json")

    assert (done.code, done.json["verdict"]) == (1, "refused"), done.said
    assert {one["subject"] for one in done.json["findings"] if one["id"] == "recovery.E002"} == {
        "ehr.0002_patient_keys_not_valid", "ehr.0003_validate_patient_keys"
    }  # fmt: skip
    assert len([one for one in done.json["findings"] if one["id"] == "recovery.E005"]) == 5
    assert catalog_snapshot(deployed) == state
