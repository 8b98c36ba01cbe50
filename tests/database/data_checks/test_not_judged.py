"""A demand that cannot be judged is named, with the reason, and is never called fine."""

import pytest

from migrations_safety.messages.errors import sqlstate
from migrations_safety.precheck.report import Depth
from tests.support.data_checks import check, data_checks, look, measured_on, told


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
