"""`diagnose`: where a database stands after a deploy that failed or was killed, in states that were really broken."""

import json
import os
import shlex
import signal
import threading
import time

import psycopg
import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import new_id, refer
from tests.support.pages import Command, blocks
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.any_postgresql

WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
NO_DEPLOY = "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1162367571)"


def diagnosed(database, **words):
    result = database.run("diagnose", "--format", "json", **words)
    assert result.code in (0, 1), result.said
    return result


def ids(result):
    return {one["id"] for one in result.json["findings"]}


def one(result, id):
    (found,) = [each for each in result.json["findings"] if each["id"] == id]
    return found


def commands(steps):
    return [
        step["command"].removeprefix("python manage.py ").split(" --expect")[0] for step in steps if step["command"]
    ]


def state(result, name):
    return next(area["state"] for area in result.json["areas"] if area["name"] == name)


def test_after_a_whole_deploy_there_is_nothing_to_do(migrated):
    result = diagnosed(migrated)

    assert (result.code, result.json["verdict"]) == (0, "nothing to do"), result.said
    assert result.json["forward"] == []
    assert state(result, "deploy lock") == "free"
    assert state(result, "constraints and indexes") == "all valid"
    assert result.err == "diagnose: nothing to do.\n"


def test_pending_migrations_are_something_to_do(hospital):
    result = diagnosed(hospital)

    assert result.code == 1
    assert "recovery.W023" in ids(result)
    assert commands(result.json["forward"])[:2] == ["precheck", "migrate"]
    assert commands(result.json["forward"])[-1] == "diagnose"


def test_a_killed_migrate_is_told_from_one_at_work(hospital):
    refer(hospital, "bills", new_id())
    assert hospital.run("backfill_placeholders").code == 0
    with hospital.session("LOCK TABLE bills IN ROW EXCLUSIVE MODE"), hospital.start("migrate") as running:
        hospital.wait_for(WAITS)
        at_work = diagnosed(hospital)
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=120)
    hospital.wait_for(NO_DEPLOY)

    killed = diagnosed(hospital)

    assert "recovery.W034" in ids(at_work)
    assert "recovery.W025" not in ids(at_work)
    assert "wait" in at_work.json["forward"][0]["why"]
    assert one(killed, "recovery.W025")["subject"] == "migrate"
    assert "recovery.W034" not in ids(killed)
    assert commands(killed.json["forward"])[:2] == ["precheck", "migrate"]
    assert commands(killed.json["back"])[:2] == ["rollback_patient_module --dry-run", "rollback_patient_module"]


def test_what_it_says_ends_the_deploy(hospital):
    refer(hospital, "bills", new_id())
    first = diagnosed(hospital)
    refused = hospital.run("migrate")
    again = diagnosed(hospital)
    for command in ["backfill_placeholders", *commands(again.json["forward"])]:
        result = hospital.run(*command.split())
        assert result.code == 0, result.said

    assert first.code == refused.code == again.code == 1


def test_a_key_not_valid_is_counted_for_orphans(make):
    hospital = make("with_keys")
    hospital.execute("SET session_replication_role = replica")
    refer(hospital, "bills", new_id())
    hospital.execute("RESET session_replication_role")

    result = diagnosed(hospital)

    assert one(result, "recovery.E028")["rows"] == 1
    assert one(result, "recovery.E028")["hint"] == "python manage.py backfill_placeholders"
    assert commands(result.json["forward"])[0] == "backfill_placeholders"
    assert {each["hint"] for each in result.json["findings"] if each["id"] == "recovery.W027"} == {
        "python manage.py migrate"
    }


def test_an_invalid_index_has_its_statement(migrated):
    migrated.execute('CREATE INDEX "Odd index" ON bills ("totalAmount")')
    migrated.execute("""UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"Odd index"'::regclass""")

    result = diagnosed(migrated)
    migrated.execute(result.json["forward"][0]["sql"])

    assert one(result, "recovery.W029")["hint"].startswith('REINDEX INDEX CONCURRENTLY "Odd index";')
    assert diagnosed(migrated).code == 0


