"""`diagnose`: where a database stands after a deploy that failed or was killed, in states that were really broken."""

import signal
import threading

import psycopg
import pytest

from tests.support.diagnosed import commands, diagnosed, ids, one, state
from tests.support.factories import new_id, refer

pytestmark = pytest.mark.any_postgresql

WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
NO_DEPLOY = "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1162367571)"


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
        try:
            migrated.wait_for(WAITS)
            result = diagnosed(migrated)
        finally:
            first.rollback()
            waiting.join()

    assert one(result, "recovery.W035")["subject"].startswith(f"session {pid} (idle in transaction")
    assert "1 session waiting on bills" in one(result, "recovery.W035")["message"]
    assert f"pg_terminate_backend({pid})" in one(result, "recovery.W035")["hint"]


def test_a_table_that_is_locked_hides_no_other_area(migrated):
    with migrated.session("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE") as holder:
        pid, result = holder.info.backend_pid, diagnosed(migrated)

    assert result.code == 1
    assert "another session has locked a table" in one(result, "recovery.W041")["message"]
    assert "when what stands in the way has ended" in one(result, "recovery.W041")["hint"]
    assert one(result, "recovery.W036")["subject"] == f"session {pid}"
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
    messages = [each["message"] for each in result.json["findings"] if each["id"] == "recovery.W041"]
    assert f'was not looked at: The role "{name}" may not read django_migrations. Nothing was checked.' in messages


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


def test_it_changes_nothing(migrated):
    before = migrated.value("SELECT count(*) FROM migrations_safety_run")

    diagnosed(migrated)

    assert migrated.value("SELECT count(*) FROM migrations_safety_run") == before


def test_a_wrong_database_is_refused(migrated):
    result = migrated.run("diagnose", "--expect-database", "another")

    assert result.code == 2
    assert result.out == ""


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


def test_a_key_whose_table_is_locked_is_not_counted_and_that_is_said(make):
    hospital = make("with_keys")
    with hospital.session("LOCK TABLE bills IN ACCESS EXCLUSIVE MODE"):
        result = diagnosed(hospital)

    assert "another session has locked its tables" in one(result, "recovery.W028")["message"]


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

    assert ids(result) & {"recovery.E028", "recovery.W028"}
