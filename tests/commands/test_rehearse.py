"""`rehearse`: the whole deploy on a copy, and what it says of it."""

import json

from tests.support.catalog_snapshot import catalog_snapshot
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