def test_sessions_that_keep_others_waiting_are_named_by_the_head_of_the_queue(migrated):
    with (
        migrated.session("LOCK TABLE bills IN ACCESS EXCLUSIVE MODE") as first,
        psycopg.connect(migrated.url) as second,
    ):
        pid = first.info.backend_pid
        waiting = threading.Thread(target=second.execute, args=("SELECT count(*) FROM bills",))
        waiting.start()
        migrated.wait_for(WAITS)
        result = diagnosed(migrated)
        first.rollback()
        waiting.join()

    assert one(result, "recovery.W035")["subject"].startswith(f"session {pid} (idle in transaction")
    assert "1 session waiting on bills" in one(result, "recovery.W035")["message"]
    assert f"pg_terminate_backend({pid})" in one(result, "recovery.W035")["hint"]


def test_a_table_that_is_locked_hides_no_other_area(migrated):
    with migrated.session("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE"):
        result = diagnosed(migrated)

    assert result.code == 1
    assert "another session has locked a table" in one(result, "recovery.W041")["message"]
    assert state(result, "constraints and indexes") == "all valid"


def test_a_slot_that_nobody_reads_is_named(migrated):
    migrated.execute("SELECT pg_create_physical_replication_slot('old_slot', true)")
    try:
        migrated.execute("CREATE TABLE odd (id integer)")
        for _ in range(18):
            migrated.execute("INSERT INTO odd VALUES (1)")
            migrated.execute("SELECT pg_switch_wal()")
        result = diagnosed(migrated)
    finally:
        migrated.execute("SELECT pg_drop_replication_slot('old_slot')")

    found = one(result, "recovery.W038")
    assert found["subject"] == "the slot old_slot"
    assert "used by nobody" in found["message"]


def test_a_role_that_may_only_look_sees_what_it_may_not(migrated, new_role):
    name = new_role()

    result = diagnosed(migrated, url=migrated.server.url(migrated.name, user=name))

    assert result.code == 1
    assert "recovery.W041" in ids(result)


def test_a_standby_is_enough(migrated, standby_of):
    standby = standby_of(migrated)

    result = diagnosed(standby)

    assert result.code == 0, result.said
    assert result.json["database"]["in_recovery"] is True


def test_scratch_databases_of_killed_runs_are_named_with_their_statement(migrated):
    name = "migrations_safety_scratch_1_2_3"
    migrated.execute(f"CREATE DATABASE {name}")
    try:
        result = diagnosed(migrated)
        migrated.execute(result.json["forward"][0]["sql"])
    finally:
        migrated.execute(f"DROP DATABASE IF EXISTS {name}")

    assert one(result, "recovery.W032")["hint"] == f"DROP DATABASE {name};"
    assert diagnosed(migrated).code == 0


def test_it_changes_nothing_and_takes_two_seconds_at_most(migrated):
    before = migrated.value("SELECT count(*) FROM migrations_safety_run")

    result = diagnosed(migrated)

    assert result.json["seconds"] < 2
    assert migrated.value("SELECT count(*) FROM migrations_safety_run") == before


def test_a_wrong_database_is_refused(migrated):
    result = migrated.run("diagnose", "--expect-database", "another")

    assert result.code == 2
    assert result.out == ""


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_people_read_the_same(make, format):
    hospital = make("with_keys")

    result = hospital.run("diagnose", "--format", format)

    assert result.code == 1
    assert f"python manage.py migrate --expect-database {json.dumps(hospital.name)[1:-1]}".split(" --")[0] in result.out
    assert "Forward" in result.out


def test_text_fits_one_screen(make):
    hospital = make("with_keys")
    started = time.monotonic()

    result = hospital.run("diagnose")

    assert result.code == 1
    assert len(result.out.splitlines()) < 55
    assert time.monotonic() - started < 20


def test_more_pending_migrations_than_fit_a_screen_are_counted(empty):
    result = diagnosed(empty)

    told = [each for each in result.json["findings"] if each["id"] == "recovery.W023"]
    assert len(told) <= 8


