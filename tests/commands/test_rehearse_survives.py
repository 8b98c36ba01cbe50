"""A rehearsal beside another one, on a full disk, and one that was killed: nothing stays, and nobody is harmed."""

import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.row_snapshot import row_snapshot


def copies(database):
    return [name for (name,) in database.rows("SELECT datname FROM pg_database WHERE datname ~ '^confidential_copy_'")]


@pytest.fixture
def deployer(hospital, new_role):
    """The address of a role whose copies are made on the hospital's own server."""
    role = new_role()
    hospital.execute(f'ALTER ROLE "{role}" CREATEDB; GRANT pg_read_all_data, pg_read_all_settings TO "{role}"')
    return hospital.server.url(hospital.name, user=role, password="secret")


@contextmanager
def small_disk(size):
    """A disk of its own for temporary files, which the user of the server may enter too."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", name]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount a disk")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def test_two_rehearsals_at_once_leave_each_other_alone(hospital, deployer):
    before = row_snapshot(hospital)

    with (
        hospital.start("rehearse", "--writers", "0", url=deployer) as one,
        hospital.start("rehearse", "--writers", "0", url=deployer) as other,
    ):
        said = [running.communicate(timeout=300) for running in (one, other)]

    assert [one.returncode, other.returncode] == [0, 0], said
    assert (copies(hospital), row_snapshot(hospital)) == ([], before)


def test_a_copy_that_a_kill_has_left_is_named_by_diagnose_until_the_next_run_drops_it(hospital, deployer):
    with hospital.start("rehearse", url=deployer) as running:
        hospital.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE '%%rehearsal'")
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)
    hospital.wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE datname LIKE 'confidential_copy_%%'")
    left = copies(hospital)

    seen = hospital.run("diagnose", "--format", "json")

    assert left and seen.code == 1
    subjects = " ".join(one["subject"] for one in seen.json["findings"])
    assert [name for name in left if name not in subjects] == []
    assert hospital.run("rehearse", "--writers", "0", "--limit-wal", "0", url=deployer).code == 1
    assert copies(hospital) == []


def test_a_disk_that_is_too_small_and_one_that_gets_full_end_it_and_nothing_stays(hospital):
    before = row_snapshot(hospital)
    with small_disk("4m") as folder:
        small = hospital.run("rehearse", TMPDIR=str(folder))
        assert list(folder.iterdir()) == []

    with small_disk("400m") as folder:
        with hospital.start("rehearse", TMPDIR=str(folder)) as running:
            wait_until_ready(folder)
            fill(folder / "filler")
            _, said = running.communicate(timeout=120)
        left = list(folder.glob("migrations-safety-run-*"))

    assert small.code == 2 and "too little space in" in small.said and "--scratch-url URL" in small.said
    assert running.returncode == 2 and "--scratch-url URL" in said, said
    assert "the disk of its server is full" in said or "has ended, as with a full disk" in said
    assert (left, row_snapshot(hospital)) == ([], before)


def wait_until_ready(folder: Path) -> None:
    end = time.monotonic() + 60
    pattern = "migrations-safety-run-*/server/data/postmaster.pid"
    while not any("ready" in one.read_text() for one in folder.glob(pattern)):
        assert time.monotonic() < end, "no server was started"
        time.sleep(0.005)


def fill(file: Path) -> None:
    with file.open("wb") as disk:
        try:
            while True:
                disk.write(bytes(2**20))
        except OSError:
            return
