"""A rehearsal beside another one, on a full disk, and one that was killed: nothing stays, and nobody is harmed."""

import json
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.factories import new_id, refer
from tests.support.rehearsals import copies
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow

AT_WORK = "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE '%%rehearsal'"
NOBODY = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname LIKE 'confidential_copy_%%'"


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
    words = ("rehearse", "--writers", "0", "--format", "json")

    with (
        hospital.start(*words, url=deployer) as one,
        hospital.start(*words, "--limit-wal", "0", url=deployer) as other,
    ):
        said = [running.communicate(timeout=300) for running in (one, other)]

    assert [one.returncode, other.returncode] == [0, 1], said
    reports = [json.loads(out) for out, _ in said]
    assert [one["copy"]["place"] for one in reports] == ["server", "server"]
    errors = [{each["id"] for each in one["findings"] if each["level"] == "error"} for one in reports]
    assert errors == [set(), {"rehearsal.E004"}]
    assert (copies(hospital), row_snapshot(hospital)) == ([], before)


def test_one_that_is_ended_leaves_no_copy_and_one_of_a_kill_is_named_by_diagnose_until_the_next(hospital, deployer):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        with hospital.start("rehearse", url=deployer) as running:
            hospital.wait_for(AT_WORK)
            running.send_signal(number)
            running.communicate(timeout=120)
        if number != signal.SIGKILL:
            assert copies(hospital) == [], number
    hospital.wait_for(NOBODY)
    left = copies(hospital)

    seen = hospital.run("diagnose", "--format", "json")

    assert left and seen.code == 1
    subjects = " ".join(one["subject"] for one in seen.json["findings"])
    assert [name for name in left if name not in subjects] == []
    refer(hospital, "bills", new_id())
    before = row_snapshot(hospital)

    result = hospital.run("rehearse", "--format", "json", url=deployer)

    assert result.code == 1, result.said
    assert [one["id"] for one in result.json["findings"] if one["level"] == "error"] == ["rehearsal.E002"]
    assert "references.E001" in {one["id"] for one in result.json["steps"][-1]["findings"]}
    assert (copies(hospital), row_snapshot(hospital)) == ([], before)


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
