"""What blocks in a measured `precheck` blocks in `migrate`, in the same words, and nothing is changed."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.sample_app import SampleApp

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]

BED = (
    "migrations.CreateModel('Bed', [('id', models.BigAutoField(primary_key=True)), "
    "('number', models.IntegerField(null=True))])"
)
ROWS = "INSERT INTO ward_bed (number) SELECT nullif(mod(g, 1000), 0) FROM generate_series(1, 240000) AS g"
INDEX = 'migrations.AddIndex("bed", models.Index(fields=["number"], name="bed_number"))'
STALL = ("--max-stall", "1")
"""A table of ten megabytes is indexed in more than a millisecond on any machine."""


@pytest.fixture
def ward(hospital, tmp_path):
    app = SampleApp(tmp_path)
    app.migration("0001_initial", BED)
    assert hospital.run("migrate", "ward", **app.variables).code == 0
    hospital.execute(ROWS)
    return app


def blocked(result):
    return [(one["id"], one["message"]) for one in result.json["findings"] if one["level"] == "error"]


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        (INDEX, "locks.E002"),
        ('migrations.AlterField("bed", "number", models.IntegerField())', "data.E001"),
        ('migrations.RemoveField("bed", "number")', "data.E010"),
    ],
)
def test_what_blocks_there_blocks_here(hospital, ward, operations, expected):
    ward.migration("0002_more", operations, after=("ward", "0001_initial"))
    how = ("ward", "--measure", *STALL, "--format", "json")
    before = catalog_snapshot(hospital)

    looked, refused = (hospital.run(command, *how, **ward.variables) for command in ("precheck", "migrate"))

    assert (looked.code, refused.code) == (1, 1)
    assert expected in {id for id, _ in blocked(looked)}
    assert blocked(looked) == blocked(refused)
    assert catalog_snapshot(hospital) == before


def test_a_plan_that_would_fail_ends_with_2_and_one_sentence(hospital, ward):
    fails = "migrations.RunSQL('ALTER TABLE ward_bed DROP CONSTRAINT nowhere')"
    ward.migration("0002_more", fails, after=("ward", "0001_initial"))

    looked, stopped = (
        hospital.run(command, "ward", "--measure", **ward.variables) for command in ("precheck", "migrate")
    )

    assert (looked.code, stopped.code, stopped.out) == (1, 2, "")
    assert "plan.E002" in looked.out
    assert "ward.0002_more would fail here in operation 1" in " ".join(stopped.err.split())
    assert "nowhere" in stopped.err
    assert "Nothing was changed." in stopped.err


def test_an_accepted_finding_lets_the_plan_pass_and_its_reason_is_told(hospital, ward):
    accepts = 'AcceptedFinding("locks.E002", subject="ward_bed", reason="the ward is closed at night")'
    ward.migration("0002_more", INDEX, after=("ward", "0001_initial"), accepts=accepts)

    result = hospital.run("migrate", "ward", "--measure", *STALL, "--retry-for", "5", **ward.variables)
    looked = hospital.run("precheck", "ward", "--measure", **ward.variables)

    assert result.code == 0, result.said
    assert "Nothing to do" in looked.out


def test_without_a_measurement_nothing_is_known_of_locks(hospital, ward):
    ward.migration("0002_more", INDEX, after=("ward", "0001_initial"))

    looked = hospital.run("precheck", "ward", "--no-measure", *STALL, "--format", "json", **ward.variables)

    assert looked.code == 0
    assert looked.json["plan"]["measured"] == "no"
    assert {one["id"] for one in looked.json["findings"]} == {"plan.I001"}
