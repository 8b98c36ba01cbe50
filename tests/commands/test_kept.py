"""Kept instead of dropped, with the hospital's own module: rollback, deploy again, and every patient is there."""

import threading
import time

import psycopg
import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import PatientFactory, new_id, refer
from tests.support.sample_app import SampleApp

PATIENTS = "SELECT p::text FROM patients p ORDER BY id"
MODELS = """
    migrations.CreateModel("Bed", [
        ("id", models.BigAutoField(primary_key=True, serialize=False)), ("note", models.TextField()),
        ("ward", models.TextField(default="")),
    ]),
"""


def test_patients_survive_a_rollback_and_a_new_deploy(migrated):
    for _ in range(3):
        id = new_id()
        PatientFactory.create(on=migrated, id=id)
        refer(migrated, "bills", id)
    before, patients = catalog_snapshot(migrated), migrated.rows(PATIENTS)

    back = migrated.run("migrate", "patients", "zero", "--keep-dropped")
    assert back.code == 0, back.said
    assert migrated.value("SELECT to_regclass('patients') IS NULL")
    again = migrated.run("migrate", "patients")
    assert again.code == 0, again.said
    restored = migrated.run("restore_dropped")
    assert restored.code == 0, restored.said
    done = migrated.run("migrate")

    assert done.code == 0, done.said
    assert migrated.rows(PATIENTS) == patients
    assert catalog_snapshot(migrated) == before
    assert migrated.run("verify_patient_schema").code == 0


@pytest.fixture
def ward(tmp_path, empty):
    """A project whose second migration drops a column, applied up to the first one."""
    app = SampleApp(tmp_path)
    app.migration("0001_initial", MODELS)
    app.migration("0002_drop", 'migrations.RemoveField("Bed", "note")', after=("ward", "0001_initial"))
    app.models("""
        class Bed(models.Model):
            id = models.BigAutoField(primary_key=True)
            ward = models.TextField(default="")
    """)
    done = empty.run("migrate", "ward", "0001", **app.variables)
    assert done.code == 0, done.said
    empty.execute("INSERT INTO ward_bed (note, ward) SELECT 'note ' || i, '' FROM generate_series(1, 1000) i")
    return empty, app.variables


def test_precheck_judges_the_plan_as_it_would_run_with_what_is_dropped_kept(ward):
    database, variables = ward

    dropping = database.run("precheck", "ward", "--format", "json", "--no-measure", **variables)
    keeping = database.run("precheck", "ward", "--keep-dropped", "--format", "json", "--no-measure", **variables)
    told = database.run("precheck", "ward", "--keep-dropped", "--no-measure", "--format", "markdown", **variables)
    database.execute("CREATE VIEW notes AS SELECT note FROM ward_bed")
    hindered = database.run("precheck", "ward", "--keep-dropped", "--format", "json", "--no-measure", **variables)

    assert (dropping.code, keeping.code, hindered.code) == (1, 0, 1), keeping.said
    assert "data.E010" in [one["id"] for one in dropping.json["findings"]]
    assert "recovery.I050" in [one["id"] for one in keeping.json["findings"]]
    assert "migrate ward --keep-dropped" in told.out
    assert "recovery.E050" in [one["id"] for one in hindered.json["findings"]]


def test_nobody_trips_over_a_kept_column(ward):
    database, variables = ward
    assert database.run("migrate", "ward", "--keep-dropped", **variables).code == 0

    verified = database.run("verify_schema", "ward", **variables)
    checked = database.run("precheck", "ward", **variables)
    made = database.run("makemigrations", "--check", "ward", **variables)

    assert (verified.code, checked.code, made.code) == (0, 0, 0), verified.said + checked.said + made.said
    assert "migrations_safety_kept" not in verified.said + checked.said


def test_writers_go_on_while_a_column_is_kept_and_restored(ward):
    database, variables = ward
    ended, failed, written = threading.Event(), [], []

    def write():
        with psycopg.connect(database.url, autocommit=True) as session:
            while not ended.is_set():
                try:
                    session.execute("UPDATE ward_bed SET ward = 'x' WHERE id = 5")
                    session.execute("INSERT INTO ward_bed (ward) VALUES ('new')")
                    written.append(1)
                except psycopg.errors.NotNullViolation:
                    pass  # before it is kept, a bed needs a note
                except psycopg.Error as error:
                    failed.append(error)
                time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        kept = database.run("migrate", "ward", "--keep-dropped", **variables)
        time.sleep(0.2)
        restored = database.run("restore_dropped", **variables)
    finally:
        ended.set()
        writer.join()

    assert kept.code == 0, kept.said
    assert restored.code == 1, restored.said  # newer rows have no note, so it is not NOT NULL
    assert (failed, bool(written)) == ([], True)
    assert database.value("SELECT count(note) FROM ward_bed") == 1000
