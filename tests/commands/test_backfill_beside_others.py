"""Everything that a hospital at work does at the same time: no error on either side, no lost row."""

import threading
import time

import psycopg
import pytest

ORPHANS = [f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38{number:04x}" for number in range(300)]
BEFORE = 100
"""Rows that the backfill has done when the others begin; it goes on when they are at work."""
BILLS = """INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
           SELECT gen_random_uuid(), one, one, 1, now() FROM unnest(%s::uuid[]) AS one"""
PATIENT = """INSERT INTO patients (id, mrn, "firstName", "lastName", "dateOfBirth", "updatedAt")
             VALUES ('{}', 'x', 'x', 'x', now(), now())"""


@pytest.fixture
def at_work(make):
    """A hospital with many orphans, a backfill of one row per transaction, and a session that it waits for."""
    hospital = make("with_patients")
    hospital.execute(BILLS, ORPHANS)
    arguments = ("backfill_placeholders", "--batch-size", "1", "--no-progress")
    with hospital.session(PATIENT.format(ORPHANS[BEFORE])) as holder, hospital.start(*arguments) as backfill:
        hospital.wait_for("SELECT count(*) = %s FROM patients", BEFORE)
        yield hospital, backfill, holder
        backfill.kill()


def orphans(hospital):
    return hospital.value(
        'SELECT count(*) FROM bills WHERE "patientId" IS NOT NULL AND "patientId" NOT IN (SELECT id FROM patients)'
    )


class Other:
    """Says a statement again and again on a connection of its own, until it is left."""

    def __init__(self, database, statement):
        self.database, self.statement = database, statement
        self.failures, self.done = [], 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        while self.done < 3 and self.thread.is_alive():
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def work(self):
        try:
            with psycopg.connect(self.database.url, autocommit=True) as session:
                while not self.stop.wait(0.01):
                    session.execute(self.statement)
                    self.done += 1
        except psycopg.Error as error:
            self.failures.append(error)


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
    hospital, backfill, holder = at_work

    with Other(hospital, statement) as other:
        holder.rollback()
        out, err = backfill.communicate(timeout=120)
    again = hospital.run("backfill_placeholders")

    assert backfill.returncode == 0, out + err
    assert other.failures == []
    assert again.code == 0, again.said
    assert orphans(hospital) == 0
    assert hospital.value("SELECT count(*) FROM bills") == len(ORPHANS)
    flags = 'SELECT count(*) FROM patients WHERE id NOT IN (SELECT "patientId" FROM patient_risk_flags)'
    assert hospital.value(flags) == 0


def test_a_second_backfill_is_refused_and_the_first_one_finishes(at_work):
    hospital, backfill, holder = at_work

    second = hospital.run("backfill_placeholders")
    holder.rollback()
    backfill.communicate(timeout=120)

    assert second.code == 2
    assert second.err.startswith("Stopped: target.E004: Another migrate or backfill_placeholders is running")
    assert backfill.returncode == 0
    assert hospital.value("SELECT count(*) FROM patients") == len(ORPHANS)
