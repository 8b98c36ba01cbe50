"""The way back is measured on the scratch database, after the plan: its locks, what it loses, and where it ends."""

from dataclasses import replace

import pytest

from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.measurement.report import BACKWARDS, NOT_GONE, NOT_MEASURED_HERE
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.rendering import serialization, text
from tests.support.measured_app import write
from tests.support.plain_django import ward_installed

pytestmark = pytest.mark.any_postgresql

NOTE = 'migrations.AddField("bed", "note", models.TextField(null=True))'
VISIT = 'migrations.CreateModel("Visit", [("id", models.AutoField(primary_key=True))])'
INDEX = 'migrations.AddIndex("bed", models.Index(fields=["number"], name="bed_number"))'
RAN = 'migrations.RunSQL("SELECT 1")'
CODE = "migrations.RunPython(lambda apps, editor: None)"


@pytest.fixture
def there(measured, make):
    """The app, with what measures a plan of these operations, and what looks with it."""
    app, _, connection = measured
    options = MeasureOptions(scratch_url=make("empty").url, rollback_seconds=60)

    def look(*operations, name=None, seconds=60, **how):
        write(app, operations, **how)
        measured_by = replace(options, rollback_seconds=seconds)
        return precheck.run(
            using=connection.alias, options=PrecheckOptions(app_label="ward", migration_name=name, measure=measured_by)
        )

    return look


def lost(back):
    return [(one.migration, one.table, one.columns, one.kind) for one in back.loses]


def test_the_way_back_has_its_locks_and_what_it_loses(there):
    report = there(NOTE, VISIT, INDEX)

    back = report.review.measured.back
    assert [one.migrations for one in back.transactions] == [
        ("ward.0004_next",), ("ward.0003_next",), ("ward.0002_next",)
    ]  # fmt: skip
    assert [one.held for one in back.transactions] == [
        {"ward_bed": "AccessExclusiveLock"}, {}, {"ward_bed": "AccessExclusiveLock"}
    ]  # fmt: skip
    assert lost(back) == [
        ("ward.0003_next", "ward_visit", (), "drop"),
        ("ward.0002_next", "ward_bed", ("note",), "drop"),
    ]
    assert (back.ends_in, back.error, back.reason) == (None, None, None)
    page = " ".join(text.precheck(report, seconds=0, width=100, colour=False).split())
    assert "The rollback was measured too: 3 migrations unapplied on the scratch database." in page
    assert "It takes ACCESS EXCLUSIVE on ward_bed." in page
    assert 'It loses what is then in the table ward_visit, ward_bed."note".' in page
    as_json = serialization.precheck(report, seconds=0)["plan"]
    assert as_json["way_back"][0].keys() <= as_json["transactions"][0].keys()
    assert as_json["way_back_end"]["loses"][1]["columns"] == ("note",)


@pytest.mark.parametrize(("operation", "words"), [(RAN, "RunSQL"), (CODE, "RunPython <lambda>")])
def test_it_ends_at_an_operation_without_a_reverse_which_is_named_with_its_place(there, operation, words):
    report = there(NOTE, f"{VISIT}, {operation}", INDEX)

    back = report.review.measured.back
    assert [one.migrations for one in back.transactions] == [("ward.0004_next",)]
    assert (back.ends_in, back.operation, back.error) == ("ward.0003_next", 2, None)
    (found,) = (one for one in report.findings if one.id == "plan.W014")
    assert (found.migration, found.operation) == ("ward.0003_next", 2)
    assert f"operation 2, {words} (" in found.message
    assert "ward/migrations/0003_next.py:" in found.message
    page = " ".join(text.precheck(report, seconds=0, width=100, colour=False).split())
    assert "It ends at ward.0003_next, and beyond that it was not measured." in page


@pytest.mark.parametrize("operation", [
    'migrations.RunSQL("SELECT 1", "SELECT 2")', "migrations.RunPython(lambda a, e: None, migrations.RunPython.noop)"
])  # fmt: skip
def test_one_with_a_reverse_is_no_finding(there, operation):
    report = there(operation)

    assert [one.id for one in report.findings if one.id in {"plan.W014", "plan.W015"}] == []
    assert report.review.measured.back.ends_in is None


def test_a_column_that_cannot_come_back_to_rows_is_a_finding(there):
    report = there('migrations.RemoveField("bed", "number")')

    (found,) = (one for one in report.findings if one.id == "plan.W016")
    assert found.message == (
        'can be unapplied only while ward_bed holds no row: its reverse adds "number" as NOT NULL without a value.'
    )


@pytest.mark.parametrize("field", ["gone", "slug"])
def test_one_with_null_or_a_default_can(there, field):
    report = there(f'migrations.RemoveField("bed", "{field}")')

    assert "plan.W016" not in [one.id for one in report.findings]


def test_a_statement_that_fails_on_the_way_back_is_a_finding(there):
    report = there('migrations.RunSQL("SELECT 1", "SELECT nothing FROM nowhere")')

    (found,) = (one for one in report.findings if one.id == "plan.W015")
    assert (found.migration, found.operation) == ("ward.0002_next", 1)


def test_a_plan_that_fails_has_no_way_back(there):
    report = there('migrations.RunSQL("SELECT nothing FROM nowhere", "SELECT 1")')

    assert report.review.measured.back.reason == NOT_GONE
    assert report.review.measured.way_back == ()


def test_a_plan_that_goes_backwards_has_none_of_its_own(there):
    report = there(name="zero")

    assert report.review.measured.back.reason == BACKWARDS


def test_if_the_time_is_over_on_the_way_back_the_plan_is_kept(measured, make):
    app, _, connection = measured
    sleeps = 'migrations.RunSQL("SELECT 1", "SELECT pg_sleep(100)")'
    write(app, [NOTE, sleeps])
    options = MeasureOptions(scratch_url=make("empty").url, max_seconds=12)

    plan = measure(connection, app_label="ward", options=options)

    assert [one.migrations for one in plan.transactions] == [("ward.0002_next",), ("ward.0003_next",)]
    assert plan.back.reason == "the time for the scratch database was over"


def test_without_a_measurement_the_operation_is_named_all_the_same(measured):
    app, _, connection = measured
    write(app, [CODE])

    report = precheck.run(using=connection.alias, options=PrecheckOptions(app_label="ward"))

    assert "plan.W014" in [one.id for one in report.findings]


def test_on_an_empty_database_there_is_nothing_to_go_back_to(empty, in_process, tmp_path):
    with ward_installed(tmp_path, empty, in_process(empty)) as ward:
        ward.migration(f"{VISIT}, {CODE}")

        report = ward.look(measure=MeasureOptions())

    assert report.plan.irreversible
    assert [one.id for one in report.findings if one.id == "plan.W014"] == []


def test_what_is_left_out_for_want_of_time_is_said(there):
    report = there(NOTE, INDEX, seconds=1e-6)

    back = report.review.measured.back
    assert (back.ends_in, back.is_cut_off, back.transactions) == ("ward.0003_next", True, ())
    page = " ".join(text.precheck(report, seconds=0, width=100, colour=False).split())
    assert "For want of time, ward.0003_next and what was applied before it were not unapplied." in page


def test_where_nobody_wants_it_nothing_is_unapplied(there):
    back = there(NOTE, seconds=0).review.measured.back

    assert (back.reason, back.transactions) == (NOT_MEASURED_HERE, ())
