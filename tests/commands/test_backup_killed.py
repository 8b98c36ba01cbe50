"""A backup that is killed or stopped leaves no archive, no pg_dump and no copy that the next run does not remove."""

import signal
import time
from pathlib import Path

import pytest

from migrations_safety.backup.manifest import Proof
from tests.support import commands
from tests.support.backups import (
    IN_COPIES,
    LARGE,
    SLOW,
    backup,
    backups_of,
    hidden_and_archives,
    manifest_in,
    restoring_server,
)
from tests.support.diagnosed import diagnosed
from tests.support.diagnosed import ids as ids_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("form", [(), ("--jobs", "2")])
def test_a_killed_backup_takes_pg_dump_along_and_leaves_no_file(empty, tmp_path, form):
    empty.execute(LARGE.format(rows=600_000))
    arguments = ("backup_database", "--output", str(tmp_path / "x"), "--no-restore-test", *form)
    with commands.start_afresh(*arguments, **empty.variables()) as running:
        empty.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'COPY public.large%')")
        running.send_signal(signal.SIGKILL)
        running.wait()

    empty.wait_for(
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'migrations_safety backup')",
        seconds=5,
    )
    time.sleep(0.2)
    assert hidden_and_archives(tmp_path / "x") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_backup_leaves_no_file_either(empty, tmp_path, number):
    empty.execute(LARGE.format(rows=600_000))
    arguments = ("backup_database", "--output", str(tmp_path / "x"), "--no-restore-test")
    with commands.start_afresh(*arguments, **empty.variables()) as running:
        empty.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'COPY public.large%')")
        running.send_signal(number)
        _, said = running.communicate(timeout=20)

    assert running.returncode == (130 if number is signal.SIGINT else 143), said
    assert hidden_and_archives(tmp_path / "x") == []
    assert backups_of(empty) == 0


def test_a_pg_dump_that_is_killed_leaves_no_archive(empty, tmp_path):
    empty.execute(LARGE.format(rows=600_000))
    with empty.start("backup_database", "--output", str(tmp_path / "x"), "--no-restore-test") as running:
        empty.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'COPY public.large%')")
        empty.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migrations_safety backup'"
        )
        _, said = running.communicate(timeout=30)

    assert running.returncode == 2, said
    assert "There is no backup: pg_dump ended with 1" in said
    assert hidden_and_archives(tmp_path / "x") == []


def test_a_restore_on_the_server_that_was_killed_is_cleaned_by_the_next_run(empty, tmp_path, new_role):
    role = new_role()
    empty.execute(LARGE.format(rows=300_000))
    empty.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"; ALTER ROLE "{role}" CREATEDB')
    url = empty.server.url(empty.name, user=role)
    variables = empty.variables(url)
    with commands.start_afresh("backup_database", "--output", str(tmp_path / "x"), **variables) as running:
        empty.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname LIKE 'confidential%%copy%%' "
                       "AND query LIKE 'COPY%%')", seconds=60)  # fmt: skip
        running.send_signal(signal.SIGKILL)
        running.wait()
    empty.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname LIKE 'confidential%')", seconds=10)
    assert empty.value("SELECT count(*) FROM pg_database WHERE datname LIKE 'confidential%'") == 1

    done = backup(empty, tmp_path / "y", url=url)

    assert done.code == 0, done.said
    assert empty.value("SELECT count(*) FROM pg_database WHERE datname LIKE 'confidential%'") == 0


def test_a_server_of_our_own_ends_with_a_killed_backup(empty, tmp_path, open_folder):
    empty.execute(SLOW)
    arguments = ("backup_database", "--output", str(tmp_path / "x"))
    with commands.start_afresh(*arguments, **empty.variables(), TMPDIR=str(open_folder)) as running:
        server = restoring_server(open_folder)
        running.send_signal(signal.SIGKILL)
        running.wait()

    end = time.monotonic() + 10
    while (left := list(open_folder.glob("migrations-safety-*"))) and time.monotonic() < end:
        time.sleep(0.02)
    assert left == []
    assert not Path(f"/proc/{server}").exists()
    assert manifest_in(tmp_path / "x").proof is Proof.WRITTEN


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_backup_that_is_stopped_in_its_trial_is_there(empty, tmp_path, open_folder, number):
    empty.execute(SLOW)
    arguments = ("backup_database", "--output", str(tmp_path / "x"))
    with commands.start_afresh(*arguments, **empty.variables(), TMPDIR=str(open_folder)) as running:
        restoring_server(open_folder)
        running.send_signal(number)
        _, said = running.communicate(timeout=20)

    assert running.returncode == (130 if number is signal.SIGINT else 143), said
    assert list(open_folder.glob("migrations-safety-*")) == []
    assert manifest_in(tmp_path / "x").proof is Proof.WRITTEN


def test_what_a_kill_leaves_in_a_given_database_is_named_by_diagnose_until_the_next_run_empties_it(
    empty, make, tmp_path
):
    scratch = make("empty", name="confidential_scratch")
    empty.execute(SLOW)
    words = ("--scratch-url", scratch.url)
    with empty.start("backup_database", "--output", str(tmp_path / "x"), *words) as running:
        empty.wait_for(f"SELECT EXISTS ({IN_COPIES})")
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)
    empty.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = 'confidential_scratch')")
    assert scratch.value("SELECT to_regclass('slow') IS NOT NULL")
    scratch.close()

    left = [one for one in diagnosed(empty).json["findings"] if one["id"] == "recovery.W032"]

    assert [one["subject"].partition(" on ")[0] for one in left] == ["confidential_scratch"]
    assert "backup_database with the same --scratch-url removes it" in left[0]["hint"]
    empty.execute("ALTER TABLE slow DROP CONSTRAINT slow_n_check")
    assert backup(empty, tmp_path / "y", *words).code == 0
    assert "recovery.W032" not in ids_of(diagnosed(empty))
    assert not scratch.value("SELECT to_regclass('slow') IS NOT NULL")
