"""Everything that a hospital at work does at the same time: no error on either side, no lost row."""

import threading
import time

import psycopg
import pytest

ROWS = 1500


@pytest.fixture
def at_work(hospital):
    """A hospital with many orphans, and a backfill of one row per transaction that is running on it."""
    hospital.execute(
        'INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")'
        f" SELECT gen_random_uuid(), n::text, gen_random_uuid(), 1, now() FROM generate_series(1, {ROWS}) AS n"
    )
    with hospital.start("backfill_placeholders", "--batch-size", "1", "--no-progress") as backfill:
        hospital.wait_for("SELECT to_regclass('patients') IS NOT NULL")
        hospital.wait_for("SELECT count(*) > 20 FROM patients")
        assert backfill.poll() is None
        yield hospital, backfill
        backfill.kill()


def orphans(hospital):
    return hospital.value(
        'SELECT count(*) FROM bills WHERE "patientId" IS NOT NULL AND "patientId" NOT IN (SELECT id FROM patients)'
    )


def while_running(hospital, backfill, statement, failures):
    """Say it again and again on a connection of its own, until the backfill has ended."""
    try:
        with psycopg.connect(hospital.url, autocommit=True) as session:
            while backfill.poll() is None:
                session.execute(statement)
                time.sleep(0.02)
    except psycopg.Error as error:
        failures.append(error)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM patients WHERE id = (SELECT id FROM patients ORDER BY random() LIMIT 1)",
        'UPDATE bills SET "patientId" = gen_random_uuid() WHERE id = (SELECT id FROM bills ORDER BY random() LIMIT 1)',
        "VACUUM bills",
        "VACUUM patients",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS bills_again ON bills (status)",
    ],
    ids=["deleted patients", "references that change", "vacuum of bills", "vacuum of patients", "an index build"],
)
def test_no_error_on_either_side_and_no_lost_row(at_work, statement):
    hospital, backfill = at_work
    failures = []
    other = threading.Thread(target=while_running, args=(hospital, backfill, statement, failures))
    other.start()

    out, err = backfill.communicate(timeout=120)
    other.join()
    again = hospital.run("backfill_placeholders")

    assert backfill.returncode == 0, out + err
    assert failures == []
    assert again.code == 0, again.said
    assert orphans(hospital) == 0
    assert hospital.value("SELECT count(*) FROM bills") == ROWS
    flags = 'SELECT count(*) FROM patients WHERE id NOT IN (SELECT "patientId" FROM patient_risk_flags)'
    assert hospital.value(flags) == 0


def test_a_second_backfill_is_refused_and_the_first_one_finishes(at_work):
    hospital, backfill = at_work

    second = hospital.run("backfill_placeholders")
    backfill.communicate(timeout=120)

    assert second.code == 2
    assert second.err.startswith("Stopped: target.E004: Another migrate or backfill_placeholders is running")
    assert backfill.returncode == 0
    assert hospital.value("SELECT count(*) FROM patients") == ROWS
