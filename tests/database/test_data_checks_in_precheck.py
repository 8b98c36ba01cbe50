"""What precheck says of rows that a measured plan demands something of, and what it says where it cannot look."""

import pytest

from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.messages.errors import sqlstate
from migrations_safety.precheck.report import Depth
from migrations_safety.rendering import serialization
from tests.support.data_checks import check, measured_on
from tests.support.plain_django import ward_installed


@pytest.fixture
def ward(empty, in_process, tmp_path, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "ward_settings")
    with ward_installed(tmp_path, empty, in_process(empty)) as ward:
        ward.starts_with(BED_MODEL, rows="INSERT INTO ward_bed (note) VALUES ('x'), (NULL), ('yy')")
        yield ward


BED_MODEL = (
    "migrations.CreateModel('Bed', [('id', models.AutoField(primary_key=True)), ('note', models.TextField(null=True))])"
)


def look(ward, make, **options):
    """The report of a precheck that measures on a scratch database of its own."""
    report = ward.look(measure=MeasureOptions(scratch_url=make("empty").url), **options)
    assert report.review.measured.measured == "url", report.review.measured.reason
    return report


def data_checks(report):
    """Kind, columns, rows that violate and reason of each check."""
    return [(one.kind, *one.columns, one.violating_rows, one.reason) for one in report.review.data.checks]


def told(report, area="data"):
    return [f"{one.id} {one.subject} {one.message}" for one in report.findings if one.id.startswith(f"{area}.")]


def test_precheck_tells_a_drop_once_and_has_its_check(ward, make):
    ward.migration("migrations.RemoveField('Bed', 'note')")

    report = look(ward, make)

    assert told(report) == ['data.E010 ward_bed."note" holds values in 2 rows, and ward.0002_step drops it.']
    assert serialization.precheck(report, seconds=0)["data_checks"] == [
        {
            "kind": "drop", "table": "ward_bed", "columns": ("note",), "rows": 3, "violating_rows": 2, "groups": None,
            "demanded_by": "ward.0002_step", "reason": None,
        }
    ]  # fmt: skip


def test_a_drop_by_sql_is_judged_by_what_it_did(ward, make):
    ward.migration(
        "migrations.SeparateDatabaseAndState([migrations.RunSQL('ALTER TABLE ward_bed RENAME note TO remark')], "
        "[migrations.RemoveField('Bed', 'note')]), migrations.RunSQL('ALTER TABLE ward_bed DROP remark')"
    )

    report = look(ward, make)

    assert told(report) == ['data.E010 ward_bed."note" holds values in 2 rows, and ward.0002_step drops it.']
    assert "plan.W007" not in {one.id for one in report.findings}


def test_without_reading_rows_each_demand_is_named_as_not_judged(ward, make):
    ward.migration(
        "migrations.AlterField('Bed', 'note', models.TextField()), migrations.RemoveField('Bed', 'note')", atomic=False
    )
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ADD CHECK (id > 0)')")

    report = look(ward, make, depth=Depth.CATALOG)

    assert report.review.data.checks == ()
    assert told(report) == [
        'data.W002 ward_bed."id" was not judged for the CHECK of ward.0003_step: no rows were counted.'
    ]
    assert [one.subject for one in report.findings if one.id == "plan.W006"] == ['ward_bed."note"']


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


def test_a_constraint_that_is_made_again_in_the_same_shape_demands_nothing(ward, make):
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ADD CONSTRAINT a CHECK (id > 0), ADD UNIQUE (note)')")
    assert ward.apply() is None
    ward.migration(
        "migrations.RunSQL('ALTER TABLE ward_bed DROP CONSTRAINT a, ADD CONSTRAINT b CHECK (id > 0)'), "
        "migrations.RunSQL('ALTER TABLE ward_bed DROP CONSTRAINT ward_bed_note_key, ADD UNIQUE (note)'), "
        "migrations.RunSQL('ALTER TABLE ward_bed ADD CONSTRAINT c CHECK (id > 5) NOT VALID')"
    )

    assert look(ward, make).review.data.checks == ()


def test_code_that_names_another_model_leaves_no_doubt(ward, make):
    before = "def fill(apps, editor):\n    apps.get_model('patients', 'Patient').objects.count()"
    ward.migration("migrations.RunPython(fill)", before=before)
    ward.migration("migrations.AlterField('Bed', 'note', models.TextField())")

    assert [one.id for one in look(ward, make).findings if one.id.startswith("data.")] == ["data.E001"]


