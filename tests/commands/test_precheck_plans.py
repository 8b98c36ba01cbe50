"""Plans of an ordinary Django project, as a deploy script sees them: exit code, last line, JSON."""

import pytest

from tests.support.sample_app import SampleApp

RELEASE = {"application.W001", "application.W004", "application.W005"}
ID = "('id', models.BigAutoField(primary_key=True))"


@pytest.fixture
def ward(tmp_path):
    return SampleApp(tmp_path)


def test_an_ordinary_plan_passes_with_a_sentence_that_says_what_was_looked_at(hospital, ward):
    ward.migration("0001_initial", f"migrations.CreateModel('Bed', [{ID}, ('number', models.IntegerField())])")
    ward.migration(
        "0002_more",
        "migrations.RemoveField('Bed', 'number'), migrations.RunSQL('SELECT 1'), "
        "migrations.AddField('Bed', 'room', models.TextField(default=''))",
        after=("ward", "0001_initial"),
    )
    assert hospital.run("migrate", "ward", "0001", **ward.variables).code == 0

    text, json = (
        hospital.run("precheck", "ward", **ward.variables),
        hospital.run("precheck", "ward", "--format", "json", **ward.variables),
    )
    done = hospital.run("migrate", "ward", **ward.variables)

    assert (text.code, json.code, done.code) == (0, 0, 0)
    assert "No foreign key is added. Locks, rewrites and dropped data are not judged: 3 operations. Read the" in (
        " ".join(text.out.split())
    )
    assert "safe" not in text.said.lower()
    assert (json.json["verdict"], json.json["not_judged"]) == ("attention", 3)
    assert {one["id"] for one in json.json["findings"]} == {"plan.W001", "plan.W014", "plan.I001"} | RELEASE
    assert "Gate: attention, 6 findings (application.W001, application.W004, application.W005, …)" in done.err


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE {}",
        "CREATE SCHEMA elsewhere; ALTER TABLE {} SET SCHEMA elsewhere",
        "DROP TABLE {}; CREATE VIEW {} AS SELECT 1",
    ],
)
def test_with_nothing_pending_a_table_that_is_gone_ends_no_command(hospital, ward, damage):
    ward.migration("0001_initial", f"migrations.CreateModel('Bed', [{ID}])")
    assert hospital.run("migrate", "ward", **ward.variables).code == 0
    hospital.execute(damage.replace("{}", "ward_bed"))

    looked, done = (hospital.run(command, **ward.variables) for command in ("precheck", "migrate"))

    assert (looked.code, done.code) == (0, 0), looked.said + done.said


def test_of_many_findings_with_one_id_ten_are_shown_and_the_others_counted(hospital, ward):
    ward.migration("0001_initial", f"migrations.CreateModel('Bed', [{ID}])")
    assert hospital.run("migrate", "ward", **ward.variables).code == 0
    for number in range(2, 14):
        after = "0001_initial" if number == 2 else f"{number - 1:04}_step"
        ward.migration(f"{number:04}_step", "migrations.RunSQL('SELECT 1')", after=("ward", after))

    text = hospital.run("precheck", "ward", **ward.variables)
    json = hospital.run("precheck", "ward", "--format", "json", **ward.variables)

    assert text.out.count("plan.W014  ") == 10
    assert "More findings, which --format json has: 2 of plan.W014." in text.out
    assert sum(one["id"] == "plan.W014" for one in json.json["findings"]) == 12
