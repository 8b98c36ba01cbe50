"""`rehearse`: the whole deploy on a copy, there and back, and it begins from a standby too."""

import json

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import new_id, refer
from tests.support.rehearsals import archive_of, copies, used_backup
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow


def test_a_deploy_is_rehearsed_there_and_back_and_the_original_stays_as_it_is(hospital, deployer, tmp_path):
    before = row_snapshot(hospital), catalog_snapshot(hospital)
    file = tmp_path / "rehearsal.json"

    result = hospital.run("rehearse", "--report", f"json={file}", url=deployer)

    assert result.code == 0, result.said
    report = json.loads(file.read_text())
    assert (report["verdict"], report["copy"]["place"]) == ("passed", "server")
    names = [step["name"] for step in report["steps"]]
    assert names == ["precheck", "migrate", "verify_schema", "rollback ehr", "rollback patients"]
    assert report["compared"]["tables"] == 6 and report["compared"]["differing"] == []
    assert (row_snapshot(hospital), catalog_snapshot(hospital)) == before
    assert copies(hospital) == []


def test_the_rows_of_a_directory_backup_are_rehearsed_with_their_placeholders(hospital, deployer, tmp_path):
    refer(hospital, "bills", new_id(), new_id())
    archive = archive_of(hospital, tmp_path / "backups", "--jobs", "2")
    hospital.execute("DELETE FROM bills")
    report = tmp_path / "rehearsal.json"
    words = ("rehearse", "--writers", "0", "--format", "json", "--from", str(archive))

    refused = hospital.run(*words, url=deployer)
    result = hospital.run(*words, "--backfill", "--report", f"json={report}", url=deployer)

    assert refused.code == 1, refused.said
    assert "references.E001" in {one["id"] for one in refused.json["steps"][-1]["findings"]}
    assert hospital.value("SELECT count(*) FROM bills") == 0, "the orphans are those of the backup"
    assert result.code == 0, result.said
    assert result.json["copy"]["backup"] | used_backup(archive) == result.json["copy"]["backup"]
    assert result.json["compared"]["tables"] == 6
    refer(hospital, "bills", new_id(), new_id())
    assert hospital.run("backfill_placeholders").code == 0
    assert hospital.run("migrate", "--rehearsed", str(report)).code == 0


def test_a_standby_is_rehearsed_too(hospital, standby_of):
    standby = standby_of(hospital)

    result = standby.run("rehearse", "patients", "--writers", "0", "--format", "json")

    assert result.code == 0, result.said
    assert result.json["copy"]["place"] == "embedded"
    levels = {one["id"]: one["level"] for one in result.json["findings"]}
    assert levels["rehearsal.W005"] == "warning" and result.json["compared"]["tables"] == 6, "keys are of the next app"
