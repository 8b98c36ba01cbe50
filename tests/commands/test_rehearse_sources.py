"""Where the copy of a rehearsal comes from."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import new_id, refer
from tests.support.row_snapshot import row_snapshot


def backup(database, folder, *arguments):
    done = database.run("backup_database", "--output", str(folder), "--no-progress", "--no-restore-test", *arguments)
    assert done.code == 0, done.said
    [manifest] = Path(folder).glob("*.manifest.json")
    return manifest.with_name(manifest.name.removesuffix(".manifest.json"))


def rehearse(database, *arguments):
    return database.run("rehearse", "--writers", "0", "--format", "json", *arguments)


def change(path, **changes):
    """Change values of the manifest of an archive, by area."""
    file = path.with_name(path.name + ".manifest.json")
    values = json.loads(file.read_text())
    for area, value in changes.items():
        values[area] |= value
    file.write_text(json.dumps(values))


@pytest.mark.parametrize("arguments", [(), ("--jobs", "2")], ids=["custom", "directory"])
def test_a_backup_is_rehearsed_on_and_then_the_deploy_is_let_through(hospital, tmp_path, arguments):
    archive = backup(hospital, tmp_path / "backups", *arguments)
    before = row_snapshot(hospital), catalog_snapshot(hospital)
    report = tmp_path / "rehearsal.json"

    result = rehearse(hospital, "--from", str(archive), "--report", f"json={report}")

    assert result.code == 0, result.said
    used = result.json["copy"]["backup"]
    manifest = json.loads(archive.with_name(archive.name + ".manifest.json").read_text())
    assert (used["name"], used["sha256"], used["proof"]) == (archive.name, manifest["archive"]["sha256"], "read")
    assert used["taken_at"] == manifest["taken_at"] and 0 <= used["age"] < 600
    assert result.json["compared"]["tables"] == 6
    assert (row_snapshot(hospital), catalog_snapshot(hospital)) == before
    assert hospital.run("migrate", "--rehearsed", str(report)).code == 0


def test_the_rows_are_those_of_the_backup(hospital, tmp_path):
    refer(hospital, "bills", new_id())
    archive = backup(hospital, tmp_path)
    hospital.execute("DELETE FROM bills")

    result = rehearse(hospital, "--from", str(archive))

    assert result.code == 1, result.said
    assert "references.E001" in {one["id"] for one in result.json["steps"][-1]["findings"]}
    assert hospital.value("SELECT count(*) FROM bills") == 0


def test_the_report_says_which_backup_it_was_in_text_too(hospital, tmp_path):
    archive = backup(hospital, tmp_path)

    result = hospital.run("rehearse", "--writers", "0", "--from", str(archive))

    assert f"Its rows are those of the backup {archive.name}" in result.out
    assert "Proof of the backup: read." in result.out


def test_a_changed_archive_is_refused(hospital, tmp_path):
    archive = backup(hospital, tmp_path)
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)

    flipped = rehearse(hospital, "--from", str(archive))
    archive.write_bytes(content[:-1])
    cut = rehearse(hospital, "--from", str(archive))
    archive.unlink()
    missing = rehearse(hospital, "--from", str(archive))

    for result, words in ((flipped, "has another checksum"), (cut, "were written"), (missing, "is not there")):
        assert result.code == 2 and words in result.said, result.said
        assert "manage.py backup_database --output" in result.said


def test_an_archive_of_another_database_or_server_is_refused(hospital, tmp_path):
    archive = backup(hospital, tmp_path)

    change(archive, database={"name": "other"})
    other_name = rehearse(hospital, "--from", str(archive))
    change(archive, database={"name": hospital.name, "system_identifier": "1"})
    other_server = rehearse(hospital, "--from", str(archive))

    assert other_name.code == 2 and 'is of the database "other"' in other_name.said
    assert other_server.code == 2 and "on another server" in other_server.said


def test_what_is_no_readable_archive_is_refused(hospital, tmp_path):
    archive = backup(hospital, tmp_path / "backups")
    loose = Path(shutil.copy(archive, tmp_path / "loose"))

    without_manifest = rehearse(hospital, "--from", str(loose))
    folder = rehearse(hospital, "--from", str(archive.parent))
    change(archive, archive={"encrypted_to": "age1…"})
    encrypted = rehearse(hospital, "--from", str(archive))

    assert without_manifest.code == 2 and "manifest" in without_manifest.said
    assert folder.code == 2 and f"rehearse --from {archive}" in folder.said
    assert encrypted.code == 2 and "is encrypted" in encrypted.said


def test_a_backup_from_before_a_change_of_definitions_is_refused(hospital, tmp_path):
    archive = backup(hospital, tmp_path)
    hospital.execute("ALTER TABLE bills ADD COLUMN later integer")

    result = rehearse(hospital, "--from", str(archive))

    assert result.code == 2 and "has other definitions than the database now" in result.said
