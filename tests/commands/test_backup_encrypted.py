"""Archives that only a recipient can read, by age and by gpg."""

import os
import subprocess

import pytest

from migrations_safety.backup.manifest import Proof, verify_archive
from migrations_safety.postgresql.programs import program
from tests.support.backups import VERSION, backup, hidden_and_archives, manifest_in

pytestmark = pytest.mark.slow


def test_an_encrypted_archive_was_restored_before(migrated, tmp_path, age_key):
    recipient, key = age_key

    done = backup(migrated, tmp_path / "x", "--encrypt-to", recipient)

    manifest = manifest_in(tmp_path / "x")
    assert (done.code, manifest.proof, manifest.archive.encrypted_to) == (0, Proof.COMPARED, recipient), done.said
    assert verify_archive(manifest) == ""
    assert manifest.path.read_bytes().startswith(b"age-encryption.org/v1")
    plain = subprocess.run(["age", "-d", "-i", key, manifest.path], capture_output=True, check=True).stdout
    (tmp_path / "plain").write_bytes(plain)
    listed = [program("pg_restore", least=VERSION).path, "--list", tmp_path / "plain"]
    assert b"TABLE DATA public bills" in subprocess.run(listed, capture_output=True, check=True).stdout
    suffixes = {one.suffix for one in (tmp_path / "x").iterdir()}
    assert suffixes == {".age", ".json"}


def test_gpg_encrypts_too(empty, tmp_path, monkeypatch):
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")
    (tmp_path / "gpg").mkdir(mode=0o700)
    known = os.environ | {"GNUPGHOME": str(tmp_path / "gpg")}
    make = ["gpg", "--batch", "--passphrase", "", "--quick-gen-key", "backup@hospital.example", "default", "default"]
    subprocess.run(make, env=known, check=True, capture_output=True)

    done = backup(empty, tmp_path / "x", "--no-restore-test", "--encrypt-to", "backup@hospital.example",
                  GNUPGHOME=str(tmp_path / "gpg"))  # fmt: skip

    manifest = manifest_in(tmp_path / "x")
    assert (done.code, manifest.proof) == (0, Proof.READ), done.said
    plain = subprocess.run(["gpg", "--batch", "-d", manifest.path], env=known, capture_output=True, check=True).stdout
    assert plain.startswith(b"PGDMP")
    subprocess.run(["gpgconf", "--kill", "all"], env=known, check=False)


def test_an_unknown_recipient_is_refused_before_the_dump(empty, tmp_path):
    done = backup(empty, tmp_path / "x", "--encrypt-to", "nobody@hospital.example")

    assert (done.code, "cannot encrypt to" in done.err) == (2, True), done.said
    assert hidden_and_archives(tmp_path / "x") == []
