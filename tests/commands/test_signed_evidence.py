"""A file in which somebody states a backup is believed if a key that the project names has signed it."""

import base64
import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.backups import last_run, migrate, refused

pytestmark = pytest.mark.any_postgresql


@pytest.fixture
def hospital(make):
    return make("empty", name="hospital")


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
