"""`rehearse --from`: a copy that comes from an archive, and the archives that are refused."""

import json
import shutil

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.rehearsals import archive_of, manifest_of, used_backup
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow


@pytest.fixture
def refused(hospital):
    """`refused(archive, words)`: a rehearsal from it ends with exit code 2 and says so."""

    def refused(archive, *words):
        result = hospital.run("rehearse", "--from", str(archive))
        assert result.code == 2, result.said
        assert [one for one in words if one not in result.said] == [], result.said

    return refused


def test_a_backup_is_rehearsed_on_and_then_the_deploy_is_let_through(hospital, deployer, refused, tmp_path):
    archive = archive_of(hospital, tmp_path / "backups")
    before = row_snapshot(hospital), catalog_snapshot(hospital)
    report = tmp_path / "rehearsal.json"
    words = ("rehearse", "patients", "--writers", "0", "--from", str(archive))

    result = hospital.run(*words, "--report", f"json={report}", url=deployer)

    assert result.code == 0, result.said
    found = json.loads(report.read_text())
    used = found["copy"]["backup"]
    assert used | used_backup(archive) == used and 0 <= used["age"] < 600
    assert found["compared"]["tables"] == 6
    assert f"Its rows are those of the backup {archive.name}" in result.out
    assert "Proof of the backup: read." in result.out
    assert (row_snapshot(hospital), catalog_snapshot(hospital)) == before
    others_are_refused(refused, archive, tmp_path)
    hospital.execute("ALTER TABLE bills ADD COLUMN later integer")
    refused(archive, "has other definitions than the database now")
    hospital.execute("ALTER TABLE bills DROP COLUMN later")
    assert hospital.run("migrate", "patients", "--rehearsed", str(report)).code == 0


def others_are_refused(refused, archive, folder):
    """An archive that is none, is of another database, or has changed."""
    manifest = json.loads(manifest_of(archive).read_text())

    def says(area, **changes):
        manifest_of(archive).write_text(json.dumps(manifest | {area: manifest[area] | changes}))

    refused(shutil.copy(archive, folder / "loose"), "manifest")
    refused(archive.parent, f"rehearse --from {archive}")
    says("archive", encrypted_to="age1…")
    refused(archive, "is encrypted")
    says("database", name="other")
    refused(archive, 'is of the database "other"')
    says("database", system_identifier="1")
    refused(archive, "on another server")
    says("database")
    content = archive.read_bytes()
    middle = len(content) // 2
    again = "manage.py backup_database --output"
    archive.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    refused(archive, "has another checksum", again)
    archive.write_bytes(content[:-1])
    refused(archive, "were written", again)
    archive.unlink()
    refused(archive, "is not there", again)
    archive.write_bytes(content)
