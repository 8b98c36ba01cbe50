"""`rehearse --keys-only`: a rehearsal that no value of a row leaves the database for, and what it counts for."""

import json

import pytest

from tests.support.cluster import Database
from tests.support.factories import UserFactory, refer
from tests.support.row_snapshot import row_snapshot
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.slow

PATIENT = ("--limit-lock", "60000", "--limit-stall", "60000")
ORPHAN = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380a11"


def test_a_deploy_is_rehearsed_on_made_up_rows_and_counts_if_somebody_says_so(hospital, tmp_path):
    file = tmp_path / "rehearsal.json"
    for _ in range(3):
        UserFactory.create(on=hospital)
    refer(hospital, "bills", None)
    before = row_snapshot(hospital)
    place = hospital.server.url("postgres")
    run = ("rehearse", "--keys-only", "--keep", "--scratch-url", place, "--report", f"json={file}", *PATIENT)

    done = hospital.run(*run)

    assert done.code == 0, done.said
    report = json.loads(file.read_text())
    assert report["copy"]["keys_only"]["rows"] == 4 and report["copy"]["keys_only"]["lost"] == []
    assert "rehearsal.I010" in {one["id"] for one in report["findings"]}
    said = " ".join(done.out.split())
    assert "No value of a row was copied." in said and "ran on made-up rows with replaced keys" in said
    kept = Database(hospital.server, report["copy"]["kept"])
    assert kept.value("SELECT count(*) FROM users") == 3
    secrets = [one for row in hospital.rows('SELECT id::text, email, "firstName" FROM users') for one in row]
    assert [one for one in secrets if one in str(kept.rows("SELECT * FROM users"))] == []
    kept.close()
    hospital.execute(f'DROP DATABASE "{kept.name}"')
    assert row_snapshot(hospital) == before

    refused = hospital.run("migrate", "--rehearsed", str(file))
    let_through = hospital.run("migrate", "--rehearsed", str(file), "--rehearsed-keys-only")

    assert (refused.code, "its rows were made up (--rehearsed-keys-only" in refused.err) == (1, True), refused.said
    assert let_through.code == 0, let_through.said
    run = json.loads(hospital.run("audit_runs", "--format", "json").out)["runs"][-1]
    assert run["stands_on"]["rehearsal"]["keys_only"] is True


def test_orphans_stop_it_as_on_the_database_and_no_value_and_no_key_is_logged(hospital):
    refer(hospital, "bills", ORPHAN, ORPHAN)
    UserFactory.create(on=hospital, email="achieng.secret@hospital.example")
    hospital.execute("ALTER SYSTEM SET log_statement = 'all'")
    hospital.value("SELECT pg_reload_conf()")
    begin = hospital.server.log.stat().st_size
    place = hospital.server.url("postgres")
    try:
        done = hospital.run("rehearse", "--keys-only", "--writers", "0", "--scratch-url", place, "--format", "json")
    finally:
        hospital.execute("ALTER SYSTEM RESET log_statement")
        hospital.value("SELECT pg_reload_conf()")

    assert done.code == 1, done.said
    [found] = [one for one in done.json["steps"][-1]["findings"] if one["id"] == "references.E001"]
    assert found["message"] == "holds 1 value in 2 rows with no row in patients."
    logged = hospital.server.log.read_bytes()[begin:].decode(errors="replace")
    assert "COPY" in logged
    assert [one for one in (ORPHAN, "achieng", "secret@") if one in logged or one in done.said] == []


def test_what_the_plan_demands_fails_on_the_copy_as_it_would_in_the_night(hospital, tmp_path):
    ward = SampleApp(tmp_path)
    model = "migrations.CreateModel('Bed', fields=[('id', models.BigAutoField(primary_key=True)), "
    ward.migration("0001_initial", model + "('place', models.TextField()), ('width', models.IntegerField())])")
    assert hospital.run("migrate", "ward", "--skip-precheck", **ward.variables).code == 0
    hospital.execute("INSERT INTO ward_bed (place, width) SELECT 'room ' || n, n FROM generate_series(1, 30) AS n")
    check = "migrations.AddConstraint('bed', models.CheckConstraint(condition=models.Q(width__gt=5), name='wide'))"
    ward.migration("0002_wide", check, after=("ward", "0001_initial"))

    done = hospital.run("rehearse", "ward", "--keys-only", "--writers", "0", "--format", "json", **ward.variables)

    assert done.code == 1, done.said
    assert [one["name"] for one in done.json["steps"] if one["exit_code"]] == ["migrate"]


def test_sources_that_hold_all_values_are_refused(hospital, tmp_path):
    backup = hospital.run("rehearse", "--keys-only", "--from", str(tmp_path))
    clone = hospital.run("rehearse", "--keys-only", "--clone-command", "echo x")
    alone = hospital.run("migrate", "--rehearsed-keys-only")

    assert backup.code == 2 and "leave out --from" in backup.err
    assert clone.code == 2 and "leave out --clone-command" in clone.err
    assert alone.code == 2 and "--rehearsed-keys-only: name the report" in alone.err
