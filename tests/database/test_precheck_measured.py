"""What a plan did on the scratch database becomes findings: where it fails, and what contradicts itself."""

import pytest

from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.messages.refusals.plan import ScratchRefused
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions
from tests.support.measured_app import write

pytestmark = pytest.mark.any_postgresql

POSITIVE = 'models.CheckConstraint(condition=models.Q(number__gt=0), name="positive")'
NOT_VALID = f'django.contrib.postgres.operations.AddConstraintNotValid("bed", {POSITIVE})'
VALIDATED = 'django.contrib.postgres.operations.ValidateConstraint("bed", "positive")'
CONCURRENT = (
    'django.contrib.postgres.operations.AddIndexConcurrently("bed", models.Index(fields=["number"], name="bed_number"))'
)
PARTITIONED = (
    "CREATE TABLE visit (id int, day date) PARTITION BY RANGE (day); "
    "CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
)
IMPORTS = "import django.contrib.postgres.operations\n"


def run_sql(text, **more):
    others = "".join(f", {name}={value}" for name, value in more.items())
    return f"migrations.RunSQL({text!r}{others})"


OF_THE_ROLLBACK = {"plan.W014", "plan.W015", "plan.W016"}
"""They have tests of their own."""


@pytest.fixture
def look(measured, make):
    """`look(operations, atomic=…)`: the findings of area plan that come from one migration with these operations."""
    app, database, connection = measured

    def findings(*operations, atomic=True, before="SELECT 1", **options):
        database.execute(before)
        app.migration(
            "0002_next", ",\n".join(operations), after=("ward", "0001_initial"), atomic=atomic, before=IMPORTS
        )
        measure = MeasureOptions(scratch_url=make("empty").url, **options)
        report = precheck.run(using=connection.alias, options=PrecheckOptions(app_label="ward", measure=measure))
        assert report.review.measured.measured == "url", report.review.measured.reason
        found = {one.id: one for one in report.findings if one.id.startswith("plan.")}
        return {id: one for id, one in found.items() if id not in OF_THE_ROLLBACK}

    return findings


@pytest.mark.parametrize(
    ("operations", "atomic", "expected"),
    [
        ([run_sql("ALTER TABLE ward_bed DROP CONSTRAINT nowhere")], True, {"plan.E002"}),
        ([run_sql("ALTER TABLE ward_bed ADD COLUMN twice int; ALTER TABLE ward_bed ADD COLUMN twice int")], True,
         {"plan.E002"}),
        ([NOT_VALID, VALIDATED], True, {"plan.E003"}),
        ([run_sql("ALTER TABLE ward_bed ADD CONSTRAINT c CHECK (number > 0) not  valid"),
          run_sql("alter table ward_bed /* now */ validate constraint c")], True, {"plan.E003"}),
        ([NOT_VALID, VALIDATED], False, set()),
        ([NOT_VALID], True, set()),
        ([CONCURRENT], True, {"plan.E004"}),
        ([run_sql("VACUUM ward_bed")], True, {"plan.E004"}),
        ([CONCURRENT], False, set()),
        ([run_sql("CREATE INDEX CONCURRENTLY ON visit (day)")], False, {"plan.E005"}),
        ([run_sql("CREATE INDEX ON visit (day)")], False, set()),
        ([run_sql("ALTER TYPE mood ADD VALUE 'glad'"), run_sql("SELECT 'glad'::mood")], True, {"plan.E006"}),
        ([run_sql("ALTER TYPE mood ADD VALUE 'glad'"), run_sql("SELECT 'glad'::mood")], False, set()),
        (['migrations.AddField("bed", "note", models.TextField(null=True))'], True, set()),
        (['migrations.CreateModel("Visit", [("id", models.AutoField(primary_key=True))])'], True, set()),
    ],
)  # fmt: skip
def test_each_kind_is_found_and_its_neighbour_is_not(look, operations, atomic, expected):
    found = look(*operations, atomic=atomic, before=f"{PARTITIONED}; CREATE TYPE mood AS ENUM ('sad')")

    assert set(found) - {"plan.W001"} == expected, [one.message for one in found.values()]
    assert all(one.migration == "ward.0002_next" for one in found.values())


