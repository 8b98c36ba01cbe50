"""A table that the plan alters and that belongs to another role is told, because all belong to one on the scratch."""

import pytest

from migrations_safety.checks.ownership import ALTERS
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions
from tests.support.measured_app import write

FIELD = 'migrations.AddField("bed", "note", models.TextField(null=True))'


def not_owned(connection, scratch):
    options = PrecheckOptions(app_label="ward", measure=MeasureOptions(scratch_url=scratch.url))
    report = precheck.run(using=connection.alias, options=options)
    assert report.review.measured.measured == "url"
    return [one.subject for one in report.findings if one.id == "privilege.E002"]


@pytest.fixture
def as_deployer(measured, new_role, monkeypatch):
    """The role of the deploy, which may do everything with the tables but own them."""
    _, database, connection = measured
    role = new_role()
    database.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}"; GRANT ALL ON SCHEMA public TO "{role}"')
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "USER", role)
    return role


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (FIELD, ["ward_bed"]),
        ('migrations.AddIndex("bed", models.Index(fields=["number"], name="n"))', ["ward_bed"]),
        ('migrations.RunSQL("ALTER TABLE IF EXISTS ONLY Ward_Bed ADD x int")', ["ward_bed"]),
        ('migrations.RunSQL("DROP TABLE public.ward_bed")', ["ward_bed"]),
        ('migrations.RunSQL("UPDATE ward_bed SET number = 1")', []),
        ('migrations.CreateModel("New", [("id", models.AutoField(primary_key=True))])', []),
    ],
)
def test_a_table_of_another_role_is_told(measured, as_deployer, make, operation, expected):
    app, _, connection = measured
    write(app, [operation])

    assert not_owned(connection, make("empty")) == expected


def test_a_table_of_ones_own_is_not(measured, as_deployer, make):
    app, database, connection = measured
    write(app, [FIELD])
    database.execute(f'ALTER TABLE ward_bed OWNER TO "{as_deployer}"')

    assert not_owned(connection, make("empty")) == []


def test_the_text_of_an_index_names_its_table():
    text = 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "on" ON ONLY "a b"."c ""d" USING btree (x); ALTER TABLE e'
    assert [found["table"] for found in ALTERS.finditer(text)] == ['"a b"."c ""d"', "e"]
