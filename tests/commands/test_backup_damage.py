"""Archives that were cut, changed or put in place of others are found."""

import pytest

from migrations_safety.backup.manifest import Proof, verify_archive
from migrations_safety.backup.trial import read_to_the_end
from migrations_safety.postgresql.programs import program
from tests.support.backups import LARGE, VERSION, backup, manifest_in


def damages(whole):
    """What becomes of an archive that is cut at either end, or has a bit that is another."""
    for count in (1, 100, 20_000):
        yield whole[:count]
        yield whole[:-count]
        yield whole[count:]
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        yield whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]


@pytest.mark.parametrize("form", ["custom", "encrypted", "directory"])
def test_an_archive_that_is_cut_or_changed_anywhere_is_found(empty, tmp_path, age_key, form):
    empty.execute(LARGE.format(rows=10_000))
    how = {"custom": (), "encrypted": ("--encrypt-to", age_key[0]), "directory": ("--jobs", "2")}[form]
    assert backup(empty, tmp_path / "x", "--no-restore-test", *how).code == 0
    manifest = manifest_in(tmp_path / "x")
    file = max(manifest.path.iterdir(), key=lambda one: one.stat().st_size) if form == "directory" else manifest.path
    whole = file.read_bytes()
    assert len(whole) > 20_000

    for damaged in damages(whole):
        file.write_bytes(damaged)
        trial = read_to_the_end(manifest, program("pg_restore", least=VERSION))
        assert ([one.id for one in trial.findings], trial.proof) == (["backup.E003"], Proof.WRITTEN)

    file.write_bytes(whole)
    assert verify_archive(manifest) == ""
    file.unlink()
    assert verify_archive(manifest) != ""


def test_a_folder_is_whole_too(empty, tmp_path):
    empty.execute(LARGE.format(rows=10_000))

    done = backup(empty, tmp_path, "--jobs", "2")

    manifest = manifest_in(tmp_path)
    assert (done.code, manifest.proof, manifest.archive.format) == (0, Proof.COMPARED, "directory"), done.said
    assert {one.stat().st_mode & 0o777 for one in manifest.path.iterdir()} == {0o600}
    next(manifest.path.glob("*.dat.gz")).write_bytes(b"other")
    assert verify_archive(manifest)
