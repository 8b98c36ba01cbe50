"""Archives that were cut, changed or put in place of others are found."""

import os

import pytest

from migrations_safety.backup.manifest import Proof, verify_archive
from migrations_safety.backup.trial import read_to_the_end
from migrations_safety.postgresql.programs import program
from tests.support.backups import LARGE, VERSION, backup, manifest_in


@pytest.mark.parametrize("kept", [1, 100, 20_000, -1])
def test_a_truncated_archive_is_found_by_its_checksum_and_by_reading(empty, tmp_path, kept):
    empty.execute(LARGE.format(rows=10_000))
    backup(empty, tmp_path, "--no-restore-test")
    manifest = manifest_in(tmp_path)
    os.truncate(manifest.path, kept if kept > 0 else manifest.archive.bytes - 1)

    assert "bytes" in verify_archive(manifest)
    trial = read_to_the_end(manifest, program("pg_restore", least=VERSION))
    assert [one.id for one in trial.findings] == ["backup.E003"]
    assert trial.proof is Proof.WRITTEN


def test_a_flipped_bit_is_found_wherever_it_is(empty, tmp_path):
    empty.execute(LARGE.format(rows=1_000))
    backup(empty, tmp_path, "--no-restore-test")
    manifest = manifest_in(tmp_path)
    whole = manifest.path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        manifest.path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert verify_archive(manifest) == "has another checksum than what was written"
    manifest.path.write_bytes(whole)

    assert verify_archive(manifest) == ""


def test_a_folder_is_whole_too(empty, tmp_path):
    empty.execute(LARGE.format(rows=10_000))

    done = backup(empty, tmp_path, "--jobs", "2")

    manifest = manifest_in(tmp_path)
    assert (done.code, manifest.proof, manifest.archive.format) == (0, Proof.COMPARED, "directory"), done.said
    assert {one.stat().st_mode & 0o777 for one in manifest.path.iterdir()} == {0o600}
    next(manifest.path.glob("*.dat.gz")).write_bytes(b"other")
    assert verify_archive(manifest)