def test_a_failure_names_the_operation_the_sqlstate_and_the_place(look):
    note = 'migrations.AddField("bed", "note", models.TextField(null=True))'
    found = look(note, run_sql("ALTER TABLE ward_bed DROP CONSTRAINT nowhere"))["plan.E002"]

    assert found.operation == 2
    assert "operation 2" in found.message
    assert "42704 (" in found.message
    assert "0002_next.py:" in found.hint


def test_what_is_missing_is_told_once(look):
    gone = "ALTER TABLE ward_bed DROP COLUMN gone"

    assert set(look('migrations.AlterField("bed", "gone", models.CharField(max_length=9))', before=gone)) == {
        "plan.E001"
    }  # fmt: skip


def test_a_failure_after_code_that_was_not_run_proves_nothing(look):
    code = "migrations.RunPython(lambda apps, schema_editor: None)"
    found = look(code, run_sql("ALTER TABLE nowhere ADD COLUMN x int"))

    assert set(found) == {"plan.W001", "plan.W008"}
    assert "--scratch-url" not in found["plan.W008"].hint
    assert "1 operation before it runs code that was not run" in found["plan.W008"].message


def test_a_failure_over_made_up_rows_proves_nothing(look):
    found = look(run_sql("DO $$ BEGIN RAISE 'no' USING ERRCODE = '23514'; END $$"))

    assert set(found) == {"plan.W008"}


def test_rows_that_do_not_fit_are_left_out_and_the_plan_is_measured_without_them(look):
    made_up = run_sql("ALTER TABLE ward_bed ADD CONSTRAINT none CHECK (number > 1000)")

    found = look(made_up)

    assert set(found) == set(), [one.message for one in found.values()]


def test_a_validated_check_that_proves_not_null_is_told(look):
    check = "ALTER TABLE ward_ward ADD CONSTRAINT c CHECK (beds IS NOT NULL)"
    found = look('migrations.AlterField("ward", "beds", models.IntegerField())', before=check)

    assert set(found) == {"plan.I002"}
    assert "ward_ward" in found["plan.I002"].message


def test_code_is_named_with_its_place_and_models_unless_it_is_run(look):
    code = 'migrations.RunPython(lambda apps, schema_editor: apps.get_model("ward", "Bed").objects.count())'

    found = look(code)["plan.W001"]

    assert "0002_next.py:" in found.message
    assert "(ward.Bed, ward.Ward)" in found.message
    assert look(code, measure_python=True) == {}


def test_sql_that_reaches_outside_is_passed_over(look):
    found = look(run_sql("COPY ward_bed (number) FROM PROGRAM 'echo 1'"))

    assert set(found) == {"plan.W001"}


@pytest.mark.parametrize("url", ["postgresql://nobody:secret@127.0.0.1:1/nothing", "rubbish", "full"])
def test_a_scratch_url_that_cannot_be_used_is_refused_without_its_password(measured, make, url):
    app, _, connection = measured
    write(app, ['migrations.AddField("bed", "note", models.TextField(null=True))'])
    options = MeasureOptions(scratch_url=make("hospital").url if url == "full" else url)

    with pytest.raises(ScratchRefused, match="The plan cannot be measured: ") as refused:
        precheck.run(using=connection.alias, options=PrecheckOptions(app_label="ward", measure=options))

    assert "secret" not in str(refused.value)


def test_what_is_not_measured_is_said(measured, monkeypatch):
    app, _, connection = measured
    write(app, ['migrations.AddField("bed", "note", models.TextField(null=True))'])
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")

    report = precheck.run(using=connection.alias, options=PrecheckOptions(app_label="ward", measure=MeasureOptions()))

    assert {"plan.W008", "plan.I001"} <= {one.id for one in report.findings}
    assert report.verdict == "attention"


def test_a_plan_that_is_too_slow_is_given_more_time(measured):
    app, _, connection = measured
    write(app, [run_sql("SELECT pg_sleep(30)")])
    options = PrecheckOptions(app_label="ward", measure=MeasureOptions(max_seconds=2))

    report = precheck.run(using=connection.alias, options=options)

    (found,) = (one for one in report.findings if one.id == "plan.W008")
    assert "took longer than 2 s" in found.message
    assert "--max-scratch-seconds" in found.hint
