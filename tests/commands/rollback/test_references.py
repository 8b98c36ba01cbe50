"""References that were set to NULL: restored before the tables go, or the tables stay."""

import pytest

from tests.support.patient_rollback import ROLL_BACK

pytestmark = pytest.mark.slow

FORBIDS = """
    CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
    CREATE TRIGGER forbid BEFORE UPDATE ON insurance_policies FOR EACH ROW EXECUTE FUNCTION forbid()
"""


def test_what_cannot_be_restored_stops_it_before_the_tables(deployed):
    deployed.execute(FORBIDS)

    done = deployed.run(*ROLL_BACK, "--format", "json")
    patients = deployed.value("SELECT count(*) FROM patients")
    left = deployed.run(*ROLL_BACK, "--leave-nullified", "2", "--format", "json")

    assert (done.code, done.json["verdict"], done.json["not_restored"]) == (1, "stopped", {"insurance_policies": 2})
    (found,) = [one for one in done.json["findings"] if one["level"] == "error"]
    assert (found["id"], found["subject"], found["rows"]) == ("recovery.E006", "insurance_policies", 2)
    assert "rollback_patient_module --leave-nullified 2" in found["hint"]
    assert patients == 5
    assert (left.code, left.json["verdict"]) == (0, "rolled back"), left.said
    assert deployed.value("SELECT count(*) FROM migrations_safety_before_image WHERE restored_run_id IS NULL") == 2


@pytest.mark.parametrize(
    "statement",
    [
        'DELETE FROM insurance_policies WHERE ctid = (SELECT min(ctid) FROM insurance_policies)',
        'UPDATE insurance_policies SET "patientId" = (SELECT id FROM patients LIMIT 1) '
        "WHERE ctid = (SELECT min(ctid) FROM insurance_policies)",
    ],
)  # fmt: skip
def test_a_row_that_is_gone_or_has_another_reference_is_not_asked_for(deployed, statement):
    deployed.execute(statement)

    done = deployed.run(*ROLL_BACK, "--format", "json")

    assert (done.code, done.json["restored"], done.json["not_restored"]) == (0, {"insurance_policies": 1}, {})


def test_what_nobody_has_declared_does_not_fall_with_a_table(deployed):
    deployed.execute('ALTER TABLE users ADD COLUMN "patientId" uuid REFERENCES patients (id)')

    done = deployed.run(*ROLL_BACK, "--format", "json")
    there = deployed.value("SELECT count(*) FROM pg_constraint WHERE conname = 'users_patientId_fkey'")
    deployed.execute('ALTER TABLE users DROP COLUMN "patientId"')
    again = deployed.run(*ROLL_BACK)

    assert (done.code, there) == (1, 1), done.said
    assert [one["id"] for one in done.json["findings"] if one["level"] == "error"] == ["recovery.E005"]
    assert "users_patientId_fkey" in done.said
    assert again.code == 0, again.said


def runs_without_end(database):
    found = database.run("diagnose", "--format", "json").json["findings"]
    return [one for one in found if one["id"] in ("recovery.W025", "recovery.I025")]


def test_the_end_is_recorded_by_the_next_run_where_the_first_was_killed_before_it(deployed):
    """Nothing is left to unapply then, but the record of runs has a run without an end."""
    assert deployed.run(*ROLL_BACK).code == 0
    deployed.execute("""
        ALTER TABLE migrations_safety_run DISABLE TRIGGER ALL;
        DELETE FROM migrations_safety_run WHERE id = (SELECT max(id) FROM migrations_safety_run)
    """)

    open_before = len(runs_without_end(deployed))
    again = deployed.run(*ROLL_BACK)
    third = deployed.run(*ROLL_BACK)

    assert again.code == 0, again.said
    runs = deployed.run("audit_runs", "--format", "json").json["runs"]
    assert [(one["command"], one["outcome"]) for one in runs][-1] == ("rollback_patient_module", "finished")
    assert third.err.endswith("rollback_patient_module: nothing to do.\n")
    assert (open_before, runs_without_end(deployed)) == (1, [])
