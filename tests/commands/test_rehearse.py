"""`rehearse`: the whole deploy on a copy, and what it says of it."""

import json
import signal

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import new_id, refer
from tests.support.row_snapshot import row_snapshot


def copies(database):
    return database.rows("SELECT datname FROM pg_database WHERE datname LIKE 'confidential_copy_%%'")


def test_a_deploy_is_rehearsed_there_and_back_and_the_original_stays_as_it_is(hospital, tmp_path):
    before = row_snapshot(hospital), catalog_snapshot(hospital)
    file = tmp_path / "rehearsal.json"

    result = hospital.run("rehearse", "--report", f"json={file}")

    assert result.code == 0, result.said
    report = json.loads(file.read_text())
    assert report["verdict"] == "passed"
    names = [step["name"] for step in report["steps"]]
    assert names == ["precheck", "migrate", "verify_schema", "rollback ehr", "rollback patients"]
    assert report["compared"]["tables"] == 6 and report["compared"]["differing"] == []
    assert (row_snapshot(hospital), catalog_snapshot(hospital)) == before


def test_orphans_fail_the_rehearsal_with_their_findings(hospital):
    refer(hospital, "bills", new_id())
    before = row_snapshot(hospital)

    result = hospital.run("rehearse", "--format", "json")

    assert result.code == 1, result.said
    assert [one["id"] for one in result.json["findings"] if one["level"] == "error"] == ["rehearsal.E002"]
    assert "references.E001" in {one["id"] for one in result.json["steps"][-1]["findings"]}
    assert row_snapshot(hospital) == before


def test_a_role_that_may_create_databases_rehearses_on_the_server_and_leaves_nothing(hospital, new_role):
    role = new_role()
    hospital.execute(f'ALTER ROLE "{role}" CREATEDB')
    hospital.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"')
    url = hospital.server.url(hospital.name, user=role, password="secret")

    result = hospital.run("rehearse", "--writers", "0", "--format", "json", "--limit-wal", "0", url=url)

    assert (result.code, result.json["copy"]["place"]) == (1, "server"), result.said
    assert {one["id"] for one in result.json["findings"] if one["level"] == "error"} == {"rehearsal.E004"}
    assert copies(hospital) == []


def test_a_rehearsal_that_is_ended_or_killed_leaves_no_copy(hospital, new_role):
    role = new_role()
    hospital.execute(f'ALTER ROLE "{role}" CREATEDB')
    hospital.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"')
    url = hospital.server.url(hospital.name, user=role, password="secret")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        with hospital.start("rehearse", url=url) as running:
            hospital.wait_for(
                "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname LIKE 'confidential_copy_%%' AND "
                "application_name = 'migrations_safety rehearsal'"
            )
            running.send_signal(number)
            running.communicate(timeout=120)
        if number != signal.SIGKILL:
            assert copies(hospital) == [], number
    hospital.wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE datname LIKE 'confidential_copy_%%'")
    assert copies(hospital), "a kill leaves copies"

    assert hospital.run("rehearse", "--writers", "0", url=url).code == 0
    assert copies(hospital) == []
