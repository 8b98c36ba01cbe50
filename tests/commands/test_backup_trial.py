"""What a backup must survive: kills, full disks, damage, missing programs and rights, keys that hide orphans."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from migrations_safety.backup.manifest import Proof, read, verify_archive
from migrations_safety.backup.trial import read_to_the_end
from migrations_safety.postgresql.programs import program
from tests.support import commands
from tests.support.factories import new_id

VERSION = int(os.environ.get("POSTGRESQL_VERSION", "18"))
ORPHANS = """
CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent);
SET session_replication_role = replica; INSERT INTO child VALUES (4711), (4712); RESET session_replication_role
"""
LARGE = """
CREATE TABLE large AS SELECT n, md5(random()::text) || md5(random()::text) || md5(random()::text) AS told
FROM generate_series(1, {rows}) AS n
"""


def backup(database, folder, *arguments, **words):
    return database.run("backup_database", "--output", str(folder), "--no-progress", *arguments, **words)


def manifest_in(folder):
    [file] = Path(folder).glob("*.manifest.json")
    return read(file)


def hidden_and_archives(folder):
    return [one.name for one in Path(folder).iterdir()] if Path(folder).exists() else []


def backups_of(database):
    return database.value(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'migrations_safety backup' "
        "AND datname = current_database()"
    )


def test_a_valid_key_with_orphans_fails_the_trial(empty, tmp_path):
    empty.execute(ORPHANS)

    done = backup(empty, tmp_path, "--format", "json")

    found = [(one["id"], one["subject"]) for one in done.json["findings"]]
    assert (done.code, found) == (1, [("backup.E001", "foreign key child_id_fkey")])
    assert "4711" not in done.said
    assert manifest_in(tmp_path).proof is Proof.READ
    assert manifest_in(tmp_path).not_restored == ("foreign key child_id_fkey",)


def test_a_key_that_is_not_valid_is_no_obstacle(empty, tmp_path):
    empty.execute("CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int); INSERT INTO child VALUES (1)")
    empty.execute("ALTER TABLE child ADD FOREIGN KEY (id) REFERENCES parent NOT VALID")

    assert backup(empty, tmp_path).code == 0
    assert manifest_in(tmp_path).proof is Proof.COMPARED


def test_objects_of_many_kinds_come_back_as_they_were(empty, tmp_path):
    empty.execute("""
        CREATE SCHEMA "Odd one"; CREATE EXTENSION IF NOT EXISTS plpgsql;
        CREATE TYPE "Odd one".colour AS ENUM ('red', 'it''s');
        CREATE TABLE "Odd one"."a.b" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, c "Odd one".colour,
            s varchar(9) CHECK (s IN ('a', 'b')), twice int GENERATED ALWAYS AS (length(s) * 2) STORED,
            UNIQUE NULLS NOT DISTINCT (s));
        INSERT INTO "Odd one"."a.b" (c, s) VALUES ('red', 'a'), ('it''s', NULL);
        CREATE FUNCTION low(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(t)';
        CREATE INDEX ON "Odd one"."a.b" (low(s));
        CREATE TABLE left_one (id int PRIMARY KEY); CREATE TABLE right_one (id int PRIMARY KEY REFERENCES left_one);
        ALTER TABLE left_one ADD FOREIGN KEY (id) REFERENCES right_one DEFERRABLE INITIALLY DEFERRED;
        CREATE TABLE parts (id int, told text) PARTITION BY RANGE (id);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1, 'x');
        CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM parts;
        CREATE UNLOGGED TABLE light AS SELECT 1 AS one; SELECT lo_from_bytea(0, 'large object');
        CREATE POLICY own ON parts USING (true); ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
    """)

    done = backup(empty, tmp_path)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED, done.said
    counted = {(one.schema, one.table): one.rows for one in manifest_in(tmp_path).tables}
    assert counted["Odd one", "a.b"] == 2
    assert counted["public", "parts_1"] == 1


def test_what_reaches_other_servers_is_left_out_of_the_trial_and_named(empty, tmp_path):
    empty.execute("""
        CREATE TABLE told (id int PRIMARY KEY); CREATE PUBLICATION sent FOR TABLE told;
        CREATE SUBSCRIPTION got CONNECTION 'host=127.0.0.1 port=1 password=hush' PUBLICATION sent
            WITH (connect = false, slot_name = NONE);
        CREATE FUNCTION noticed() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER notices ON ddl_command_end EXECUTE FUNCTION noticed();
        COMMENT ON EVENT TRIGGER notices IS 'any'; COMMENT ON PUBLICATION sent IS 'any';
    """)
    try:
        done = backup(empty, tmp_path)
    finally:
        empty.execute("DROP SUBSCRIPTION got")

    assert done.code == 0, done.said
    named = " ".join(manifest_in(tmp_path).not_restored)
    assert "PUBLICATION sent" in named
    assert "SUBSCRIPTION got" in named
    assert "EVENT TRIGGER notices" in named
    assert "hush" not in done.said


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


@pytest.fixture
def small_disk(tmp_path):
    """A disk of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False).returncode:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("form", [(), ("--jobs", "2")])
