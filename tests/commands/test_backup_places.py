"""Where a backup is made from and restored to: standbys, databases of the caller, beside writers."""

import psycopg
import pytest

from migrations_safety.backup.backup import run
from migrations_safety.backup.manifest import Proof, read, verify_archive
from migrations_safety.backup.options import BackupOptions
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.same_machine import server_is_here
from tests.support.backups import LARGE, backup, manifest_in
from tests.support.factories import new_id
from tests.support.wire_relay import Relay

pytestmark = pytest.mark.slow


def test_a_standby_is_backed_up_and_its_primary_stands_on_that(hospital, standby_of, tmp_path):
    standby = standby_of(hospital)

    done = backup(standby, tmp_path)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).database.in_recovery
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert "does not have this backup: the server is a standby" in done.out
    where = ("--require-backup", "1h,compared", "--backups", str(tmp_path))
    assert hospital.run("migrate", "patients", "--no-input", *where).code == 0


def test_an_empty_database_of_the_caller_is_used_and_emptied_again(empty, make, tmp_path):
    empty.execute("CREATE TABLE told AS SELECT 1 AS one; SELECT lo_from_bytea(0, 'a patient''s letter')")
    scratch = make("empty")

    done = backup(empty, tmp_path, "--scratch-url", scratch.url)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert "backup.W002" not in done.out, done.said
    assert scratch.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    assert scratch.value("SELECT count(*) FROM pg_largeobject_metadata") == 0


def test_the_database_itself_is_no_scratch(empty, tmp_path):
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")

    done = backup(empty, tmp_path, "--scratch-url", empty.url, "--format", "json")

    assert (done.code, [one["id"] for one in done.json["findings"]]) == (1, ["backup.E005"])
    assert empty.value("SELECT count(*) FROM told") == 1


def test_counts_and_archive_see_one_snapshot_while_others_write(empty, tmp_path):
    empty.execute(LARGE.format(rows=200_000))
    ended = []
    with empty.start("backup_database", "--output", str(tmp_path), "--restore-test") as running:
        with psycopg.connect(empty.url, autocommit=True) as writer:
            while running.poll() is None:
                writer.execute("INSERT INTO large VALUES (0, %s)", [new_id()])
        ended.append(running.communicate())

    assert running.returncode == 0, ended
    assert manifest_in(tmp_path).proof is Proof.COMPARED


def test_two_at_once_into_one_folder_are_both_there(empty, tmp_path):
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")
    arguments = ("backup_database", "--output", str(tmp_path), "--no-restore-test")
    with (
        empty.start(*arguments) as one,
        empty.start(*arguments) as other,
        empty.start(*arguments, "--jobs", "2") as third,
    ):
        ended = [running.communicate(timeout=60) for running in (one, other, third)]

    assert [one.returncode, other.returncode, third.returncode] == [0, 0, 0], ended
    manifests = [read(file) for file in tmp_path.glob("*.manifest.json")]
    assert [verify_archive(manifest) for manifest in manifests] == ["", "", ""]
    assert len(list(tmp_path.iterdir())) == 9


def test_two_at_once_are_restored_beside_each_other(empty, tmp_path, may_copy):
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")
    arguments = ("backup_database", "--output", str(tmp_path))
    with empty.start(*arguments, url=may_copy) as one, empty.start(*arguments, url=may_copy) as other:
        ended = [running.communicate(timeout=60) for running in (one, other)]

    assert [one.returncode, other.returncode] == [0, 0], ended
    assert [read(file).proof for file in tmp_path.glob("*.manifest.json")] == [Proof.COMPARED, Proof.COMPARED]
    assert empty.value("SELECT count(*) FROM pg_database WHERE datname LIKE 'confidential%'") == 0


def test_two_at_once_into_one_file_are_one(empty, tmp_path):
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")
    arguments = ("backup_database", "--output", str(tmp_path / "x.dump"), "--no-restore-test")
    with empty.start(*arguments) as one, empty.start(*arguments) as other:
        ended = [running.communicate(timeout=60) for running in (one, other)]

    assert sorted([one.returncode, other.returncode]) == [0, 2], ended
    assert "is there already" in ended[0][1] + ended[1][1]
    assert verify_archive(manifest_in(tmp_path)) == ""
    assert len(list(tmp_path.iterdir())) == 3


def test_only_a_server_whose_process_is_seen_here_is_here(empty, in_process):
    def is_here(url=None):
        connection = in_process(empty, url=url)
        connection.ensure_connection()
        return server_is_here(connection)

    with Relay(to=empty.server.port) as port:
        by_tcp, by_tunnel = (
            f"postgresql://postgres:postgres@127.0.0.1:{one}/{empty.name}" for one in (empty.server.port, port)
        )

        assert (is_here(), is_here(by_tcp), is_here(by_tunnel)) == (True, True, False)


def test_the_role_that_django_assumes_is_that_of_the_dump(empty, in_process, new_role, tmp_path):
    login, reader = new_role(), new_role()
    empty.execute(
        f'GRANT "{reader}" TO "{login}"; ALTER ROLE "{login}" NOINHERIT; GRANT pg_read_all_data TO "{reader}"'
    )
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")
    connection = in_process(empty)
    connection.close()
    connection.settings_dict |= {"USER": login, "OPTIONS": {"assume_role": reader}}

    report = run(using="default", options=BackupOptions(output=tmp_path, restore_test=False), progress=Progress())

    assert report.manifest.proof is Proof.READ
    assert [one.rows for one in report.manifest.tables] == [1]
