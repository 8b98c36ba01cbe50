"""One person, one chart: an id whose person is there in another spelling gets no second chart."""

import os
import pty
import subprocess

import psycopg
import pytest

from tests.support.commands import ROOT, command, environment
from tests.support.factories import REFERENCING, PatientFactory, refer

pytestmark = pytest.mark.slow

SMALL = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
OTHER = "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


def test_an_id_whose_patient_is_there_in_capitals_is_refused(make):
    hospital = make("with_patients", "text")
    PatientFactory.create(on=hospital, id=SMALL.upper())
    refer(hospital, "bills", SMALL, OTHER)

    precheck = hospital.run("precheck", "--format", "json")
    backfill = hospital.run("backfill_placeholders", "--format", "json")

    assert precheck.code == 1
    assert {one["id"] for one in precheck.json["findings"] if one["level"] == "error"} == {
        "references.E001",
        "references.E002",
        "references.E003",
    }
    assert backfill.code == 1
    assert (backfill.json["created"], backfill.json["refused"]) == (1, {"several_spellings": 1})
    assert hospital.rows("SELECT id FROM patients ORDER BY id") == [(SMALL.upper(),), (OTHER,)]


def test_ids_of_other_kinds_are_never_compared_without_their_case(make):
    hospital = make("with_patients", "text")
    PatientFactory.create(on=hospital, id="V1StGXR8_Z5jdHi6B-myT")
    refer(hospital, "bills", "v1stgxr8_z5jdhi6b-myt")

    backfill = hospital.run("backfill_placeholders", "--format", "json")

    assert (backfill.code, backfill.json["created"], backfill.json["refused"]) == (0, 1, {})


def test_identifiers_are_shown_on_a_terminal_on_request_and_it_says_so(hospital):
    refer(hospital, "bills", SMALL)
    master, terminal = pty.openpty()

    process = subprocess.Popen(
        command("precheck", "--show-ids", "--no-progress"),
        cwd=ROOT,
        env=environment(**hospital.variables(), NO_COLOR="1"),
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.PIPE,
    )
    os.close(terminal)
    shown = b""
    while chunk := read(master):
        shown += chunk
    _, errors = process.communicate()
    os.close(master)

    assert process.returncode == 1
    assert "Patient data, shown because of --show-ids; do not copy it anywhere:" in shown.decode()
    assert f"bills.\"patientId\" uuid_canonical '{SMALL}' in 1 row" in shown.decode()
    assert SMALL not in errors.decode()


def read(master):
    try:
        return os.read(master, 4096)
    except OSError:  # the other end is closed
        return b""


ORDERS = {
    "columns": [(table, "patientId") for table in REFERENCING],
    "parent": [("patients", "id")],
    "one of them": [("bills", "patientId")],
}


@pytest.mark.of_distribution
@pytest.mark.parametrize("collation", ["und-x-icu", "ignoring_case"])
@pytest.mark.parametrize("where", ORDERS)
def test_however_ends_are_ordered_the_same_is_counted_by_every_way_of_reading(make, where, collation):
    database = make("with_patients", "text")
    ids = [f"{letter}{number:04}AbCdEfGhIjKlMnOp" for letter in "aBcDeF" for number in range(300)]
    for one in ids:
        PatientFactory.create(on=database, id=one)
    refer(database, "bills", *ids, "null", "ffffffff-ffff-4fff-8fff-ffffffffffff")
    refer(database, "surgical_cases", *ids[:400], " ")
    try:
        database.execute(
            "CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
        for table, column in ORDERS[where]:
            database.execute(f'ALTER TABLE {table} ALTER "{column}" TYPE text COLLATE "{collation}"')
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this PostgreSQL was built without the orders of languages")
    database.execute("VACUUM ANALYZE")

    found = [
        database.run("precheck", "--format", "json", *arguments)
        for arguments in ((), ("--jobs", "2"), ("--jobs", "4"), ("--max-rate", "50"))
    ]

    assert [one.code for one in found] == [1] * 4, found[0].said
    orphans = [{one["table"]: one["orphan_values"] for one in each.json["references"]} for each in found]
    assert orphans == [orphans[0]] * 4
    assert (orphans[0]["bills"], orphans[0]["surgical_cases"]) == (2, 1)