def test_a_disk_that_gets_full_leaves_no_archive(empty, small_disk, form):
    empty.execute(LARGE.format(rows=150_000))  # 19 MB of tables, 8 MB of archive: more than a tenth

    done = backup(empty, small_disk / "x", "--no-restore-test", *form)

    assert done.code == 2, done.said
    assert "There is no backup:" in done.err
    assert hidden_and_archives(small_disk / "x") == []


def test_a_disk_that_is_too_small_is_seen_before(empty, small_disk):
    empty.execute(LARGE.format(rows=600_000))

    done = backup(empty, small_disk, "--no-restore-test")

    assert done.code == 2
    assert "needs at least" in done.err


@pytest.mark.parametrize("kept", [1, 100, 20_000, -1])
def test_a_truncated_archive_is_found_by_its_checksum_and_by_reading(empty, tmp_path, kept):
    empty.execute(LARGE.format(rows=10_000))
    backup(empty, tmp_path, "--no-restore-test")
    manifest = manifest_in(tmp_path)
    os.truncate(manifest.path, kept if kept > 0 else manifest.archive.bytes - 1)

    assert "bytes" in verify_archive(manifest)
    trial = read_to_the_end(manifest, program("pg_restore", least=VERSION))
    assert [one.id for one in trial.findings] == ["backup.E003"]
    assert trial.proof is Proof.WRITTEN


def test_a_flipped_bit_is_found_wherever_it_is(empty, tmp_path):
    empty.execute(LARGE.format(rows=1_000))
    backup(empty, tmp_path, "--no-restore-test")
    manifest = manifest_in(tmp_path)
    whole = manifest.path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        manifest.path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert verify_archive(manifest) == "has another checksum than what was written"
    manifest.path.write_bytes(whole)

    assert verify_archive(manifest) == ""


def test_a_folder_is_whole_too(empty, tmp_path):
    empty.execute(LARGE.format(rows=10_000))

    done = backup(empty, tmp_path, "--jobs", "2")

    manifest = manifest_in(tmp_path)
    assert (done.code, manifest.proof, manifest.archive.format) == (0, Proof.COMPARED, "directory"), done.said
    assert {one.stat().st_mode & 0o777 for one in manifest.path.iterdir()} == {0o600}
    next(manifest.path.glob("*.dat.gz")).write_bytes(b"other")
    assert verify_archive(manifest)


def test_a_role_behind_a_policy_is_refused_with_what_helps(empty, tmp_path, new_role):
    role = new_role()
    empty.execute("CREATE TABLE told (id int); ALTER TABLE told ENABLE ROW LEVEL SECURITY")
    empty.execute(f'GRANT pg_read_all_data TO "{role}"')
    url = empty.server.url(empty.name, user=role)

    refused = backup(empty, tmp_path, "--no-restore-test", url=url)

    assert refused.code == 2
    assert f'ALTER ROLE "{role}" BYPASSRLS;' in refused.err
    empty.execute(f'ALTER ROLE "{role}" BYPASSRLS')
    done = backup(empty, tmp_path, "--no-restore-test", url=url)
    assert done.code == 0, done.said
    assert "may not write the record of runs" in done.out


def test_a_role_that_may_not_read_everything_is_refused_with_the_grant(empty, tmp_path, new_role):
    role = new_role()
    empty.execute("CREATE TABLE told (id int)")

    refused = backup(empty, tmp_path, url=empty.server.url(empty.name, user=role))

    assert (refused.code, f'GRANT pg_read_all_data TO "{role}";' in refused.err) == (2, True), refused.said


def test_a_role_that_may_create_databases_restores_on_the_server(empty, tmp_path, new_role):
    role = new_role()
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")
    empty.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"; ALTER ROLE "{role}" CREATEDB')

    done = backup(empty, tmp_path, url=empty.server.url(empty.name, user=role))

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert empty.value("SELECT count(*) FROM pg_database WHERE datname LIKE 'confidential%%'") == 0


def test_nothing_is_overwritten(empty, tmp_path):
    (tmp_path / "mine.dump").write_text("precious")

    done = backup(empty, tmp_path / "mine.dump")

    assert (done.code, (tmp_path / "mine.dump").read_text()) == (2, "precious")
    assert "is there already" in done.err


def test_a_wrong_password_is_one_sentence(empty, tmp_path, new_role):
    url = empty.server.url(empty.name, user=new_role(), password="wrong")

    done = backup(empty, tmp_path, url=url)

    assert done.code == 2
    assert "Traceback" not in done.said
    assert "wrong" not in done.said


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