def test_a_prepared_transaction_is_named(cluster, migrated):
    if migrated.value("SHOW max_prepared_transactions") == "0":
        pytest.skip("the server takes no prepared transactions")
    migrated.execute("BEGIN; LOCK TABLE bills; PREPARE TRANSACTION 'odd ''one'")

    result = diagnosed(migrated)
    migrated.execute(result.json["forward"][0]["sql"])

    assert one(result, "recovery.W037")["subject"] == "the transaction 'odd ''one'"
    assert "recovery.W037" not in ids(diagnosed(migrated))


def test_triggers_of_keys_that_are_disabled_are_named(migrated):
    migrated.execute("ALTER TABLE bills DISABLE TRIGGER ALL")

    result = diagnosed(migrated)
    migrated.execute(result.json["forward"][0]["sql"])

    assert one(result, "recovery.E030")["subject"] == "bills"
    assert diagnosed(migrated).code == 0


def test_nullified_references_are_told_and_are_no_work(hospital):
    refer(hospital, "bills", "00000000-0000-0000-0000-000000000000")
    for command in ("backfill_placeholders --nullify bills", "migrate"):
        assert hospital.run(*command.split()).code == 0

    result = diagnosed(hospital)

    assert result.code == 0, result.said
    assert one(result, "recovery.I031")["rows"] == 1


