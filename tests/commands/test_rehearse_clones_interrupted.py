"""`rehearse --clone-command` that is interrupted, or that fails, leaves no copy: the cleanup runs all the same."""

import signal
import time

import pytest

from tests.support.cluster import Database

pytestmark = pytest.mark.slow

CLEANUP = 'echo "$MIGRATIONS_SAFETY_CLONE_ID $MIGRATIONS_SAFETY_CLONE_URL" >> {file}'


def wait_for(file, *, seconds=60.0):
    end = time.monotonic() + seconds
    while not file.exists() or not file.read_text():
        assert time.monotonic() < end, f"{file} was not written in {seconds:g} s"
        time.sleep(0.02)
    return file.read_text().split()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_of_the_command_ends_it_and_cleans_up_what_it_has_made(hospital, tmp_path, number):
    begun, removed, later = tmp_path / "begun", tmp_path / "removed", tmp_path / "later"
    command = f'echo "$MIGRATIONS_SAFETY_CLONE_ID" > {begun}; sleep 60; touch {later}'
    words = ("--clone-command", command, "--clone-cleanup-command", CLEANUP.format(file=removed))

    with hospital.start("rehearse", *words) as running:
        [made] = wait_for(begun)
        running.send_signal(number)
        running.communicate(timeout=30)

    assert removed.read_text().split() == [made, "postgresql://nobody@127.0.0.1:1/nowhere"]
    assert not later.exists()


def test_a_command_that_fails_is_cleaned_up_after_and_a_server_that_it_leaves_is_not_waited_for(hospital, tmp_path):
    removed = tmp_path / "removed"
    cleanup = ("--clone-cleanup-command", CLEANUP.format(file=removed))
    began = time.monotonic()

    failed = hospital.run("rehearse", "--clone-command", "sleep 200 & exit 3", *cleanup)

    assert failed.code == 2 and "ended with 3" in failed.said
    assert time.monotonic() - began < 150, "the program in the background held the command"
    assert removed.read_text().split()[1:] == ["postgresql://nobody@127.0.0.1:1/nowhere"]


def test_an_interrupt_of_a_step_cleans_up_with_the_url(hospital, standby_of, tmp_path):
    hospital.close()
    snapshot = standby_of(hospital)
    snapshot.execute("SELECT pg_promote()")
    snapshot.wait_for("SELECT NOT pg_is_in_recovery()")
    snapshot.close()
    removed = tmp_path / "removed"
    words = ("--clone-command", f'echo "{snapshot.url}"', "--clone-cleanup-command", CLEANUP.format(file=removed))

    beside = Database(snapshot.server, "postgres")  # a copy that somebody uses is refused
    with hospital.start("rehearse", *words) as running:
        beside.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE '%%rehearsal'")
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)

    assert removed.read_text().split()[1:] == [snapshot.url]
    beside.close()
