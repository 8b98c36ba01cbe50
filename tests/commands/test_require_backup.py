"""`migrate --backup` and `--require-backup`: a deploy goes on only with a way back that was tried."""

import base64
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

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


def migrate(database, *arguments, **variables):
    return database.run("migrate", "patients", "--no-input", *arguments, **variables)


def last_run(database):
    return database.run("audit_runs", "--format", "json").json["runs"][-1]


def ids(result):
    return [one["id"] for one in result.json["findings"] if one["id"].startswith("backup.")]


def refused(database, *arguments, **variables):
    """The findings about the backup, where the migration was refused and nothing was changed."""
    result = migrate(database, "--format", "json", *arguments, **variables)
    assert (result.code, result.json["verdict"]) == (1, "refused"), result.said
    assert database.value("SELECT to_regclass('patients')") is None
    return ids(result)


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


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture
def keys(tmp_path):
    for name in ("dba", "somebody"):
        openssl("genpkey", "-algorithm", "ed25519", "-out", str(tmp_path / f"{name}.pem"))
        openssl("pkey", "-in", str(tmp_path / f"{name}.pem"), "-pubout", "-out", str(tmp_path / f"{name}.pub"))
    return tmp_path


def state(database, folder, *, by="dba", encoded=False, **values):
    moment = datetime.now(UTC)
    stated = {
        "states": "backup_evidence",
        "schema_version": 1,
        "backup": "main 20261127F",
        "database": None,
        "system_identifier": database.value("SELECT system_identifier::text FROM pg_control_system()"),
        "taken_at": (moment - timedelta(hours=3)).isoformat(),
        "wal_archived_until": moment.isoformat(),
        "restored_at": (moment - timedelta(hours=1)).isoformat(),
    }
    file = folder / "drill.json"
    file.write_text(json.dumps(stated | values))
    signature = folder / "drill.json.sig"
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(folder / f"{by}.pem"), "-in", str(file), "-out", str(signature))
    if encoded:
        signature.write_bytes(base64.encodebytes(signature.read_bytes()))
    return file


def with_key(folder, name="dba.pub"):
    return {"MIGRATIONS_SAFETY_BACKUP_KEYS": str(folder / name)}


@pytest.mark.parametrize("encoded", [False, True])
def test_a_signed_drill_is_believed(hospital, keys, encoded):
    file = state(hospital, keys, encoded=encoded)

    done = migrate(hospital, "--require-backup", "24h", "--backups", f"signed:{file}", **with_key(keys))

    assert done.code == 0, done.said
    behind = last_run(hospital)["stands_on"]["backup"]
    assert (behind["kind"], behind["proof"]) == ("signed", "restored")


def test_a_drill_of_an_earlier_backup_proves_nothing_of_this_one(hospital, keys):
    file = state(hospital, keys, restored_at=(datetime.now(UTC) - timedelta(days=2)).isoformat())

    where = ("--require-backup", "24h", "--backups", f"signed:{file}")
    assert refused(hospital, *where, **with_key(keys)) == ["backup.E022"]


def test_a_statement_that_was_changed_or_signed_by_another_is_not_believed(hospital, keys):
    file = state(hospital, keys, by="somebody")
    where = ("--require-backup", "24h", "--backups", f"signed:{file}")
    assert refused(hospital, *where, **with_key(keys))[0] == "backup.E023"

    file = state(hospital, keys)
    file.write_text(file.read_text().replace("main", "other"))
    assert refused(hospital, *where, **with_key(keys))[0] == "backup.E023"


@pytest.mark.parametrize(
    "values",
    [{"taken_at": "yesterday"}, {"taken_at": "2026-11-27T00:00:00"}, {"states": "x"}, {"schema_version": 2}],
)
def test_a_statement_in_another_form_is_not_believed(hospital, keys, values):
    file = state(hospital, keys, **values)

    where = ("--require-backup", "24h", "--backups", f"signed:{file}")
    assert refused(hospital, *where, **with_key(keys))[0] == "backup.E023"


@pytest.mark.parametrize("key", [None, "missing.pub", "dba.pem", "drill.json"])
def test_without_a_key_that_may_sign_nobody_knows(hospital, keys, key):
    file = state(hospital, keys)
    variables = with_key(keys, key) if key else {}

    done = migrate(hospital, "--require-backup", "24h", "--backups", f"signed:{file}", **variables)

    assert done.code == 2, done.said
    assert "MIGRATIONS_SAFETY_BACKUP_KEYS" in done.err
    assert "Traceback" not in done.err
