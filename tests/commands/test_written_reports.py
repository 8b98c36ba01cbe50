"""Each command writes its report as Markdown and as a page, beside the one on stdout."""

import pytest

from tests.support.factories import new_id, refer

pytestmark = pytest.mark.any_postgresql

FORMATS = ("markdown", "html")


def written(database, command, folder, *words):
    """The result, and its reports in both formats."""
    files = {name: folder / f"report.{name}" for name in FORMATS}
    reports = [f"--report={name}={file}" for name, file in files.items()]
    result = database.run(command, *words, *reports)
    return result, *(files[name].read_text() for name in FORMATS)


def test_a_verification_that_holds(migrated, tmp_path):
    result, markdown, page = written(migrated, "verify_patient_schema", tmp_path)

    assert result.code == 0, result.said
    assert markdown.startswith("<!-- migrations_safety: verify_patient_schema -->\n# Schema verification: ")
    assert "**Verified: the schema is as declared, and every reference has its parent.**" in markdown
    assert "<title>Verified: Schema verification: " in page


def test_a_verification_that_finds_drift(migrated, tmp_path):
    migrated.execute("ALTER TABLE patients ALTER mrn TYPE varchar(20)")

    result, markdown, page = written(migrated, "verify_schema", tmp_path, "patients")

    assert result.code == 1, result.said
    assert "| varchar(60) | character varying(20) | schema.E005 |" in markdown
    assert "<td>character varying(20)</td>" in page


def test_a_backfill(hospital, tmp_path):
    refer(hospital, "bills", new_id())

    result, markdown, page = written(hospital, "backfill_placeholders", tmp_path)

    assert result.code == 0, result.said
    assert "**Every reference is covered.**" in markdown
    assert "The tables were pending; applied ehr.0001_initial, patients.0001_initial." in markdown
    assert "<title>Covered: Backfill of placeholders: " in page


def test_the_record_of_runs(hospital, tmp_path):
    none, _, empty = written(hospital, "audit_runs", tmp_path)
    assert hospital.run("migrate").code == 0

    result, markdown, page = written(hospital, "audit_runs", tmp_path)

    assert (none.code, result.code) == (0, 0)
    assert "<title>No record: " in empty
    assert "| migrate | finished: applied |" in markdown
    assert page.count("<time ") == markdown.count("| migrate | ") == 1


@pytest.mark.parametrize("command", ["verify_schema", "verify_patient_schema", "backfill_placeholders", "audit_runs"])
@pytest.mark.parametrize(("format", "begins"), [("markdown", "<!-- migrations_safety: "), ("html", "<!doctype html>")])
def test_the_format_goes_to_stdout_alone(migrated, command, format, begins):
    result = migrated.run(command, "--format", format)

    assert result.code == 0, result.said
    assert result.out.startswith(begins)
