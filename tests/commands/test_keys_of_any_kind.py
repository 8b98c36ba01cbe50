"""Keys that hold no ids of patients have no class and no word of people; a maker makes placeholders of any type."""

import pytest

from migrations_safety import registry
from migrations_safety.messages.class_reasons import REASONS
from migrations_safety.registry import PlaceholderMaker, register_placeholders
from tests.support.in_process import fill, installed, migrate
from tests.support.precheck_findings import look, told
from tests.support.sample_app import SampleApp

KEY = "models.ForeignKey('ward.Subject', models.DO_NOTHING, db_constraint={})"
PARENTS = {
    "bigint": ("models.BigAutoField(primary_key=True)", "7", "990077"),
    "zero": ("models.BigAutoField(primary_key=True)", "7", "0"),
    "date": ("models.DateField(primary_key=True)", "'2026-01-01'", "'2026-01-02'"),
    "numeric": ("models.DecimalField(max_digits=6, decimal_places=2, primary_key=True)", "1.50", "1.75"),
    "inet": ("models.GenericIPAddressField(primary_key=True)", "'10.0.0.1'", "'10.0.0.2'"),
    "code": ("models.CharField(max_length=10, primary_key=True)", "'DE'", "'FR'"),
    "slug": ("models.SlugField(primary_key=True)", "'icu'", "'test'"),
    "uuid": ("models.UUIDField(primary_key=True)", "gen_random_uuid()", "'00000000-0000-0000-0000-000000000000'"),
    "boolean": ("models.BooleanField(primary_key=True)", "true", "false"),
}


@pytest.fixture
def ward(tmp_path, hospital, in_process):
    """`ward(parent, good, bad)`: one row that has its parent and two that have none; the key is pending."""
    in_process(hospital)
    apps = []

    def make(parent, good, bad):
        app = SampleApp(tmp_path)
        models = "class Subject(models.Model):\n    id = {}\nclass Diagnosis(models.Model):\n    subject = {}\n"
        app.models(models.format(parent, KEY.format(True)))
        diagnosis = f"[('id', models.BigAutoField(primary_key=True)), ('subject', {KEY.format(False)})]"
        subject = f"migrations.CreateModel('Subject', [('id', {parent})])"
        app.migration("0001_initial", f"{subject}, migrations.CreateModel('Diagnosis', {diagnosis})")
        alter = f"migrations.AlterField('Diagnosis', 'subject', {KEY.format(True)})"
        app.migration("0002_key", alter, after=("ward", "0001_initial"))
        apps.append(installed(app))
        apps[-1].__enter__()
        migrate("ward", "0001")
        hospital.execute(f"INSERT INTO ward_subject VALUES ({good})")
        hospital.execute("INSERT INTO ward_diagnosis (subject_id) SELECT id FROM ward_subject")
        hospital.execute(f"INSERT INTO ward_diagnosis (subject_id) VALUES ({bad}), ({bad})")

    yield make
    for one in apps:
        one.__exit__(None, None, None)


@pytest.fixture
def maker():
    """A maker for the parents of the ward, besides that of the patients."""
    values = {"id": "orphan.value"}
    register_placeholders(PlaceholderMaker(model="ward.Subject", migration=("ward", "0001_initial"), values=values))
    yield
    registry._makers.pop("ward.Subject")


@pytest.mark.parametrize("kind", PARENTS)
def test_an_orphan_has_no_row_in_its_parent_and_nothing_else_is_said(ward, kind):
    ward(*PARENTS[kind])

    found = look(app_label="ward")

    assert set(found) == {"references.E001"}
    assert told(found, "references.E001") == [
        'ward_diagnosis."subject_id" holds 1 value in 2 rows with no row in ward_subject.'
    ]
    assert found["references.E001"][0].hint == "Create the missing rows of ward_subject, or correct these references."


@pytest.mark.parametrize("kind", PARENTS)
def test_a_registered_maker_makes_the_missing_rows_whatever_their_type(ward, maker, hospital, kind):
    ward(*PARENTS[kind])
    before = look(app_label="ward")

    report = fill()

    assert before["references.E001"][0].hint == "python manage.py backfill_placeholders"
    assert (report.verdict, report.created) == ("covered", 1)
    assert look(app_label="ward") == {}
    migrate("ward")


def test_ids_that_a_sequence_gives_out_go_on_after_those_of_placeholders(ward, maker, hospital):
    ward(*PARENTS["bigint"])

    fill()

    assert hospital.value("INSERT INTO ward_subject DEFAULT VALUES RETURNING id") == 990078


def test_one_value_in_most_rows_is_nothing_special_where_ids_are_not_those_of_people(ward, hospital):
    ward(*PARENTS["code"])
    hospital.execute("INSERT INTO ward_diagnosis (subject_id) SELECT 'DE' FROM generate_series(1, 2000)")

    assert set(look(app_label="ward")) == {"references.E001"}


def test_the_report_has_no_class_of_them(ward, hospital, in_process):
    ward(*PARENTS["date"])

    found = look(app_label="ward")

    assert not [one for one in REASONS if one in str(found)]