def test_it_is_a_run_of_its_own_in_the_record(migrated, tmp_path):
    done = backup(migrated, tmp_path, "--no-restore-test", "--format", "json")

    runs = json.loads(migrated.run("audit_runs", "--format", "json").out)["runs"]
    [run] = [one for one in runs if one["command"] == "backup_database"]
    assert run["run_id"] == done.json["run_id"]
    assert run["counts"]["sha256"] == manifest_in(tmp_path).archive.sha256
    assert run["counts"]["archive"] == str(manifest_in(tmp_path).path)


@pytest.fixture
def age_key(tmp_path):
    """The recipient, and the file of the identity that reads what is encrypted to it."""
    made = subprocess.run(["age-keygen", "-o", tmp_path / "key"], capture_output=True, text=True, check=True)
    return made.stderr.split()[-1], tmp_path / "key"


def test_an_encrypted_archive_was_restored_before(migrated, tmp_path, age_key):
    recipient, key = age_key

    done = backup(migrated, tmp_path / "x", "--encrypt-to", recipient)

    manifest = manifest_in(tmp_path / "x")
    assert (done.code, manifest.proof, manifest.archive.encrypted_to) == (0, Proof.COMPARED, recipient), done.said
    assert verify_archive(manifest) == ""
    assert manifest.path.read_bytes().startswith(b"age-encryption.org/v1")
    plain = subprocess.run(["age", "-d", "-i", key, manifest.path], capture_output=True, check=True).stdout
    (tmp_path / "plain").write_bytes(plain)
    listed = [program("pg_restore", least=VERSION).path, "--list", tmp_path / "plain"]
    assert b"TABLE DATA public bills" in subprocess.run(listed, capture_output=True, check=True).stdout
    suffixes = {one.suffix for one in (tmp_path / "x").iterdir()}
    assert suffixes == {".age", ".json"}


def test_gpg_encrypts_too(empty, tmp_path, monkeypatch):
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")
    (tmp_path / "gpg").mkdir(mode=0o700)
    known = os.environ | {"GNUPGHOME": str(tmp_path / "gpg")}
    make = ["gpg", "--batch", "--passphrase", "", "--quick-gen-key", "backup@hospital.example", "default", "default"]
    subprocess.run(make, env=known, check=True, capture_output=True)

    done = backup(empty, tmp_path / "x", "--no-restore-test", "--encrypt-to", "backup@hospital.example",
                  GNUPGHOME=str(tmp_path / "gpg"))  # fmt: skip

    manifest = manifest_in(tmp_path / "x")
    assert (done.code, manifest.proof) == (0, Proof.READ), done.said
    plain = subprocess.run(["gpg", "--batch", "-d", manifest.path], env=known, capture_output=True, check=True).stdout
    assert plain.startswith(b"PGDMP")
    subprocess.run(["gpgconf", "--kill", "all"], env=known, check=False)


def test_an_unknown_recipient_is_refused_before_the_dump(empty, tmp_path):
    done = backup(empty, tmp_path / "x", "--encrypt-to", "nobody@hospital.example")

    assert (done.code, "cannot encrypt to" in done.err) == (2, True), done.said
    assert hidden_and_archives(tmp_path / "x") == []


UNTRUSTED = """SELECT name FROM pg_available_extension_versions
WHERE NOT trusted AND superuser AND installed IS NOT TRUE AND name <> 'plpgsql' AND requires IS NULL
  AND name IN ('pg_stat_statements', 'pageinspect', 'pg_buffercache', 'amcheck', 'vector')"""


def test_an_extension_that_the_role_may_not_make_and_nothing_needs_is_named(empty, tmp_path, new_role):
    found = empty.rows(UNTRUSTED)
    if not found:
        pytest.skip("this server has no such extension")
    role = new_role()
    empty.execute(f"CREATE EXTENSION {found[0][0]}; CREATE TABLE told AS SELECT 1 AS one")
    empty.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"; ALTER ROLE "{role}" CREATEDB')

    done = backup(empty, tmp_path, url=empty.server.url(empty.name, user=role))

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert any(found[0][0] in one for one in manifest_in(tmp_path).not_restored)


def test_an_extension_that_a_table_needs_is_brought_back_where_that_can_be(empty, tmp_path, new_role):
    if ("vector",) not in empty.rows(UNTRUSTED):
        pytest.skip("this server has no such extension")
    role = new_role()
    empty.execute(
        "CREATE EXTENSION vector; CREATE TABLE told (id int, v vector(2)); INSERT INTO told VALUES (1, '[1,2]')"
    )
    empty.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"; ALTER ROLE "{role}" CREATEDB')

    done = backup(empty, tmp_path, url=empty.server.url(empty.name, user=role))

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert manifest_in(tmp_path).not_restored == ()


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
