"""`migrate --backup` and `--require-backup`: a deploy goes on only with a way back that was tried."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.backups import last_run, migrate, refused

pytestmark = pytest.mark.any_postgresql
LEVEL_OF_MANIFEST = "1h,read"


@pytest.fixture
def hospital(make):
    return make("empty", name="hospital")


def back_up(database, folder, *arguments):
    done = database.run("backup_database", "--output", str(folder), "--no-progress", *arguments)
    assert done.code == 0, done.said
    return manifest_in(folder)


def manifest_in(folder):
    [file] = Path(folder).glob("*.manifest.json")
    return file


def archive_in(folder):
    return folder / json.loads(manifest_in(folder).read_text())["archive"]["file"]


def changed(manifest, **values):
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | values))


def test_without_a_backup_nothing_is_changed(hospital):
    assert refused(hospital, "--require-backup", "24h") == ["backup.E020"]

    people = migrate(hospital, "--require-backup", "24h")
    assert people.code == 1
    assert "has no backup that is known" in people.out
    assert "backup_database --output" in people.out


def test_the_backup_that_the_record_of_runs_names_is_found_and_recorded(hospital, tmp_path):
    file = back_up(hospital, tmp_path)

    done = migrate(hospital, "--require-backup", "24h")

    assert done.code == 0, done.said
    behind = last_run(hospital)["stands_on"]["backup"]
    told = json.loads(file.read_text())
    assert behind["checksum"] == told["archive"]["sha256"]
    assert behind["name"] == str(archive_in(tmp_path))
    assert behind["proof"] == "compared"
    people = hospital.run("audit_runs", COLUMNS="400").out
    assert f"stands on the backup {behind['name']} (archive, taken at {behind['taken_at']}, compared" in people


def test_one_is_made_before_anything_is_changed(hospital, tmp_path):
    done = migrate(hospital, "--backup", str(tmp_path / "new"), "--require-backup", "1h,compared")

    assert done.code == 0, done.said
    told = json.loads(manifest_in(tmp_path / "new").read_text())
    assert "patients" not in {one["table"] for one in told["tables"]}
    behind = last_run(hospital)["stands_on"]["backup"]
    assert (behind["checksum"], behind["proof"]) == (told["archive"]["sha256"], "compared")


def test_where_it_cannot_be_made_nothing_is_changed(hospital, tmp_path):
    (tmp_path / "file").write_text("")

    done = migrate(hospital, "--backup", str(tmp_path / "file" / "below"))

    assert done.code == 2, done.said
    assert "Traceback" not in done.err
    assert hospital.value("SELECT to_regclass('patients')") is None


def test_where_nothing_is_pending_nothing_is_required_or_made(make, tmp_path):
    migrated = make("migrated")

    done = migrated.run("migrate", "--backup", str(tmp_path / "new"), "--require-backup", "1s")

    assert done.code == 0, done.said
    assert not (tmp_path / "new").exists()


def test_one_that_is_too_old_or_from_the_future_is_refused(hospital, tmp_path):
    file = back_up(hospital, tmp_path, "--no-restore-test")
    hospital.execute("DROP TABLE migrations_safety_run CASCADE")  # or the record would know better
    where = ("--require-backup", LEVEL_OF_MANIFEST, "--backups", str(tmp_path))

    changed(file, taken_at=(datetime.now(UTC) - timedelta(hours=2)).isoformat())
    assert refused(hospital, *where) == ["backup.E021"]
    changed(file, taken_at=(datetime.now(UTC) + timedelta(hours=2)).isoformat())
    assert refused(hospital, *where) == ["backup.E023"]


def test_one_that_was_tried_less_is_refused(hospital, tmp_path):
    back_up(hospital, tmp_path, "--no-restore-test")

    assert refused(hospital, "--require-backup", "1h") == ["backup.E022"]
    assert refused(hospital, "--require-backup", "1h,compared") == ["backup.E022"]
    assert migrate(hospital, "--require-backup", LEVEL_OF_MANIFEST).code == 0


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "empty", "manifest cut", "manifest of another"])
def test_an_archive_that_has_changed_since_is_refused(hospital, tmp_path, damage):
    file = back_up(hospital, tmp_path, "--no-restore-test")
    archive = archive_in(tmp_path)
    content = archive.read_bytes()
    if damage == "flipped":
        archive.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    elif damage == "cut":
        archive.write_bytes(content[:-1])
    elif damage == "gone":
        archive.unlink()
    elif damage == "empty":
        archive.write_bytes(b"")
    elif damage == "manifest cut":
        file.write_bytes(file.read_bytes()[:100])
    else:
        archive_of = json.loads(file.read_text())["archive"]
        changed(file, archive=archive_of | {"sha256": "0" * 64})

    found = refused(hospital, "--require-backup", LEVEL_OF_MANIFEST, "--backups", str(tmp_path))

    assert found[0] == "backup.E023"


def test_a_manifest_that_was_rewritten_with_its_archive_is_not_what_was_recorded(hospital, tmp_path):
    file = back_up(hospital, tmp_path, "--no-restore-test")
    archive_of = json.loads(file.read_text())["archive"]
    changed(file, archive=archive_of | {"sha256": "0" * 64})

    assert refused(hospital, "--require-backup", LEVEL_OF_MANIFEST) == ["backup.E023", "backup.E020"]


def test_a_backup_of_another_database_is_none_of_this_one(hospital, make, tmp_path):
    back_up(make("empty"), tmp_path, "--no-restore-test")

    assert refused(hospital, "--require-backup", LEVEL_OF_MANIFEST, "--backups", str(tmp_path)) == ["backup.E020"]


def test_a_place_that_cannot_be_read_is_no_answer_unless_another_has_one(hospital, tmp_path):
    missing = str(tmp_path / "missing")
    nobody_knows = migrate(hospital, "--require-backup", LEVEL_OF_MANIFEST, "--backups", missing)
    back_up(hospital, tmp_path / "there", "--no-restore-test")
    done = migrate(
        hospital, "--require-backup", LEVEL_OF_MANIFEST, "--backups", missing, "--backups", str(tmp_path / "there")
    )

    assert nobody_knows.code == 2, nobody_knows.said
    assert "is not known" in nobody_knows.err
    assert done.code == 0, done.said


@pytest.mark.parametrize("text", ["24", "", "24h,", "24h,proved", "h", "24h,restored,read"])
def test_anything_but_an_age_and_a_level_is_bad_input(hospital, text):
    done = migrate(hospital, f"--require-backup={text}")

    assert done.code == 2
    assert "--require-backup" in done.err


def test_precheck_says_how_old_the_last_one_is(hospital, tmp_path):
    back_up(hospital, tmp_path, "--no-restore-test")
    archive_in(tmp_path).write_bytes(b"changed, and not read")

    told = hospital.run("precheck", "--format", "json")
    elsewhere = hospital.run("precheck", "--format", "json", "--backups", str(tmp_path / "missing"))

    [last] = [one for one in told.json["findings"] if one["id"] == "backup.I020"]
    assert last["subject"] == str(archive_in(tmp_path))
    assert "old, read" in last["message"]
    assert {one["id"] for one in elsewhere.json["findings"]} >= {"backup.W020", "backup.I020"}


def test_precheck_says_that_the_named_places_have_none(hospital, tmp_path):
    told = hospital.run("precheck", "--format", "json", "--backups", str(tmp_path))

    assert [one["id"] for one in told.json["findings"] if one["id"].startswith("backup.")] == ["backup.I021"]


def test_a_role_that_may_not_read_the_identifier_of_the_cluster_cannot_know(hospital, new_role):
    role = new_role()
    hospital.execute(
        f'REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; ALTER DATABASE hospital OWNER TO "{role}"'
    )
    hospital.execute(f'ALTER SCHEMA public OWNER TO "{role}"')
    url = hospital.server.url("hospital", user=role)

    done = hospital.run("migrate", "patients", "--require-backup", "1h", url=url)

    assert done.code == 2, done.said
    assert "GRANT EXECUTE ON FUNCTION pg_control_system()" in done.err
