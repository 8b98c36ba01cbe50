"""Where a backup is made from and restored to: standbys, databases of the caller, beside writers."""

import psycopg

from migrations_safety.backup.manifest import Proof
from tests.support.backups import LARGE, backup, manifest_in
from tests.support.factories import new_id


def test_a_standby_is_backed_up_and_says_that_it_is_not_recorded(migrated, standby_of, tmp_path):
    standby = standby_of(migrated)

    done = backup(standby, tmp_path)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).database.in_recovery
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert "does not have this backup: the server is a standby" in done.out


def test_an_empty_database_of_the_caller_is_used_and_emptied_again(empty, make, tmp_path):
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")
    scratch = make("empty")

    done = backup(empty, tmp_path, "--scratch-url", scratch.url)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert scratch.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0


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
