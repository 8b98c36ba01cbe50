"""Formats for CI in a whole run: paths as the checkout has them, and the summary of the step."""

import json
import os
from pathlib import Path

import pytest

from migrations_safety.management.ci_formats import OF_CI, repository
from migrations_safety.management.step_summary import SUMMARY_BYTES
from tests.support import commands
from tests.support.commands import ROOT
from tests.support.factories import new_id, refer
from tests.support.markdown import tables

pytestmark = pytest.mark.any_postgresql

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def blocked(hospital):
    refer(hospital, "bills", new_id())
    return hospital


def test_one_run_writes_all_of_them_with_paths_from_the_checkout(blocked, tmp_path):
    reports = [f"--report={name}={tmp_path / name}" for name in OF_CI]

    result = blocked.run("precheck", *reports, GITHUB_WORKSPACE=str(ROOT.parent))

    drawn = {name: (tmp_path / name).read_text() for name in OF_CI}
    found = json.loads(drawn["sarif"])["runs"][0]
    paths = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in found["results"]}
    assert result.code == 1
    assert found["properties"]["verdict"] == "blocked"
    assert {one["check_name"] for one in json.loads(drawn["gitlab"])} == {one["ruleId"] for one in found["results"]}
    assert "::error title=references.E001%3A " in drawn["github"]
    assert 'name="references" time="0">\n      <failure ' in drawn["junit"]
    assert [path for path in paths if path.endswith(".py") and not path.startswith(f"{ROOT.name}/")] == []
    assert "precheck: blocked" in result.out or "Blocked" in result.out


def test_annotations_are_alone_on_stdout_and_the_table_is_appended_to_the_summary(blocked, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("of an earlier step\n")

    result = blocked.run("precheck", "--format", "github", GITHUB_STEP_SUMMARY=str(summary))

    assert result.code == 1
    assert {line.partition(" ")[0] for line in result.out.splitlines()} <= {"::error", "::warning"}
    assert summary.read_text().startswith("of an earlier step\n### precheck of ")
    [table] = tables(summary.read_text())
    assert "references.E001" in [row[1] for row in table.rows]


@pytest.mark.parametrize("options", [(), ("--format", "sarif")])
def test_other_formats_leave_the_summary_alone(blocked, tmp_path, options):
    summary = tmp_path / "summary.md"

    blocked.run("precheck", *options, GITHUB_STEP_SUMMARY=str(summary))

    assert not summary.exists()


def test_a_summary_that_is_full_stays_as_it_is(blocked, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * SUMMARY_BYTES)

    result = blocked.run("precheck", "--format", "github", GITHUB_STEP_SUMMARY=str(summary))

    assert result.code == 1
    assert summary.stat().st_size == SUMMARY_BYTES


def test_a_summary_that_cannot_be_written_is_told_and_changes_nothing_else(blocked, tmp_path):
    result = blocked.run("precheck", "--format", "github", GITHUB_STEP_SUMMARY=str(tmp_path / "nowhere" / "a"))

    assert result.code == 1
    assert result.out.startswith("::error ")
    assert "The summary of the step cannot be written: No such file or directory." in result.err


def test_statistics_have_no_findings_to_write(tmp_path):
    words = ["--write-statistics", str(tmp_path / "a"), "--report", f"sarif={tmp_path / 'b'}"]

    result = commands.manage("precheck", *words, DATABASE_URL=NOWHERE)

    assert (result.code, result.out) == (2, "")
    assert "--write-statistics checks nothing; leave out the format sarif." in result.err
    assert list(tmp_path.iterdir()) == []


def test_paths_are_counted_from_the_checkout_that_the_command_runs_in(tmp_path, monkeypatch):
    project, elsewhere = tmp_path / "repository" / "backend", tmp_path / "elsewhere"
    project.mkdir(parents=True)
    elsewhere.mkdir()
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(project)

    assert repository() == project
    (tmp_path / "repository" / ".git").mkdir()
    assert repository() == tmp_path / "repository"
    monkeypatch.setenv("GITHUB_WORKSPACE", str(elsewhere))
    assert repository() == tmp_path / "repository"
    monkeypatch.setenv("CI_PROJECT_DIR", os.path.relpath(tmp_path, Path.cwd()))
    assert repository() == tmp_path


def test_commands_other_than_precheck_write_them_too(blocked, tmp_path):
    assert blocked.run("migrate", "patients").code == 0
    summary, reports = tmp_path / "summary.md", [f"--report={name}={tmp_path / name}" for name in OF_CI]
    blocked.execute("DELETE FROM django_migrations WHERE app = 'patients'")

    result = blocked.run("diagnose", *reports, GITHUB_STEP_SUMMARY=str(summary))

    drawn = {name: (tmp_path / name).read_text() for name in OF_CI}
    [run] = json.loads(drawn["sarif"])["runs"]
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]]
    assert result.code == 1, result.said
    assert (run["automationDetails"]["id"], run["properties"]["verdict"]) == ("diagnose/default/", "something to do")
    assert "patients/migrations/0001_initial.py" in places
    assert "::error file=patients/migrations/0001_initial.py,title=recovery.E02" in drawn["github"]
    assert 'name="deploy lock" time="0" />' in drawn["junit"]
    assert "blocker" in {one["severity"] for one in json.loads(drawn["gitlab"])}
    assert summary.read_text().startswith("### diagnose of ")
