"""What the plan does to rows before it demands something of them is taken into account."""

from migrations_safety.messages.errors import sqlstate
from tests.support.data_checks import look, told


def test_rows_that_the_plan_fills_first_forbid_nothing(ward, make):
    ward.migration("migrations.AlterField('Bed', 'note', models.TextField(default='none'))")

    assert told(look(ward, make)) == []
    assert ward.apply() is None


def test_rows_that_sql_may_correct_first_do_not_block(ward, make):
    ward.migration("migrations.RunSQL(\"UPDATE ward_bed SET note = '' WHERE note IS NULL OR id = 1\")")
    ward.migration("migrations.AlterField('Bed', 'note', models.TextField())")

    assert told(look(ward, make)) == [
        'data.W001 ward_bed."note" has 1 row without a value, and ward.0003_step makes it NOT NULL. Judged without '
        "the code of ward.0002_step, which runs before and may change that."
    ]
    assert ward.apply() is None


def test_code_before_a_demand_is_named(ward, make):
    before = "def fill(apps, editor):\n    apps.get_model('ward', 'Bed').objects.filter(note=None).update(note='')"
    ward.migration("migrations.RunPython(fill)", before=before)
    ward.migration("migrations.AlterField('Bed', 'note', models.TextField())")

    report = look(ward, make)

    assert [one.id for one in report.findings if one.id.startswith("data.")] == ["data.W001"]
    assert ward.apply() is None


def test_code_that_names_another_model_leaves_no_doubt(ward, make):
    before = "def fill(apps, editor):\n    apps.get_model('patients', 'Patient').objects.count()"
    ward.migration("migrations.RunPython(fill)", before=before)
    ward.migration("migrations.AlterField('Bed', 'note', models.TextField())")

    assert [one.id for one in look(ward, make).findings if one.id.startswith("data.")] == ["data.E001"]


def test_rows_that_sql_writes_first_are_not_called_fine(ward, make):
    ward.migration("migrations.RunSQL('UPDATE ward_bed SET note = 1')")
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ADD UNIQUE (note)')")

    assert told(look(ward, make)) == [
        'data.W003 ward_bed."note" has no row now that forbids the unique constraint of ward.0003_step. Judged without '
        "the SQL of ward.0002_step, which writes rows."
    ]
    assert sqlstate(ward.apply()) == "23505"
