"""`backfill_placeholders` ended in the middle, and beside sessions that hold what it needs or bring more of it."""

import signal
import threading
import time

import psycopg
import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import new_id, refer
from tests.support.row_snapshot import results, row_snapshot

BACKFILL = "backfill_placeholders"
DEPLOY_LOCK = "SELECT pg_advisory_lock(x'45485253'::integer, 1)"
GONE = "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')"
HELD = "Another session locks rows of this batch"
ORPHANS = [f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38{number:04x}" for number in range(300)]
NEW_BILL = """INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
              VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, now())"""
UNCOVERED = 'SELECT count(*) FROM bills WHERE NOT EXISTS (SELECT FROM patients WHERE id = "patientId")'


def in_the_way(database, patient_id):
    """A session whose open transaction has inserted that patient: the batch with the same id waits for its end."""
    return database.session(
        f"""INSERT INTO patients (id, mrn, "firstName", "lastName", "dateOfBirth", "updatedAt")
            VALUES ('{patient_id}', 'x', 'x', 'x', now(), now())"""
    )


def until_held(running):
    """Read stderr until the command says that others hold what it needs."""
    read = ""
    while HELD not in read:
        line = running.stderr.readline()
        assert line, read
        read += line


@pytest.fixture
def filled(make):
    database = make("with_patients")
    database.execute(
        """INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
           SELECT gen_random_uuid(), one, one, 1, now() FROM unnest(%s::uuid[]) AS one""",
        ORPHANS,
    )
    return database


def test_another_deploy_at_work_is_refused_and_nothing_changes(hospital):
    refer(hospital, "bills", new_id())
    before = catalog_snapshot(hospital), row_snapshot(hospital)
    with hospital.session(DEPLOY_LOCK):
        runs = [hospital.run(BACKFILL), hospital.run(BACKFILL, "--restore-nullified")]

    for result in runs:
        assert (result.code, result.out) == (2, "")
        assert f'target.E004: Another migrate or backfill_placeholders is running on "{hospital.name}"' in result.err
        assert "This one changed nothing" in result.err
    assert (catalog_snapshot(hospital), row_snapshot(hospital)) == before


@pytest.mark.parametrize("position", [0, 150, 299])
def test_killed_in_any_batch_the_same_command_ends_as_if_undisturbed(filled, position):
    with in_the_way(filled, ORPHANS[position]) as other:
        with filled.start(BACKFILL, "--batch-size", "50") as running:
            until_held(running)
            running.send_signal(signal.SIGKILL)
        other.rollback()
    filled.wait_for(GONE)

    again = filled.run(BACKFILL, "--format", "json")

    assert (running.returncode, again.code) == (-signal.SIGKILL, 0)
    patients, flags = results(filled, "patients", "patient_risk_flags").values()
    assert sorted(one["id"] for one in patients) == ORPHANS
    assert sorted(one["patientId"] for one in flags) == ORPHANS
    assert {one["identityStatus"] for one in patients} == {"PLACEHOLDER"}
    assert filled.run("audit_runs").code == 0


def test_terminated_by_an_administrator_it_is_one_sentence_and_is_run_again(filled):
    with in_the_way(filled, ORPHANS[150]) as other, filled.start(BACKFILL, "--batch-size", "50") as running:
        until_held(running)
        filled.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        out, err = running.communicate(timeout=120)
        other.rollback()

    assert (running.returncode, out) == (2, "")
    assert "Run the same command again" in err
    assert "Traceback" not in err
    assert filled.run(BACKFILL).code == 0
    assert filled.value(UNCOVERED) == 0


def test_ctrl_c_is_130_and_what_was_done_is_kept(filled):
    with in_the_way(filled, ORPHANS[299]) as other, filled.start(BACKFILL, "--batch-size", "50") as running:
        until_held(running)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=120)
        other.rollback()

    assert running.returncode == 130
    assert "What was done is kept" in err
    assert filled.value("SELECT count(*) FROM patients") == 250
    assert filled.run(BACKFILL).code == 0


def write(database, stop, failed, written):
    with psycopg.connect(database.url, autocommit=True) as session:
        while not stop.is_set():
            try:
                session.execute(NEW_BILL)
                written.append(1)
            except psycopg.Error as error:
                failed.append(error)
            time.sleep(0.02)


def test_orphans_that_arrive_during_the_run_are_covered_by_it_or_by_the_next(filled):
    stop, failed, written = threading.Event(), [], []
    writer = threading.Thread(target=write, args=[filled, stop, failed, written])
    writer.start()
    try:
        beside = filled.run(BACKFILL, "--batch-size", "20", "--format", "json")
    finally:
        stop.set()
        writer.join()
    after = filled.run(BACKFILL, "--format", "json")

    assert (beside.code, after.code) == (0, 0), beside.said
    assert failed == []
    assert beside.json["created"] >= 300
    assert beside.json["created"] + after.json["created"] == 300 + len(written)
    assert filled.value(UNCOVERED) == 0


def test_a_patient_that_the_hospital_registers_meanwhile_is_kept(filled):
    with in_the_way(filled, ORPHANS[150]) as other, filled.start(BACKFILL, "--format", "json") as running:
        until_held(running)
        other.commit()
        out, err = running.communicate(timeout=120)

    assert running.returncode == 0, err
    assert '"created": 299' in out
    assert filled.value('SELECT "identityStatus" FROM patients WHERE id = %s', ORPHANS[150]) == "IDENTIFIED"
    assert filled.value('SELECT count(*) FROM patient_risk_flags WHERE "patientId" = %s', ORPHANS[150]) == 0


@pytest.mark.parametrize("arguments", [("--nullify", "bills"), ("--restore-nullified",)])
def test_a_row_that_others_hold_does_not_make_third_sessions_wait_for_the_rest(filled, arguments):
    if arguments == ("--restore-nullified",):
        assert filled.run(BACKFILL, "--nullify", "bills").code == 0
    first, last = (filled.value(f"SELECT {which}(id::text) FROM bills") for which in ("min", "max"))
    touch = "UPDATE bills SET status = 'PAID' WHERE id = '{}'"
    with filled.session(touch.format(last)) as holder, filled.start(BACKFILL, *arguments) as running:
        until_held(running)
        with psycopg.connect(filled.url, autocommit=True) as third:
            third.execute("SET lock_timeout = '5s'")
            failures = [failure for _ in range(20) if (failure := failure_of(third, touch.format(first)))]
        holder.commit()
        _, err = running.communicate(timeout=120)

    assert failures == []
    assert running.returncode == 0, err
    assert filled.value("SELECT count(*) FROM bills WHERE status = 'PAID'") == 2


def failure_of(session, statement):
    time.sleep(0.03)
    try:
        session.execute(statement)
    except psycopg.Error as error:
        return error
    return None
