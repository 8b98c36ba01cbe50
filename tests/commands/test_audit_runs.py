"""`audit_runs`: each changing run is one record, and a record that was changed shows."""

import psycopg
import pytest

from migrations_safety import __version__
from tests.support.factories import new_id, refer

RECORD = "migrations_safety_run"


def damaged(database, statement):
    database.execute(f"ALTER TABLE {RECORD} DISABLE TRIGGER ALL; {statement}; ALTER TABLE {RECORD} ENABLE TRIGGER ALL")
    return database.run("audit_runs", "--format", "json")


def ids(report):
    return [one["id"] for one in report["findings"]]


def test_each_run_says_who_what_from_where_and_with_which_outcome(hospital):
    refer(hospital, "bills", new_id(), new_id())
    hospital.run("backfill_placeholders", "--batch-size", "1")
    hospital.run("migrate")

    result = hospital.run("audit_runs", "--format", "json")

    assert result.code == 0, result.said
    assert result.err == "audit_runs: 3 runs, the record holds.\n"
    assert result.json["verdict"] == "holds"
    tables, backfill, keys = result.json["runs"]
    assert [tables["command"], backfill["command"], keys["command"]] == ["migrate", "backfill_placeholders", "migrate"]
    assert {one["outcome"] for one in result.json["runs"]} == {"finished"}
    assert {(one["role"], one["client"], one["version"]) for one in result.json["runs"]} == {
        ("postgres", "local socket", __version__)
    }
    assert backfill["arguments"]["batch_size"] == 1
    assert backfill["counts"]["created"] == 2
    assert sorted(keys["checksums"]) == ["ehr.0002_patient_keys_not_valid", "ehr.0003_validate_patient_keys"]
    assert {len(one) for one in keys["checksums"].values()} == {64}
    assert keys["counts"]["applied_after"] - keys["counts"]["applied_before"] == 2
    assert keys["counts"]["lock_waits"] == {"count": 0, "longest_ms": 0}


def test_people_read_the_same(hospital):
    hospital.run("backfill_placeholders")

    result = hospital.run("audit_runs")

    assert result.code == 0
    assert "backfill_placeholders  finished" in result.out
    assert result.out.endswith("2 runs. The record holds: nothing in it was changed, removed or reordered.\n")


def test_nothing_is_recorded_where_nothing_was_changed(migrated):
    before = migrated.value(f"SELECT count(*) FROM {RECORD}")

    for arguments in (["precheck"], ["verify_patient_schema"], ["migrate"], ["backfill_placeholders", "--dry-run"]):
        assert migrated.run(*arguments).code == 0

    assert migrated.value(f"SELECT count(*) FROM {RECORD}") == before


def test_a_database_without_runs_has_a_record_that_holds(hospital):
    result = hospital.run("audit_runs", "--format", "json")

    assert (result.code, result.json["runs"], result.json["findings"]) == (0, [], [])


def test_a_run_that_failed_is_recorded_with_its_error(hospital):
    hospital.run("backfill_placeholders")
    refer(hospital, "bills", new_id())
    hospital.run("migrate", "--skip-precheck")

    result = hospital.run("audit_runs", "--format", "json")

    last = result.json["runs"][-1]
    assert (last["outcome"], last["error"]) == ("failed", "OrphansLeft")


def test_the_record_cannot_be_changed_by_mistake(migrated):
    for statement in (f"UPDATE {RECORD} SET event = 'failed'", f"DELETE FROM {RECORD}", f"TRUNCATE {RECORD}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append only"):
            migrated.execute(statement)


def test_a_changed_event_shows(migrated):
    result = damaged(migrated, f'UPDATE {RECORD} SET details = details || \'{{"role": "somebody"}}\' WHERE id = 3')

    assert result.code == 1
    assert ids(result.json) == ["audit.E001"]


def test_a_removed_event_shows(migrated):
    result = damaged(migrated, f"DELETE FROM {RECORD} WHERE id = 3")

    assert result.code == 1
    assert ids(result.json) == ["audit.E002"]


def test_events_in_another_order_show(migrated):
    result = damaged(
        migrated,
        f"CREATE TABLE kept AS SELECT * FROM {RECORD} WHERE id IN (3, 4); DELETE FROM {RECORD} WHERE id IN (3, 4);"
        f"INSERT INTO {RECORD} OVERRIDING SYSTEM VALUE"
        " SELECT 7 - id, run_id, event, recorded_at, details, previous_hash, hash FROM kept",
    )

    assert result.code == 1
    assert "audit.E002" in ids(result.json)


def test_a_last_event_that_is_gone_shows(migrated):
    result = damaged(migrated, f"DELETE FROM {RECORD} WHERE id = (SELECT max(id) FROM {RECORD})")

    assert result.code == 1
    assert ids(result.json) == ["audit.E003"]