def test_a_partition_that_is_half_detached_is_finished_by_its_statement(migrated):
    migrated.execute("CREATE TABLE visit (day integer) PARTITION BY RANGE (day)")
    migrated.execute("CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM (0) TO (10)")
    with migrated.session("SELECT count(*) FROM visit"), psycopg.connect(migrated.url, autocommit=True) as second:
        second.execute("SET statement_timeout = '500ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            second.execute("ALTER TABLE visit DETACH PARTITION visit_old CONCURRENTLY")

    result = diagnosed(migrated)
    migrated.execute(result.json["forward"][0]["sql"])

    assert one(result, "recovery.W030")["subject"] == "visit"
    assert diagnosed(migrated).code == 0


def test_a_recorded_migration_without_a_file_is_another_release(migrated):
    migrated.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ehr', '0099_later', now())")

    result = diagnosed(migrated)

    assert one(result, "recovery.W024")["subject"] == "ehr.0099_later"
    assert "Install the release" in result.json["forward"][0]["why"]


def test_a_key_whose_table_is_locked_is_not_counted_and_that_is_said(make):
    hospital = make("with_keys")
    with hospital.session("LOCK TABLE bills IN ACCESS EXCLUSIVE MODE"):
        result = diagnosed(hospital)

    assert "another session has locked its tables" in one(result, "recovery.W028")["message"]


def test_the_page_is_followed_as_it_stands(make):
    hospital = make("with_keys", name="hospital")
    (command,) = [block for block in blocks("how-to/when-it-failed.md") if isinstance(block, Command)]

    result = hospital.run(*shlex.split(command.text)[2:])

    assert result.code == command.code == 1
    for line in [each.strip() for each in result.out.splitlines() if each.strip().startswith("python manage.py")]:
        if "rollback" not in line:
            done = hospital.run(*shlex.split(line, comments=True)[2:])
            assert done.code == 0, done.said
            if "diagnose" in line:
                break


def test_sessions_that_the_role_may_not_see_are_said_to_be_hidden(migrated, new_role):
    name = new_role()
    migrated.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{name}"')
    with migrated.session("SELECT count(*) FROM bills"):
        result = diagnosed(migrated, url=migrated.server.url(migrated.name, user=name))

    assert "may not see what 1 session with locks" in one(result, "recovery.W041")["message"]
    assert diagnosed(migrated).code == 0


def test_many_rows_without_an_index_take_no_longer(make):
    hospital = make("with_keys")
    hospital.execute("SET session_replication_role = replica")
    hospital.execute(
        'INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")'
        " SELECT gen_random_uuid(), n, gen_random_uuid(), 1, now() FROM generate_series(1, 300000) AS n"
    )
    hospital.execute("RESET session_replication_role")

    result = diagnosed(hospital)

    assert result.json["seconds"] < 2
    assert ids(result) & {"recovery.E028", "recovery.W028"}


def test_the_last_backup_is_found_where_the_record_or_a_place_names_it(make, tmp_path):
    hospital = make("empty", name="hospital")
    none = diagnosed(hospital)
    backed_up = hospital.run("backup_database", "--output", str(tmp_path), "--no-progress")
    assert backed_up.code == 0, backed_up.said

    recorded = diagnosed(hospital)
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in list(tmp_path.glob("*.*")):
        file.rename(moved / file.name)
    gone = diagnosed(hospital)
    named = hospital.run("diagnose", "--backups", str(moved), "--format", "json")

    assert state(none, "last backup") == "none known"
    assert one(none, "recovery.I043")["level"] == "info"
    assert "recovery.I043" not in ids(recorded) | ids(gone) | ids(named)
    assert f"compared, {tmp_path}" in state(recorded, "last backup")
    assert "not on this machine" not in state(recorded, "last backup")
    assert state(gone, "last backup").endswith("not on this machine")
    assert f" ago, compared, {moved}" in state(named, "last backup")


def test_the_way_back_is_the_app_s_own_rollback_and_is_followed(hospital):
    before = catalog_snapshot(hospital), row_snapshot(hospital, bookkeeping=False)
    assert hospital.run("migrate").code == 0

    back = commands(diagnosed(hospital).json["back"])
    done = [hospital.run(*command.split()) for command in back]

    assert back == ["rollback_patient_module --dry-run", "rollback_patient_module", "diagnose"]
    assert [result.code for result in done] == [0, 0, 1], [result.said for result in done]
    assert (catalog_snapshot(hospital), row_snapshot(hospital, bookkeeping=False)) == before


def test_the_way_back_of_one_app_alone_is_the_generic_one(hospital):
    assert hospital.run("migrate", "patients").code == 0
    hospital.execute("ALTER TABLE migrations_safety_run DISABLE TRIGGER ALL; DELETE FROM migrations_safety_run")
    assert hospital.run("migrate", "ehr").code == 0

    back = commands(diagnosed(hospital).json["back"])

    assert back[:2] == ["rollback_migrations ehr 0001_initial --dry-run", "rollback_migrations ehr 0001_initial"]


def test_what_the_last_deploy_stood_on_is_told(make, tmp_path):
    hospital = make("empty", name="hospital")
    done = hospital.run("migrate", "--backup", str(tmp_path), "--no-input")
    assert done.code == 0, done.said

    told = state(diagnosed(hospital), "last backup")

    assert f"; the last deploy stood on archive {tmp_path}" in told
    assert told.endswith(", compared")


def test_places_that_cannot_be_read_are_findings_and_take_no_longer(migrated, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    slow = tools / "pgbackrest"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    damaged = tmp_path / "damaged.dump.manifest.json"
    damaged.write_text("{}")
    places = [str(tmp_path / "missing"), "x" * 300, "~nobody_of_this_name/x", "pgbackrest:main", "pgbackrest:other"]
    places += ["signed:nothing", str(tmp_path)]

    result = migrated.run(
        "diagnose", "--format", "json", *(word for place in places for word in ("--backups", place)),
        PATH=f"{tools}:{os.environ['PATH']}",
    )  # fmt: skip

    told = {each["subject"]: each["message"] for each in result.json["findings"] if each["id"] == "backup.W020"}
    assert result.code == 1, result.said
    assert {*places[:-1], str(tmp_path / "damaged.dump.manifest.json")} == {*told}, told
    assert "pgbackrest gave no answer within" in told["pgbackrest:main"]
    assert "No such file" in told[places[0]]
    assert state(result, "last backup") == "none known"
    assert state(result, "constraints and indexes") == "all valid"
    assert result.json["seconds"] < 2.5
