"""Keys between types that are unlike: what PostgreSQL takes passes with a warning, what it refuses is told before."""

import pytest
from django.core.management import CommandError

from migrations_safety.messages.refusals.plan import TypesDiffer
from migrations_safety.precheck import precheck
from tests.support.factories import refer
from tests.support.in_process import fill, installed, migrate
from tests.support.precheck_findings import look, told
from tests.support.sample_app import SampleApp

FIELD = "models.ForeignKey('ward.Subject', models.DO_NOTHING, db_constraint={})"
SUBJECT = "migrations.CreateModel('Subject', [('id', models.BigAutoField(primary_key=True))])"
DIAGNOSIS = (
    f"migrations.CreateModel('Diagnosis', [('id', models.BigAutoField(primary_key=True)), ('subject', {FIELD})])"
)
KEY = f"migrations.AlterField('Diagnosis', 'subject', {FIELD.format(True)})"
FIRST = ("ward", "0001_initial")
TABLES = """
    CREATE TABLE ward_subject (id {parent} PRIMARY KEY); INSERT INTO ward_subject VALUES ({value});
    CREATE TABLE ward_diagnosis (id bigserial PRIMARY KEY, subject_id {child});
    CREATE INDEX ON ward_diagnosis (subject_id); INSERT INTO ward_diagnosis (subject_id) VALUES ({value});
"""


@pytest.fixture
def ward(tmp_path, hospital, in_process):
    """Tables that the models know as bigint: a key between them is pending."""
    in_process(hospital)
    app = SampleApp(tmp_path)
    app.migration("0001_initial", f"{SUBJECT}, {DIAGNOSIS.format(False)}")
    app.migration("0002_key", KEY, after=FIRST)
    with installed(app):
        migrate("ward", "0001", fake=True)
        yield app


@pytest.mark.parametrize(
    ("parent", "child", "value"),
    [
        ("numeric(20,0)", "bigint", "7"),
        ("inet", "cidr", "'10.0.0.0/8'"),
        ("timestamptz", "date", "'2026-01-01'"),
        ("double precision", "real", "1.5"),
        ("varchar(9)", "char(9)", "'a'"),
        ("bigint", "integer", "7"),
    ],
)
def test_a_key_that_postgresql_takes_passes_with_a_warning(ward, hospital, parent, child, value):
    hospital.execute(TABLES.format(parent=parent, child=child, value=value))

    found = look(app_label="ward")
    migrate("ward")

    assert set(found) - {"drift.W002"} == {"types.W001"}
    assert hospital.value(
        "SELECT convalidated FROM pg_constraint WHERE conrelid = 'ward_diagnosis'::regclass AND contype = 'f'"
    )


@pytest.mark.parametrize(("parent", "child"), [("bigint", "numeric"), ("numeric(9,2)", "text"), ("text", "bigint")])
def test_a_key_that_postgresql_refuses_is_told_with_the_statement_that_converts(ward, hospital, parent, child):
    hospital.execute(TABLES.format(parent=parent, child=child, value="'7'"))

    (finding,) = look(app_label="ward")["types.E001"]

    with pytest.raises(CommandError, match="42804"):
        migrate("ward", skip_precheck=True)
    assert finding.message.endswith("PostgreSQL refuses a key between the two (42804).")
    for _ in range(2):  # what is not as the models declare it: the referencing column, or both
        if "types.E001" in (found := look(app_label="ward")):
            hospital.execute(found["types.E001"][0].hint.partition(";")[0])
    assert "types.E001" not in look(app_label="ward")


def test_of_a_type_that_is_not_there_yet_it_is_said_that_nothing_is_known(tmp_path, hospital, in_process):
    app, enum = SampleApp(tmp_path), "migrations_safety.fields.EnumField(enum_name='kind', max_length=9{})"
    app.migration("0001_initial", f"migrations.CreateModel('Ward', [('kind', {enum.format('')})])")
    key = "models.ForeignKey('ward.Kind', models.DO_NOTHING, db_column='kind')"
    parent = f"migrations.CreateModel('Kind', [('id', {enum.format(', primary_key=True')})])"
    make = "migrations_safety.operations.CreateEnum('kind', ['a'])"
    app.migration("0002_key", f"{make}, {parent}, migrations.AlterField('Ward', 'kind', {key})", after=FIRST)
    hospital.execute("CREATE TABLE ward_ward (id bigserial PRIMARY KEY, kind text)")
    in_process(hospital)

    with installed(app):
        migrate("ward", "0001", fake=True)
        found = look(app_label="ward")

    assert told(found, "types.W003") == [
        'ward_ward."kind" is text, but ward_kind."id" is "kind". One of these types does not exist yet, '
        "so it is unknown whether PostgreSQL accepts a key between the two."
    ]


def test_precheck_and_backfill_say_the_same_of_types(hospital_text, in_process):
    hospital_text.execute("ALTER TABLE users ALTER COLUMN id TYPE uuid USING id::uuid")
    refer(hospital_text, "bills", "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380a11")
    hospital_text.id_type = "uuid"
    in_process(hospital_text)

    before = {one.subject: one.hint for one in precheck.run(using="default").findings if one.id == "types.E001"}
    with pytest.raises(TypesDiffer) as refused:
        fill()

    assert before['bills."patientId"'] == refused.value.hint
    assert set(before.values()) == {"Set EHR_ID_TYPE=text: that is what most of the existing columns are."}


def test_followed_the_hints_lead_to_a_setting_that_fits(hospital_text, in_process):
    hospital_text.execute("ALTER TABLE users ALTER COLUMN id TYPE uuid USING id::uuid")
    in_process(hospital_text)

    (hint,) = {one.hint for one in look()["types.E001"]}
    hospital_text.execute(hint.partition("; It ")[0].rpartition("all. ")[2])

    assert hint.startswith(
        "The existing columns are of several types, no EHR_ID_TYPE fits all. ALTER TABLE users ALTER"
    )
    assert "types.E001" not in look()
    assert told(look(), "types.W001") == []
