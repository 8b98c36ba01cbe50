"""`migrate` beside a hospital at work: rows that arrive in between, locks of others, other deploys, sudden ends."""

import re
import signal
import time

import psycopg
import pytest

from tests.support import commands
from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import REFERENCING, new_id, refer
from tests.support.row_snapshot import row_snapshot
from tests.support.sample_app import SampleApp

DEPLOY_LOCK = "SELECT pg_advisory_lock(x'45485253'::integer, 1)"
WRITES = "LOCK TABLE {} IN ROW EXCLUSIVE MODE"
VALID = """SELECT count(*) FILTER (WHERE convalidated) || ' of ' || count(*) FROM pg_constraint
           WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)"""
NEW_BILL = """INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
              VALUES (gen_random_uuid(), 'NEW', gen_random_uuid(), 1, now())"""


def until(process, words, seconds=120):
    """Read stderr up to a line with the words; what was read."""
    read, end = "", time.monotonic() + seconds
    while words not in read:
        line = process.stderr.readline()
        assert line and time.monotonic() < end, read
        read += line
    return read


def test_orphans_between_the_gate_and_not_valid_stop_it_before_the_proof(hospital):
    with hospital.session(NEW_BILL) as writer, hospital.start("migrate") as running:
        told = until(running, "waits for a lock")
        writer.commit()
        out, err = running.communicate(timeout=120)

    assert "Gate: attention" in told
    assert running.returncode == 2, out
    assert 'bills."patientId" holds 1 value in 1 row with no row in patients. The key stays NOT VALID.' in err
    assert "python manage.py backfill_placeholders, then python manage.py migrate again" in err
    assert hospital.value(VALID, list(REFERENCING)) == "0 of 5"


def test_backfill_and_migrate_then_finish_what_was_stopped(hospital, make):
    with hospital.session(NEW_BILL) as writer, hospital.start("migrate") as running:
        until(running, "waits for a lock")
        writer.commit()
        running.communicate(timeout=120)

    codes = [hospital.run(command).code for command in ("backfill_placeholders", "migrate", "verify_patient_schema")]

    assert codes == [0, 0, 0]
    assert catalog_snapshot(hospital) == catalog_snapshot(make("migrated"))


@pytest.mark.parametrize("table", REFERENCING)
def test_orphans_between_not_valid_and_the_proof_are_refused_by_the_database(make, table):
    database = make("with_keys")

    with pytest.raises((psycopg.errors.ForeignKeyViolation, psycopg.errors.RestrictViolation)):
        refer(database, table, new_id())

    assert database.run("migrate").code == 0


def test_a_lock_that_is_never_free_ends_with_who_holds_it_and_nothing_half_done(hospital, make):
    secret = new_id()
    with hospital.session("SET application_name = 'ward-round'", WRITES.format("users")) as other:
        other.execute(f"SELECT '{secret}'")
        result = hospital.run("migrate", "--retry-for", "5")
        pid = other.info.backend_pid

    assert (result.code, result.out.count("OK")) == (2, 0)
    (last,) = re.findall(
        r"patients\.0001_initial did not get its locks within (\d+) s; they are held by (.*)", result.err
    )
    assert int(last[0]) >= 5
    assert f"pid {pid} (ward-round, idle in transaction, " in last[1]
    assert "nothing is half done" in last[1]
    assert "longer --retry-for" in result.err
    assert secret not in result.said
    assert "SELECT" not in result.said
    assert catalog_snapshot(hospital) == catalog_snapshot(make("hospital"))
    assert hospital.run("migrate").code == 0


def test_another_deploy_is_waited_for_with_a_message(hospital):
    with hospital.session(DEPLOY_LOCK) as other, hospital.start("migrate") as running:
        told = until(running, "waiting for it")
        other.execute("SELECT pg_advisory_unlock_all()")
        _, err = running.communicate(timeout=120)

    assert "Another migrate or backfill_placeholders is running on this database; waiting for it …" in told
    assert running.returncode == 0, err


@pytest.mark.parametrize("options", [("--no-wait",), ("--retry-for", "0"), ("--retry-for", "1")])
def test_another_deploy_is_refused_where_it_is_not_to_be_waited_for(hospital, options):
    before = catalog_snapshot(hospital), row_snapshot(hospital)
    with hospital.session(DEPLOY_LOCK):
        result = hospital.run("migrate", *options)

    assert (result.code, result.out) == (2, "")
    assert "target.E004: Another migrate or backfill_placeholders is running on" in result.err
    assert (catalog_snapshot(hospital), row_snapshot(hospital)) == before


def test_a_deploy_on_another_database_is_nobodys_concern(hospital, make):
    with make("hospital").session(DEPLOY_LOCK):
        result = hospital.run("migrate", "--no-wait")

    assert result.code == 0, result.said


@pytest.mark.parametrize("option", ["--retry-for", "--max-stall"])
@pytest.mark.parametrize("value", ["-1", "soon", "1.5"])
def test_durations_are_whole_numbers(hospital, option, value):
    result = hospital.run("migrate", f"{option}={value}")

    assert (result.code, result.out) == (2, "")
    assert "a whole number, 0 or more" in result.err


STEPS = [
    ("hospital", ("users",)),
    *[("with_patients", (table,)) for table in ("bills", "surgical_cases")],
    *[("with_keys", (table,)) for table in ("bills", "surgical_cases")],
]


@pytest.mark.parametrize(("state", "tables"), STEPS)
@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_ended_while_it_waits_for_a_lock_it_finishes_when_run_again(make, state, tables, end):
    database = make(state)
    mode = "LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE".format(", ".join(tables))
    with database.session(mode), database.start("migrate") as running:
        until(running, "waits for a lock")
        if end == "kill":
            running.send_signal(signal.SIGKILL)
        else:
            database.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        _, err = running.communicate(timeout=120)
    database.wait_for("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')")

    again = database.run("migrate")

    assert running.returncode == (-signal.SIGKILL if end == "kill" else 2)
    assert "Traceback" not in err
    assert again.code == 0, again.said
    assert catalog_snapshot(database) == catalog_snapshot(make("migrated"))


def test_ended_on_the_way_back_it_finishes_when_run_again(migrated, make):
    with migrated.session(WRITES.format("medical_records")), migrated.start("migrate", "patients", "zero") as running:
        until(running, "waits for a lock")
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=120)
    migrated.wait_for("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')")

    again = migrated.run("migrate", "patients", "zero")

    assert again.code == 0, again.said
    assert catalog_snapshot(migrated) == catalog_snapshot(make("hospital"))


def test_ctrl_c_while_it_waits_is_130_and_leaves_nothing_half_done(hospital):
    before = catalog_snapshot(hospital)
    with hospital.session(WRITES.format("users")), hospital.start("migrate") as running:
        until(running, "waits for a lock")
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=120)

    assert running.returncode == 130
    assert "Interrupted." in err
    assert "Traceback" not in err
    assert catalog_snapshot(hospital) == before


SLEEPS = """SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(90)%%' AND state = 'active'
            AND pid <> pg_backend_pid() AND datname = current_database())"""
NO_DEPLOY = """SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""


def test_a_deploy_that_is_killed_in_a_long_statement_gives_its_lock_back(hospital, tmp_path):
    ward = SampleApp(tmp_path)
    ward.migration("0001_initial", "migrations.RunSQL('SELECT pg_sleep(90)')")
    with commands.start("migrate", "ward", **hospital.variables(), **ward.variables) as running:
        hospital.wait_for(SLEEPS)
        running.kill()

    hospital.wait_for(NO_DEPLOY)