COPIED = (
    "migrations.RunSQL('CREATE TABLE kept AS TABLE ward_bed'), migrations.DeleteModel('Bed')",
    "migrations.RunSQL('CREATE TABLE kept (LIKE ward_bed); INSERT INTO kept SELECT * FROM ward_bed'), "
    "migrations.DeleteModel('Bed')",
    "migrations.AddField('Bed', 'remark', models.TextField(null=True)), "
    "migrations.RunSQL('UPDATE ward_bed SET remark = note'), migrations.RemoveField('Bed', 'note')",
)


@pytest.mark.parametrize("operations", COPIED)
def test_what_the_plan_may_have_copied_before_a_drop_does_not_block(ward, make, operations):
    ward.migration(operations)

    assert [one.id for one in look(ward, make).findings if one.id.startswith("data.")] == ["data.W001"]


def test_rows_that_sql_writes_first_are_not_called_fine(ward, make):
    ward.migration("migrations.RunSQL('UPDATE ward_bed SET note = 1')")
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ADD UNIQUE (note)')")

    assert told(look(ward, make)) == [
        'data.W003 ward_bed."note" has no row now that forbids the unique constraint of ward.0003_step. Judged without '
        "the SQL of ward.0002_step, which writes rows."
    ]
    assert sqlstate(ward.apply()) == "23505"


NOT_JUDGED = {
    "a conversion of its own": (
        "ALTER TABLE ward_bed ALTER note TYPE int USING length(note)",
        "the new type of ward.0002_step: the migration converts the values by an expression of its own (USING).",
    ),
    "a function that the plan makes": (
        "CREATE FUNCTION fine(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true'; "
        "ALTER TABLE ward_bed ADD CHECK (fine(note))",
        "the CHECK of ward.0002_step: it needs a function or operator that does not exist now.",
    ),
    "a type that the plan makes": (
        "CREATE DOMAIN words AS text; ALTER TABLE ward_bed ALTER note TYPE words",
        "the new type of ward.0002_step: the plan makes the type words.",
    ),
}


@pytest.mark.parametrize("how", NOT_JUDGED)
def test_what_cannot_be_judged_is_named(ward, make, how):
    statements, words = NOT_JUDGED[how]
    ward.migration(f'migrations.RunSQL("{statements}")')

    report = look(ward, make)

    assert told(report) == [f'data.W002 ward_bed."note" was not judged for {words}']
    assert [rows for _, _, rows, _ in data_checks(report)] == [None]


def test_a_column_that_only_the_plan_makes_is_named_where_its_values_are_not_known(ward, make):
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ADD token float DEFAULT random() UNIQUE')")

    assert told(look(ward, make)) == [
        'data.W002 ward_bed."token" was not judged for the unique constraint of ward.0002_step: the plan makes the '
        "column token."
    ]


def test_a_table_that_the_role_may_not_read_is_named(ward, make, new_role, in_process):
    role = new_role()
    ward.database.execute(f'GRANT SELECT ON django_migrations TO "{role}"; GRANT CREATE ON SCHEMA public TO "{role}"')
    ward.migration("migrations.AlterField('Bed', 'note', models.TextField())")
    measured = measured_on(ward.connection, make("empty"))
    connection = in_process(ward.database, url=ward.database.server.url(ward.database.name, user=role))

    judged = check(connection, measured)

    assert told(judged) == [
        'data.W002 ward_bed."note" was not judged for the NOT NULL of ward.0002_step: the role has no SELECT on '
        "ward_bed."
    ]


def test_a_table_whose_rows_a_policy_may_hide_is_named(ward, make, new_role, in_process):
    role = new_role()
    ward.database.execute(
        f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"; ALTER TABLE ward_bed ENABLE ROW LEVEL SECURITY'
    )
    ward.migration("migrations.AlterField('Bed', 'note', models.TextField())")
    measured = measured_on(ward.connection, make("empty"))
    connection = in_process(ward.database, url=ward.database.server.url(ward.database.name, user=role))

    judged = check(connection, measured)

    assert told(judged) == [
        'data.W002 ward_bed."note" was not judged for the NOT NULL of ward.0002_step: row-level security of ward_bed '
        "may hide rows from the role."
    ]


