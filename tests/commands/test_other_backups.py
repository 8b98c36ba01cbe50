"""What a real pgBackRest and a real Barman say of their backups is evidence; they are read, never driven."""

import os

import psycopg
import pytest

from tests.support.cluster import Database
from tests.support.other_backups import BINARIES, MISSING, backed_up_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.any_postgresql,
    pytest.mark.skipif(bool(MISSING) or not BINARIES.exists(), reason=f"not installed: {MISSING or BINARIES}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Barman runs as the user that its configuration names: root here"),
]


@pytest.fixture(scope="module")
def made():
    with backed_up_server() as made:
        with psycopg.connect(made.server.url(), autocommit=True) as session:
            session.execute("CREATE DATABASE hospital")
        made.pgbackrest("stanza-create")  # from here on WAL is archived; without it no base backup ends
        yield made


@pytest.fixture(scope="module")
def hospital(made):
    database = Database(server=made.server, name="hospital")
    yield database
    database.connection.close()


def migrate(database, *arguments):
    return database.run("migrate", "patients", "--no-input", *arguments)


def last_backup(database, place):
    """What `diagnose` says of the last backup."""
    looked = database.run("diagnose", "--backups", place, "--format", "json")
    return next(area["state"] for area in looked.json["areas"] if area["name"] == "last backup")


def test_pgbackrest_is_believed_as_far_as_it_was_tried(made, hospital):
    place = f"pgbackrest:main:{made.pgbackrest_config}"
    without = migrate(hospital, "--require-backup", "1h,written", "--backups", place)
    made.pgbackrest("--type=full", "--start-fast", "backup")

    told = hospital.run("precheck", "--backups", place, "--format", "json")
    looked = last_backup(hospital, place)
    too_much = migrate(hospital, "--require-backup", "1h", "--backups", place)
    hospital.execute("SELECT pg_sleep(1)")  # a backup may be younger than a second by now
    old = migrate(hospital, "--require-backup", "1s,written", "--backups", place)
    done = migrate(hospital, "--require-backup", "1h,written", "--backups", place)

    assert (without.code, "backup.E020" in without.out) == (1, True), without.said
    [last] = [one for one in told.json["findings"] if one["id"] == "backup.I020"]
    assert last["subject"].startswith("main 20")
    assert " ago, written, pgbackrest main 20" in looked
    assert (too_much.code, "backup.E022" in too_much.out) == (1, True), too_much.said
    assert "signed:FILE" in too_much.out
    assert (old.code, "backup.E021" in old.out) == (1, True), old.said
    assert done.code == 0, done.said
    run = hospital.run("audit_runs", "--format", "json").json["runs"][-1]
    behind = run["stands_on"]["backup"]
    assert (behind["kind"], behind["proof"], behind["checksum"]) == ("pgbackrest", "written", None)
    assert len(behind["wal_archived_until"]) == 24


def test_barman_is_believed_as_far_as_it_was_tried(made, hospital):
    hospital.run("migrate", "patients", "zero")
    place = f"barman:ward:{made.barman_config}"
    made.barman("receive-wal", "--create-slot", "ward")
    without = migrate(hospital, "--require-backup", "1h,written", "--backups", place)
    made.receive()
    made.barman("backup", "--wait", "--wait-timeout", "60", "ward")

    done = migrate(hospital, "--require-backup", "1h,written", "--backups", place, "--format", "json")

    assert (without.code, "backup.E020" in without.out) == (1, True), without.said
    assert done.code == 0, done.said
    assert "Backup: ward 20" in done.err
    run = hospital.run("audit_runs", "--format", "json").json["runs"][-1]
    assert run["stands_on"]["backup"]["kind"] == "barman"
    assert " ago, written, barman ward 20" in last_backup(hospital, place)


def test_a_backup_of_another_server_is_none_of_this_one(made, make):
    other = make("empty", name="hospital")

    refused = migrate(other, "--require-backup", "1h,written", "--backups", f"pgbackrest:main:{made.pgbackrest_config}")

    assert (refused.code, "backup.E020" in refused.out) == (1, True), refused.said
    assert "of other databases or servers" in " ".join(refused.out.split())


@pytest.mark.parametrize("place", ["pgbackrest:nothing", "barman:nothing", "pgbackrest:", "barman:"])
def test_a_tool_that_does_not_know_is_no_answer(hospital, place):
    hospital.run("migrate", "patients", "zero")

    refused = migrate(hospital, "--require-backup", "1h,written", "--backups", place)

    assert refused.code == 2, refused.said
    assert "is not known" in refused.err
    assert "Traceback" not in refused.err
