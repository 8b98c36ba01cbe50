"""Killed in a migration that is not one transaction: what is known is not done twice, what is not known is asked."""

import pytest

from tests.support.sample_app import SampleApp

MODELS = """
    migrations.CreateModel("Bed", [
        ("id", models.BigAutoField(primary_key=True)), ("note", models.TextField(null=True)),
        ("n", models.IntegerField(null=True)), ("m", models.IntegerField(null=True)),
    ]),
"""
DROPS = """
    migrations.RemoveField("Bed", "note"),
    migrations.RunPython(once, once),
    migrations.RemoveField("Bed", "m"),
"""
ONCE = """
import os, pathlib

def once(apps, editor):
    editor.execute("UPDATE ward_bed SET n = n + 1")
    marker = pathlib.Path(__file__).with_suffix(".killed")
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), 9)
"""
KEEP = ("migrate", "ward", "--keep-dropped")
KEPT = "SELECT column_name FROM migrations_safety_kept.record ORDER BY number"


@pytest.fixture
def ward(tmp_path, empty):
    """An app whose second migration kills its process in the middle, outside of a transaction, and is run once."""
    app = SampleApp(tmp_path)
    app.migration("0001_initial", MODELS)
    app.migration("0002_drop", DROPS, after=("ward", "0001_initial"), atomic=False, before=ONCE)
    assert empty.run("migrate", "ward", "0001", **app.variables).code == 0
    empty.execute("INSERT INTO ward_bed (note, n, m) SELECT 'note ' || i, 0, i FROM generate_series(1, 10) i")
    assert empty.run(*KEEP, **app.variables).code == -9
    return empty, app


def test_an_operation_of_which_nobody_knows_what_it_did_is_asked_for(ward):
    database, app = ward

    again = database.run(*KEEP, **app.variables)
    seen = database.run("diagnose", **app.variables)
    without = database.run("migrate", "ward", "--interrupted", "done", **app.variables)
    checked = database.run("precheck", "ward", "--keep-dropped", **app.variables)

    assert (again.code, seen.code, without.code, checked.code) == (2, 1, 2, 2), without.said
    assert "operation 2 (Raw Python operation) had begun" in " ".join(again.said.split())
    assert "--interrupted again" in again.said
    assert "done: 1; not done: 3; not seen: 2" in " ".join(seen.out.split())
    assert "python manage.py migrate ward 0002_drop --keep-dropped --interrupted done" in " ".join(seen.out.split())
    assert "DROP COLUMN" not in seen.out
    assert "would be dropped, not kept" in " ".join(without.said.split())
    assert (database.rows(KEPT), database.value("SELECT sum(n) FROM ward_bed")) == ([("note",)], 10)

    done = database.run(*KEEP, "--interrupted", "done", **app.variables)
    back = database.run("migrate", "ward", "0001", "--keep-dropped", **app.variables)
    restored = database.run("restore_dropped", **app.variables)

    assert (done.code, back.code, restored.code) == (0, 0, 0), done.said + back.said + restored.said
    assert database.value("SELECT sum(n) FROM ward_bed") == 20
    assert database.value("SELECT count(*) FROM ward_bed WHERE note = 'note ' || m") == 10
    assert database.value("SELECT count(*) FROM migrations_safety_kept.step") == 0


def test_it_may_run_again_and_the_file_may_not_change(ward):
    database, app = ward
    app.migration("0002_drop", DROPS + " ", after=("ward", "0001_initial"), atomic=False, before=ONCE)
    changed = database.run(*KEEP, "--interrupted", "done", **app.variables)
    app.migration("0002_drop", DROPS, after=("ward", "0001_initial"), atomic=False, before=ONCE)
    judged = database.run(*KEEP, "--interrupted", "again", "--measure", **app.variables)

    assert (changed.code, judged.code) == (2, 0), changed.said + judged.said
    assert "its file has changed" in " ".join(changed.said.split())
    assert database.value("SELECT sum(n) FROM ward_bed") == 20
    assert database.rows(KEPT) == [("note",), ("m",)]


WAITS = """
    migrations.RunSQL(["UPDATE ward_bed SET n = n + 1", "ALTER TABLE ward_bed DROP COLUMN note"]),
    migrations.AlterField("Stay", "bed", models.ForeignKey("ward.Bed", models.CASCADE, default=1)),
"""


def test_one_that_gives_up_goes_on_after_what_is_done(tmp_path, empty):
    """The UPDATE and the ALTER of the second operation cannot be one transaction, because a deferred key waits."""
    app = SampleApp(tmp_path)
    key = '("bed", models.ForeignKey("ward.Bed", models.CASCADE, null=True))'
    stay = f'migrations.CreateModel("Stay", [("id", models.BigAutoField(primary_key=True)), {key}]),'
    app.migration("0001_initial", MODELS + stay)
    app.migration("0002_drop", WAITS, after=("ward", "0001_initial"), atomic=False)
    assert empty.run("migrate", "ward", "0001", **app.variables).code == 0
    empty.execute("INSERT INTO ward_bed (n) VALUES (0); INSERT INTO ward_stay (bed_id) VALUES (NULL)")

    with empty.session("SELECT FROM ward_bed"):
        waited = empty.run(*KEEP, "--skip-precheck", "--retry-for", "1", **app.variables)
    done = empty.run(*KEEP, "--skip-precheck", **app.variables)

    said = " ".join(waited.said.split())
    assert (waited.code, done.code) == (2, 0), said + done.said
    assert "the same command goes on after it" in said
    assert "operation 1 of 2" in said
    assert empty.rows("SELECT bed_id, n FROM ward_stay, ward_bed") == [(1, 1)]
