"""What the running release loses to RunSQL and to rollbacks, as the scratch database shows it."""

import pytest

from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions
from tests.support.in_process import migrate
from tests.support.measured_app import write

pytestmark = pytest.mark.any_postgresql

SQL = "migrations.RunSQL('{}')"
STATE = "migrations.SeparateDatabaseAndState(state_operations=[{}])"
LOST = {
    "a column is dropped": ("ALTER TABLE ward_bed DROP COLUMN gone", ['W001 ward_bed."gone"'], "after"),
    "a table is dropped": ("DROP TABLE ward_bed", ["W001 ward_bed"], "after"),
    "a column is renamed": ("ALTER TABLE ward_bed RENAME number TO place", ['W002 ward_bed."number"'], "both"),
    "a table is renamed": ("ALTER TABLE ward_bed RENAME TO beds", ["W002 ward_bed"], "both"),
    "a number becomes text": ("ALTER TABLE ward_bed ALTER number TYPE text", ['W003 ward_bed."number"'], "both"),
    "a text becomes shorter": (
        "ALTER TABLE ward_clinic ALTER code TYPE varchar(5)", ['W003 ward_clinic."code"'], "after",
    ),
    "a column is added that has to be given": (
        "ALTER TABLE ward_bed ADD COLUMN size int NOT NULL DEFAULT 0; ALTER TABLE ward_bed ALTER size DROP DEFAULT",
        ['W004 ward_bed."size"'], "after",
    ),
    "NULL is forbidden": ("ALTER TABLE ward_bed ALTER gone SET NOT NULL", ['W006 ward_bed."gone"'], "after"),
}  # fmt: skip
KEPT = {
    "a column with a default": "ALTER TABLE ward_bed ADD COLUMN size int NOT NULL DEFAULT 0",
    "a column that may be NULL": "ALTER TABLE ward_bed ADD COLUMN size int",
    "a numbered column": "ALTER TABLE ward_bed ADD COLUMN size int GENERATED ALWAYS AS IDENTITY",
    "a computed column": "ALTER TABLE ward_bed ADD COLUMN size int GENERATED ALWAYS AS (number * 2) STORED",
    "a longer text": "ALTER TABLE ward_clinic ALTER code TYPE varchar(20)",
    "a text without a limit": "ALTER TABLE ward_clinic ALTER code TYPE text",
    "a wider number": "ALTER TABLE ward_bed ALTER number TYPE bigint",
    "NULL is forbidden where a default is": (
        "ALTER TABLE ward_bed ALTER gone SET DEFAULT 5::text, ALTER gone SET NOT NULL"
    ),
    "a table keeps its name as a view": "ALTER TABLE ward_bed RENAME TO beds; CREATE VIEW ward_bed AS TABLE beds",
    "an index, a table and a view": (
        "CREATE INDEX ON ward_bed (number); CREATE TABLE other (id int NOT NULL); CREATE VIEW more AS TABLE ward_bed"
    ),
}  # fmt: skip


@pytest.fixture
def look(measured, make):
    """`look(…)`: the report on the app of the fixture `measured`, measured on a scratch database."""
    scratch = make("empty")

    def look(**options):
        measure = MeasureOptions(scratch_url=scratch.url)
        return precheck.run(using="default", options=PrecheckOptions(app_label="ward", measure=measure, **options))

    return look


def warnings(report):
    return [f"{one.id.removeprefix('application.')} {one.subject}" for one in report.findings
            if one.id.startswith("application.W")]  # fmt: skip


@pytest.mark.parametrize(("statement", "found", "rollout"), LOST.values(), ids=LOST)
def test_what_the_running_release_loses_to_sql_is_found(measured, look, statement, found, rollout):
    write(measured[0], [SQL.format(statement)])

    report = look()

    assert (report.review.measured.error, warnings(report)) == (None, found)
    assert report.review.rollouts == {"ward.0002_next": rollout}


@pytest.mark.parametrize("statement", KEPT.values(), ids=KEPT)
def test_what_the_running_release_keeps_is_not_a_warning(measured, look, statement):
    write(measured[0], [SQL.format(statement)])

    report = look()

    assert (report.review.measured.error, warnings(report)) == (None, [])


def test_a_rename_that_leaves_a_view_behind_breaks_nothing(measured, look):
    view = SQL.format("CREATE VIEW ward_bed AS TABLE beds")
    write(measured[0], [f'migrations.AlterModelTable("bed", "beds"), {view}'])

    assert warnings(look()) == []


def test_a_change_of_the_models_is_told_once_and_as_the_models_tell_it(measured, look):
    write(measured[0], ['migrations.RemoveField("bed", "number")', 'migrations.RenameField("ward", "beds", "places")'])

    report = look()

    assert warnings(report) == ['W001 ward_bed."number"', 'W002 ward_ward."beds"']
    assert [one.operation for one in report.findings if one.id.startswith("application.W")] == [1, 1]


def test_a_column_that_left_the_models_in_an_earlier_release_may_go(measured, look):
    app, _, _ = measured
    write(app, [STATE.format('migrations.RemoveField("bed", "gone")')])
    migrate("ward")
    app.migration("0003_drop", SQL.format("ALTER TABLE ward_bed DROP COLUMN gone"), after=("ward", "0002_next"))

    report = look()

    assert (report.review.measured.error, warnings(report)) == (None, [])


def test_a_column_that_leaves_the_models_in_the_same_plan_may_not(measured, look):
    app, _, _ = measured
    write(app, [STATE.format('migrations.RemoveField("bed", "gone")'),
                SQL.format("ALTER TABLE ward_bed DROP COLUMN gone")])  # fmt: skip

    report = look()

    assert warnings(report) == ['W001 ward_bed."gone"']
    assert report.review.rollouts == {"ward.0002_next": "either", "ward.0003_next": "after"}


def test_a_rollback_takes_what_the_running_release_uses(measured, look):
    app, _, _ = measured
    write(app, ['migrations.AddField("bed", "note", models.TextField(null=True))'])
    migrate("ward")

    report = look(migration_name="0001")

    (found,) = [one for one in report.findings if one.id.startswith("application.W")]
    assert (found.id, found.subject) == ("application.W001", 'ward_bed."note"')
    assert found.hint == "Roll back the release first, to one that does not use it."
    assert report.review.rollouts == {"ward.0002_next": "after"}
