"""`migrate --precheck`: the gate uses the measurements of an earlier precheck, if nothing has changed since."""

import json

import pytest

from tests.support.factories import new_id, refer

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]

USED = "are used: nothing that they depend on has changed."


@pytest.fixture
def report(hospital, tmp_path):
    """The file of a report on the hospital, whose plan was measured."""
    file = tmp_path / "report.json"
    assert hospital.run("precheck", "--measure", "--format", "json", "--output", str(file)).code == 0
    return file


def test_the_measurements_are_used_and_all_else_is_checked_again(hospital, report):
    file = report
    measured = json.loads(file.read_text())

    result = hospital.run("migrate", "--precheck", str(file), "--format", "json")

    assert result.code == 0
    assert f"The measurements of {file} {USED}" in result.err
    assert measured["plan"]["measured"] == "embedded"
    assert {one["id"] for one in result.json["findings"]} == {one["id"] for one in measured["findings"]}
    assert "locks.I001" in {one["id"] for one in result.json["findings"]}


@pytest.mark.parametrize(
    ("sql", "because"),
    [
        ('CREATE INDEX odd ON bills ("patientId")', "the schema of the database has changed"),
        ("ALTER TABLE bills ADD CONSTRAINT odd CHECK (id IS NOT NULL) NOT VALID", "the schema of the database has"),
        ("INSERT INTO users SELECT * FROM users WHERE false", None),
    ],
)
def test_a_changed_schema_is_told_and_measurements_are_not_used(hospital, report, sql, because):
    file = report
    hospital.execute(sql)

    result = hospital.run("migrate", "--precheck", str(file))

    assert result.code == 0
    assert (f"are not used: {because}" if because else USED) in result.err


def test_orphans_of_a_new_parent_are_found_once(hospital):
    refer(hospital, "bills", new_id())

    looked = hospital.run("precheck", "--measure", "--format", "json")

    assert [one["id"] for one in looked.json["findings"] if one["level"] == "error"] == ["references.E001"]
    (bills,) = [one for one in looked.json["data_checks"] if one["table"] == "bills"]
    assert (bills["kind"], bills["violating_rows"]) == ("foreign_key", 1)


def test_another_database_and_another_plan_are_told(hospital, make, report):
    file = report
    other = make("hospital")

    elsewhere = other.run("migrate", "--precheck", str(file))
    earlier = hospital.run("migrate", "patients", "--precheck", str(file))

    assert "are not used: it is of another database." in elsewhere.err
    assert "are not used: other migrations are pending." in earlier.err


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"command": "precheck"}', '{"command": "precheck", "plan": {}}'])
def test_a_file_that_is_no_report_is_refused_before_anything_changes(hospital, tmp_path, text):
    file = tmp_path / "report.json"
    file.write_text(text)

    result = hospital.run("migrate", "--precheck", str(file))

    assert (result.code, result.out) == (2, "")
    assert f"The file {file} is not a JSON report of precheck. Nothing was changed." in result.err


def test_a_missing_file_is_refused_and_so_is_one_without_a_gate(hospital, tmp_path):
    missing = hospital.run("migrate", "--precheck", str(tmp_path / "nowhere.json"))
    needless = hospital.run("migrate", "--precheck", "report.json", "--skip-precheck")

    assert (missing.code, needless.code) == (2, 2)
    assert "cannot be read (No such file or directory)" in missing.err
    assert "--precheck is for the precheck before migrating" in needless.err


def test_a_plan_that_was_not_measured_is_told(hospital, tmp_path):
    file = tmp_path / "report.json"
    hospital.run("precheck", "--format", "json", "--output", str(file))

    assert "are not used: its plan was not measured." in hospital.run("migrate", "--precheck", str(file)).err
