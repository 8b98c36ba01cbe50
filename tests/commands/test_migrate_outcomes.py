"""What a `migrate` did is one word: in its JSON, its text, its closing line and the record of runs alike."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from tests.support.sample_app import SampleApp

WAYS: tuple[dict[str, Any], ...] = ({"fake": True}, {}, {"migration_name": "zero", "skip_precheck": True})
BEDS = "migrations.CreateModel('Bed', [('id', models.BigAutoField(primary_key=True))])"
FLOORS = "migrations.CreateModel('Floor', [('id', models.BigAutoField(primary_key=True))])"


@pytest.fixture
def migrate(empty, in_process, tmp_path):
    """`migrate(*arguments)`: verdict, what it did, the closing line, the last recorded run, and how many these are."""
    in_process(empty)
    ward = SampleApp(tmp_path)
    ward.migration("0001_initial", BEDS)
    ward.migration("0002_more", FLOORS, after=("ward", "0001_initial"))

    def run(*arguments, **options):
        out, err = StringIO(), StringIO()
        with ward.at_hand():
            call_command("migrate", "ward", *arguments, format="json", stdout=out, stderr=err, **options)
        report = json.loads(out.getvalue())
        audit = StringIO()
        call_command("audit_runs", format="json", stdout=audit, stderr=StringIO())
        runs = json.loads(audit.getvalue())["runs"]
        return report["verdict"], report["did"], err.getvalue().splitlines()[-1], runs[-1] if runs else None, len(runs)

    vars(run)["ward"] = ward
    return run


def test_forwards_again_backwards_and_faked_each_have_their_own_word(migrate):
    told = [migrate(), migrate(), migrate("0001"), migrate(fake=True), migrate("0001", fake=True)]

    assert [(verdict, did, closing) for verdict, did, closing, _, _ in told] == [
        ("applied", {"applied": ["ward.0001_initial", "ward.0002_more"]}, "migrate: applied."),
        ("nothing to do", {}, "migrate: nothing to do."),
        ("unapplied", {"unapplied": ["ward.0002_more"]}, "migrate: unapplied."),
        ("recorded", {"recorded": ["ward.0002_more"]}, "migrate: recorded; nothing was run."),
        ("recorded", {"forgotten": ["ward.0002_more"]}, "migrate: recorded; nothing was run."),
    ]
    assert [run["verdict"] for _, _, _, run, _ in told] == ["applied", "applied", "unapplied", "recorded", "recorded"]
    assert [number for *_, number in told] == [1, 1, 2, 3, 4]
    assert told[3][3]["arguments"]["fake"] is True
    assert told[3][3]["did"] == {"recorded": ["ward.0002_more"]}
    assert list(told[3][3]["checksums"]) == ["ward.0002_more"]


def test_what_was_pruned_is_in_the_record_of_runs(migrate, empty):
    migrate()
    empty.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ward', '0009_gone', now())")

    verdict, did, closing, run, _ = migrate(prune=True)

    assert (verdict, did) == ("recorded", {"forgotten": ["ward.0009_gone"]})
    assert closing == "migrate: recorded; nothing was run."
    assert (run["arguments"]["prune"], run["did"]) == (True, did)


def test_tables_that_are_there_are_recorded_by_fake_initial_and_the_rest_is_applied(migrate, empty):
    empty.execute("CREATE TABLE ward_bed (id bigint PRIMARY KEY)")

    verdict, did, _, run, _ = migrate(fake_initial=True)

    assert verdict == "applied"
    assert did == {"applied": ["ward.0002_more"], "recorded": ["ward.0001_initial"]}
    assert run["did"] == did


def test_a_run_that_failed_says_in_which_migration(migrate, empty):
    empty.execute("CREATE TABLE ward_floor ()")

    with pytest.raises(Exception, match="42P07"):
        migrate(skip_precheck=True)
    report = StringIO()
    call_command("audit_runs", stdout=report, stderr=StringIO())

    assert "migrate  failed" in report.getvalue()
    assert "applied: ward.0001_initial" in report.getvalue()
    assert "failed with ProgrammingError in ward.0002_more" in report.getvalue()


def test_the_text_says_the_same(migrate, empty, tmp_path):
    migrate("0001")
    empty.execute("CREATE TABLE ward_floor (id bigint PRIMARY KEY)")
    with migrate.ward.at_hand():
        for number, options in enumerate(WAYS):
            target = tmp_path / f"report{number}"
            call_command(
                "migrate", app_label="ward", **options, output=str(target), stdout=StringIO(), stderr=StringIO()
            )
    faked, nothing, back = ((tmp_path / f"report{number}").read_text() for number in range(3))

    assert "Recorded ward.0002_more without running it.\nRecorded; nothing was run. (" in faked
    assert "\nNothing to do. (" in nothing
    assert "Unapplied ward.0002_more.\nUnapplied ward.0001_initial.\nUnapplied. (" in back.replace(
        "Lock waits caused: 0 (longest: 0 ms).\n", ""
    )
