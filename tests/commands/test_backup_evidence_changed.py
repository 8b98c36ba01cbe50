"""Manifests that somebody has changed, and folders with anything else than manifests in them."""

import hashlib
import json
import os

import pytest

from tests.support.backups import backup, migrate, refused

pytestmark = pytest.mark.any_postgresql
WHERE = ("--require-backup", "1h,read", "--backups")


@pytest.fixture
def hospital(make):
    return make("empty", name="hospital")


def test_one_that_says_otherwise_than_the_record_of_runs_is_none_wherever_it_was_found(hospital, tmp_path):
    assert backup(hospital, tmp_path, "--no-restore-test").code == 0
    [file] = tmp_path.glob("*.manifest.json")
    told = json.loads(file.read_text())
    archive = tmp_path / told["archive"]["file"]
    content = archive.read_bytes()
    other = {"bytes": len(content) + 1, "sha256": hashlib.sha256(content + b"x").hexdigest()}

    file.write_text(json.dumps(told | {"proof": "compared"}))
    assert refused(hospital, *WHERE, str(tmp_path)) == ["backup.E023", "backup.E020"]
    file.write_text(json.dumps(told | {"taken_at": told["taken_at"].replace("20", "21", 1)}))
    assert refused(hospital, *WHERE, str(tmp_path)) == ["backup.E023", "backup.E020"]
    file.write_text(json.dumps(told | {"archive": told["archive"] | other}))
    archive.write_bytes(content + b"x")
    assert refused(hospital, *WHERE, str(tmp_path)) == ["backup.E023", "backup.E020"]
    file.write_text(json.dumps(told))
    archive.write_bytes(content)
    assert migrate(hospital, *WHERE, str(tmp_path)).code == 0


def test_what_is_no_manifest_is_said_and_hides_no_other(hospital, tmp_path):
    assert backup(hospital, tmp_path, "--no-restore-test").code == 0
    [file] = tmp_path.glob("*.manifest.json")
    told = json.loads(file.read_text())
    hospital.execute("DROP TABLE migrations_safety_run CASCADE")
    others = tmp_path / "others"
    others.mkdir()
    os.mkfifo(others / "pipe.manifest.json")
    (others / "device.manifest.json").symlink_to("/dev/zero")
    (others / os.fsdecode(b"\xff.manifest.json")).write_text("")
    for name, text in {
        "deep": "[" * 200_000,
        "bytes": json.dumps(told | {"archive": told["archive"] | {"bytes": "12"}}),
        "name": json.dumps(told | {"archive": told["archive"] | {"file": "\ud800"}}),
        "early": json.dumps(told | {"taken_at": "0001-01-01T00:00:00+12:00"}),
    }.items():
        (others / f"{name}.manifest.json").write_text(text)

    assert refused(hospital, *WHERE, str(others))[:6] == ["backup.E023"] * 6
    for one in file.parent.glob(f"{told['archive']['file']}*"):
        one.rename(others / one.name)
    assert migrate(hospital, *WHERE, str(others)).code == 0


@pytest.mark.parametrize(
    ("name", "reason"), [("x" * 220 + ".dump", "would be too long by 5 bytes"), (os.fsdecode(b"\xff.dump"), "UTF-8")]
)
def test_a_name_that_no_archive_can_have_is_refused_before_the_dump(hospital, tmp_path, name, reason):
    done = backup(hospital, tmp_path / name)

    assert done.code == 2, done.said
    assert reason in done.err
    assert list(tmp_path.iterdir()) == []
