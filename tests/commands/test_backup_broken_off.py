"""A trial that cannot begin or that breaks off leaves the archive, with its manifest at the level that was shown."""

import os
import signal
from contextlib import suppress

import pytest

from migrations_safety.backup.manifest import Proof, verify_archive
from tests.support import commands
from tests.support.backups import (
    IN_COPIES,
    LARGE,
    SLOW,
    backup,
    hidden_and_archives,
    ids,
    manifest_in,
    restoring_server,
)
from tests.support.cluster import Database

pytestmark = pytest.mark.slow

NOWHERE = "postgresql://postgres@127.0.0.1:1/scratch?connect_timeout=5"


def is_there(folder, proof):
    """Whether the archive is whole there, and its manifest with that level and the roles beside it."""
    manifest = manifest_in(folder)
    return (manifest.proof, verify_archive(manifest), len(hidden_and_archives(folder))) == (proof, "", 3)


def test_a_server_of_the_test_that_cannot_be_reached(empty, tmp_path):
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")

    done = backup(empty, tmp_path, "--scratch-url", NOWHERE, "--format", "json")

    assert (done.code, ids(done)) == (1, ["backup.E005"]), done.said
    assert "Could not connect" in done.json["why_not_restored"]
    assert done.json["verdict"] == "failed"
    assert is_there(tmp_path, Proof.READ)


def test_a_session_that_is_lost_in_the_restore(empty, tmp_path, may_copy):
    empty.execute(SLOW)
    with empty.start("backup_database", "--output", str(tmp_path), "--format", "json", url=may_copy) as running:
        empty.wait_for(f"SELECT EXISTS ({IN_COPIES})")
        empty.execute(f"SELECT pg_terminate_backend(pid) FROM ({IN_COPIES}) AS one")
        out, said = running.communicate(timeout=60)

    assert running.returncode == 1, said
    assert "backup.E006" in out
    assert "cannot be restored" not in out
    assert is_there(tmp_path, Proof.READ)
    assert empty.value("SELECT count(*) FROM pg_database WHERE datname LIKE 'confidential%'") == 0


def test_a_deploy_whose_backup_was_not_tried_to_the_end_changes_nothing(empty, tmp_path, may_copy):
    empty.execute(SLOW)
    arguments = ("migrate", "patients", "--no-input", "--backup", str(tmp_path / "x"), "--format", "json")
    with empty.start(*arguments, url=may_copy) as running:
        empty.wait_for(f"SELECT EXISTS ({IN_COPIES})")
        empty.execute(f"SELECT pg_terminate_backend(pid) FROM ({IN_COPIES}) AS one")
        out, said = running.communicate(timeout=60)

    assert running.returncode == 1, said
    assert '"verdict": "refused"' in out
    assert "backup.E006" in out
    assert empty.value("SELECT to_regclass('patients') IS NULL AND to_regclass('django_migrations') IS NULL")
    assert is_there(tmp_path / "x", Proof.READ)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT])
def test_a_server_of_the_test_that_dies_in_the_restore(empty, tmp_path, open_folder, number):
    empty.execute(SLOW)
    arguments = ("backup_database", "--output", str(tmp_path / "x"), "--format", "json")
    with commands.start_afresh(*arguments, **empty.variables(), TMPDIR=str(open_folder)) as running:
        kill_when_restoring(open_folder, number)
        out, said = running.communicate(timeout=60)

    assert running.returncode == 1, said
    assert "backup.E006" in out
    assert "backup.W002" not in out  # the copy is gone with the server
    assert is_there(tmp_path / "x", Proof.READ)
    assert list(open_folder.glob("migrations-safety-run-*")) == []


def kill_when_restoring(folder, number):
    """Send a signal to the postmaster of the server that is started in a folder, once the restore fills a table."""
    os.kill(restoring_server(folder), number)


def test_a_disk_of_the_test_that_gets_full(empty, tmp_path, small_disk):
    empty.execute(LARGE.format(rows=300_000))

    arguments = ("backup_database", "--output", str(tmp_path / "x"), "--restore-test", "--format", "json")
    with commands.start_afresh(*arguments, **empty.variables(), TMPDIR=str(small_disk(80))) as running:
        out, said = running.communicate(timeout=60)

    assert (running.returncode, "backup.E005" in out or "backup.E006" in out) == (1, True), out + said
    assert is_there(tmp_path / "x", Proof.READ)


def test_a_restore_that_takes_too_long(empty, tmp_path, may_copy):
    empty.execute(SLOW)

    done = backup(empty, tmp_path, "--max-restore-time", "1s", "--format", "json", url=may_copy)

    assert (done.code, ids(done)) == (0, ["backup.W001"]), done.said
    assert is_there(tmp_path, Proof.READ)
    assert empty.value("SELECT count(*) FROM pg_database WHERE datname LIKE 'confidential%'") == 0


def test_a_folder_that_gets_full_during_the_trial(empty, small_disk, may_copy):
    empty.execute(SLOW)
    folder = small_disk(4) / "x"
    with empty.start("backup_database", "--output", str(folder), "--format", "json", url=may_copy) as running:
        empty.wait_for(f"SELECT EXISTS ({IN_COPIES})")
        with suppress(OSError):
            (folder / "other").write_bytes(b" " * 5 * 1024**2)
        empty.execute(f"SELECT pg_terminate_backend(pid) FROM ({IN_COPIES}) AS one")
        out, said = running.communicate(timeout=60)

    (folder / "other").unlink()
    assert running.returncode == 1, said
    assert "backup.E007" in out
    assert is_there(folder, Proof.WRITTEN)


def test_a_server_that_refuses_a_database_is_left_for_one_of_our_own(standalone, tmp_path):
    database = Database(standalone, "postgres")
    database.execute("CREATE ROLE deploy LOGIN CREATEDB; GRANT pg_read_all_data, pg_read_all_settings TO deploy")
    database.execute("UPDATE pg_database SET datistemplate = false WHERE datname = 'template0'")
    database.close()

    done = backup(database, tmp_path, url=standalone.url("postgres", user="deploy"))

    assert done.code == 0, done.said
    assert is_there(tmp_path, Proof.COMPARED)


def test_a_deploy_whose_backup_has_no_place_for_its_trial_changes_nothing(empty, tmp_path, small_disk):
    arguments = ("migrate", "patients", "--no-input", "--backup", str(tmp_path / "x"), "--format", "json")
    with commands.start_afresh(*arguments, **empty.variables(), TMPDIR=str(small_disk(16))) as running:
        out, said = running.communicate(timeout=60)

    assert (running.returncode, '"verdict": "refused"' in out, "backup.E005" in out) == (1, True, True), out + said
    assert empty.value("SELECT to_regclass('patients') IS NULL AND to_regclass('django_migrations') IS NULL")
    assert is_there(tmp_path / "x", Proof.READ)