def test_all_conditions_of_a_table_are_counted_in_one_scan(ward, make):
    ward.migration(
        "migrations.AlterField('Bed', 'note', models.CharField(max_length=1)), migrations.RunSQL("
        "'ALTER TABLE ward_bed ADD CHECK (id > 0), ADD CHECK (id > 1), ADD CHECK (length(note) < 9)')"
    )
    measured = measured_on(ward.connection, make("empty"))
    sent = []

    def note(execute, sql, params, many, context):
        sent.append(sql)
        return execute(sql, params, many, context)

    with ward.connection.execute_wrapper(note):
        judged = check(ward.connection, measured)

    assert len(judged.checks) >= 5
    assert len([one for one in sent if 'FROM ONLY "public"."ward_bed"' in one]) == 1


def test_what_the_way_back_loses_is_told_once(ward, make):
    ward.migration("migrations.AddField('Bed', 'size', models.IntegerField(null=True))")
    assert ward.apply() is None
    ward.database.execute("UPDATE ward_bed SET size = 1")

    report = look(ward, make, migration_name="0001")

    assert [one.id for one in report.findings if one.rows or one.id.startswith(("data.", "rollback.W"))] == [
        "rollback.W001"
    ]
    assert data_checks(report) == [("drop", "size", 3, None)]


def test_a_key_of_the_models_is_told_by_the_references_alone(ward, make):
    ward.migration(
        "migrations.CreateModel('Sign', [('id', models.AutoField(primary_key=True)), "
        "('bed', models.IntegerField(null=True, db_column='bed_id'))])"
    )
    assert ward.apply() is None
    ward.database.execute("INSERT INTO ward_sign (bed_id) VALUES (1), (77), (78), (NULL)")
    ward.migration("migrations.AlterField('Sign', 'bed', models.ForeignKey('ward.Bed', models.CASCADE, null=True))")

    report = look(ward, make)

    assert [one.id for one in report.findings if one.id.startswith(("data.", "references.E"))] == ["references.E001"]
    assert data_checks(report) == [("foreign_key", "bed_id", 2, None)]


PROVEN = {
    "an identity": "ADD number int GENERATED ALWAYS AS IDENTITY UNIQUE",
    "random values": "ADD token uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE",
    "no values": "ADD size int CHECK (size > 0) UNIQUE, ADD other int REFERENCES ward_bed",
    "a constant that fits": "ADD size int NOT NULL DEFAULT 3 CHECK (size > 0)",
    "a default that is gone": "ADD size int NOT NULL DEFAULT 3; ALTER TABLE ward_bed ALTER size DROP DEFAULT",
}


@pytest.mark.parametrize("how", PROVEN)
def test_what_new_columns_can_only_hold_is_not_looked_for(ward, make, how):
    ward.migration(f"migrations.RunSQL('ALTER TABLE ward_bed {PROVEN[how]}')")

    report = look(ward, make)

    assert (report.review.data.checks, told(report)) == ((), [])
    assert ward.apply() is None


def test_a_new_column_that_is_filled_is_required_later_without_a_word(ward, make):
    ward.migration("migrations.AddField('Bed', 'size', models.IntegerField(null=True, default=3))")
    ward.migration("migrations.AlterField('Bed', 'size', models.IntegerField(default=3))")

    assert told(look(ward, make)) == []
    assert ward.apply() is None


def test_a_new_column_that_nobody_fills_forbids_not_null_later(ward, make):
    ward.migration("migrations.AddField('Bed', 'size', models.IntegerField(null=True))")
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ALTER size SET NOT NULL')")

    assert [one.id for one in look(ward, make).findings if one.id.startswith("data.")] == ["data.E012"]
    assert sqlstate(ward.apply()) == "23502"


def test_what_is_demanded_of_values_of_another_conversion_is_not_judged(ward, make):
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ADD UNIQUE (note)')")
    assert ward.apply() is None
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ALTER note TYPE int USING length(note)')")

    report = look(ward, make)

    assert {one.id for one in report.findings if one.id.startswith("data.")} == {"data.W002"}
    assert [(kind, rows) for kind, _, rows, _ in data_checks(report)] == [("cast", None), ("unique", None)]
    assert ward.apply() is None


def test_a_condition_that_cannot_be_evaluated_is_named(ward, make):
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ADD CHECK (10 / (id - 2) < 99)')")

    assert told(look(ward, make)) == [
        'data.E007 ward_bed."id" has values in some rows that the CHECK of ward.0002_step cannot take, so the '
        "migration would fail."
    ]
    assert sqlstate(ward.apply()) == "22012"
