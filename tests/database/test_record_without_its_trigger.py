"""Some servers refuse triggers on some tables, with 0A000 or without a code: the record of runs works without them."""

import pytest

from tests.support.factories import new_id, refer

REFUSE_TRIGGERS = """
    CREATE FUNCTION refuse_triggers() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'triggers are not supported on distributed tables' USING ERRCODE = 'feature_not_supported';
    END $$;
    CREATE EVENT TRIGGER refuse_triggers ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER')
        EXECUTE FUNCTION refuse_triggers();
"""


@pytest.fixture(params=["feature_not_supported", "internal_error"])  # Citus has the second
def without_triggers(request, hospital):
    hospital.execute(REFUSE_TRIGGERS.replace("feature_not_supported", request.param))
    refer(hospital, "bills", new_id())
    return hospital


def ids(report):
    return [one["id"] for one in report["findings"]]


def test_the_deploy_goes_on_and_audit_runs_says_once_what_is_missing(without_triggers):
    assert without_triggers.run("backfill_placeholders").code == 0
    assert without_triggers.run("migrate").code == 0

    result = without_triggers.run("audit_runs", "--format", "json")

    assert result.code == 0, result.said
    assert (result.json["verdict"], ids(result.json)) == ("holds", ["audit.I001"])
    assert result.err == "audit_runs: 3 runs, the record holds.\n"


def test_a_change_of_an_event_still_shows(without_triggers):
    without_triggers.run("backfill_placeholders")
    without_triggers.execute("UPDATE migrations_safety_run SET details = '{}' WHERE id = 1")

    result = without_triggers.run("audit_runs", "--format", "json")

    assert (result.code, result.json["verdict"]) == (1, "broken")
    assert ids(result.json) == ["audit.E001", "audit.I001"]


def test_any_other_error_of_the_trigger_ends_the_command_and_leaves_no_tables(hospital):
    hospital.execute(REFUSE_TRIGGERS.replace("feature_not_supported", "insufficient_privilege"))
    refer(hospital, "bills", new_id())

    result = hospital.run("backfill_placeholders")

    assert result.code == 2, result.said
    assert hospital.value("SELECT to_regclass('migrations_safety_run')") is None


def test_a_record_with_its_trigger_is_not_told(hospital):
    refer(hospital, "bills", new_id())
    hospital.run("backfill_placeholders")

    assert ids(hospital.run("audit_runs", "--format", "json").json) == []


def test_a_trigger_that_was_disabled_is_told(hospital):
    refer(hospital, "bills", new_id())
    hospital.run("backfill_placeholders")
    hospital.execute("ALTER TABLE migrations_safety_run DISABLE TRIGGER ALL")

    assert ids(hospital.run("audit_runs", "--format", "json").json) == ["audit.I001"]
