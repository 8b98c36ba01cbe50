"""Findings that are known, and findings about migrations that are older than a git revision, are not told."""

import json
import subprocess
from pathlib import Path

import pytest

from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.refusals.acceptance import BaselineRefused, RevisionRefused
from migrations_safety.precheck import baseline, precheck
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.rendering import serialization, text
from tests.support.plain_django import ward_installed

pytestmark = pytest.mark.any_postgresql

BED = """
    migrations.CreateModel("Bed", [
        ("id", models.AutoField(primary_key=True)), ("note", models.TextField(null=True)),
        ("size", models.TextField(null=True)),
    ])
"""
DROP_NOTE = "migrations.RemoveField('Bed', 'note')"
DROP_SIZE = "migrations.RemoveField('Bed', 'size')"
WARNINGS = {"fail_level": Level.WARNING}


@pytest.fixture
def ward(empty, in_process, tmp_path):
    with ward_installed(tmp_path, empty, in_process(empty)) as ward:
        ward.starts_with(BED, rows="INSERT INTO ward_bed (note, size) VALUES ('x', 'y')")
        yield ward


@pytest.fixture
def repository(ward, monkeypatch):
    """The app's folder as a git repository, in which the command is run."""
    monkeypatch.chdir(ward.app.folder)
    git("init", "--quiet", "--initial-branch=main")
    return ward


def git(*command):
    author = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *author, *command], check=True, capture_output=True)


def commit():
    git("add", "--all")
    git("commit", "--quiet", "--message", "x")


def dropped(report):
    return [one.subject for one in report.findings if one.id == "data.E010"]


def written(report, folder):
    file = folder / "known.json"
    file.write_text(baseline.as_text(baseline.baseline_of(report, str(file))))
    return str(file)


def test_known_findings_are_not_told_again_and_new_ones_are(ward, tmp_path):
    ward.migration(DROP_NOTE)
    file = written(ward.look(), tmp_path)
    ward.migration(DROP_SIZE)

    report = ward.look(baseline=baseline.read(file), **WARNINGS)

    assert dropped(report) == ['ward_bed."size"']
    assert [one.id for one in report.known.findings if one.id == "data.E010"] == ["data.E010"]
    assert report.known.gone == ()
    assert "in the baseline" in text.precheck(report, seconds=0, width=300, colour=False)


def test_with_nothing_new_nothing_blocks(ward, tmp_path):
    ward.migration(DROP_NOTE)
    file = written(ward.look(), tmp_path)

    assert ward.look(**WARNINGS).blocking
    assert not ward.look(baseline=baseline.read(file), **WARNINGS).blocking


def test_the_same_rule_about_another_migration_is_new(ward, tmp_path):
    name = ward.migration(DROP_NOTE)
    file = written(ward.look(), tmp_path)
    (ward.app.folder / "ward" / "migrations" / f"{name}.py").unlink()
    ward.last = "0001_step"
    ward.migration(f"{DROP_SIZE}, {DROP_NOTE}")

    report = ward.look(baseline=baseline.read(file))

    assert dropped(report) == ['ward_bed."size"']


def test_a_report_as_json_is_a_baseline_too_with_what_it_knew_itself(ward, tmp_path):
    ward.migration(DROP_NOTE)
    first = tmp_path / "first.json"
    first.write_text(json.dumps(serialization.precheck(ward.look(), seconds=0)))
    second = tmp_path / "second.json"
    known = ward.look(baseline=baseline.read(str(first)))
    second.write_text(json.dumps(serialization.precheck(known, seconds=0)))

    assert dropped(known) == []
    assert dropped(ward.look(baseline=baseline.read(str(second)))) == []


def test_what_is_gone_is_counted(ward, tmp_path):
    ward.migration(DROP_NOTE)
    file = written(ward.look(), tmp_path)
    assert ward.apply() is None

    report = ward.look(baseline=baseline.read(file))

    assert {one.id for one in report.known.gone} >= {"data.E010"}
    assert "match no finding now" in text.precheck(report, seconds=0, width=300, colour=False)


def test_an_error_of_the_target_cannot_be_known(hospital, in_process, tmp_path):
    from tests.support.factories import refer

    in_process(hospital)
    refer(hospital, "bills", "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001")
    report = precheck.run(using="default")
    file = written(report, tmp_path)

    again = precheck.run(using="default", options=PrecheckOptions(baseline=baseline.read(file)))

    assert [one.id for one in again.blocking] == [one.id for one in report.blocking] == ["references.E001"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"findings": 1}', '{"findings": ["x"]}', '{"findings": [{"id": "x"}]}',
                '{"findings": [{"id": 1, "subject": "x"}]}', '{"findings": [{"id": [], "subject": {}}]}', "\udcff"]
)  # fmt: skip
def test_a_file_that_is_no_baseline_is_refused(content, tmp_path):
    file = tmp_path / "known.json"
    file.write_text(content, errors="surrogateescape")

    with pytest.raises(BaselineRefused, match="it holds no findings of precheck as JSON"):
        baseline.read(str(file))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BaselineRefused, match="it cannot be read, No such file"):
        baseline.read(str(tmp_path / "none.json"))


def test_only_what_came_since_a_revision_is_told(repository):
    repository.migration(DROP_NOTE)
    commit()
    repository.migration(DROP_SIZE)

    report = repository.look(since="HEAD")

    assert [one.label for one in report.plan.migrations] == ["ward.0003_step"]
    assert dropped(report) == ['ward_bed."size"']
    assert report.since.older == ("ward.0002_step",)
    page = text.precheck(report, seconds=0, width=300, colour=False)
    assert f"1 pending migration is older than HEAD and left out, with {report.since.findings} finding" in page
    assert report.since.findings >= 1
    assert {one.migration for one in report.findings} <= {"", "ward.0003_step"}
    assert serialization.precheck(report, seconds=0)["since"]["older"] == ("ward.0002_step",)
    assert sum(report.plan.operations.values()) == 1


def test_older_migrations_are_left_out_of_the_measurements_which_then_serve_no_migrate(measured, make, monkeypatch):
    app, _, connection = measured
    monkeypatch.chdir(app.folder)
    git("init", "--quiet", "--initial-branch=main")
    app.migration("0002_old", "migrations.RemoveField('bed', 'gone')", after=("ward", "0001_initial"))
    commit()
    app.migration("0003_new", "migrations.RemoveField('bed', 'slug')", after=("ward", "0002_old"))
    measure = MeasureOptions(scratch_url=make("empty").url)

    report = precheck.run(
        using=connection.alias, options=PrecheckOptions(app_label="ward", since="HEAD", measure=measure)
    )

    assert [one.migrations for one in report.review.measured.transactions] == [("ward.0003_new",)]
    assert [(one.demanded_by, one.columns) for one in report.review.data.checks] == [("ward.0003_new", ("slug",))]
    assert report.review.circumstances is None
    assert len(serialization.precheck(report, seconds=0)["plan"]["transactions"]) == 1


def test_a_changed_file_counts_as_new_and_so_does_a_committed_one(repository):
    name = repository.migration(DROP_NOTE)
    commit()
    repository.migration(DROP_SIZE)
    commit()

    file = Path("ward/migrations") / f"{name}.py"
    assert dropped(repository.look(since="HEAD~1")) == ['ward_bed."size"']
    file.write_text(file.read_text() + "# a remark\n")
    assert len(dropped(repository.look(since="HEAD~1"))) == 2


def test_what_the_other_branch_got_meanwhile_is_not_ours(repository):
    repository.migration(DROP_NOTE)
    commit()
    git("checkout", "--quiet", "-b", "mine")
    repository.migration(DROP_SIZE)
    commit()
    git("checkout", "--quiet", "main")
    changed = Path("ward/migrations/0002_step.py")
    changed.write_text(changed.read_text() + "# a remark\n")
    commit()
    git("checkout", "--quiet", "mine")

    assert dropped(repository.look(since="main")) == ['ward_bed."size"']


def test_where_nothing_came_since_that_is_what_it_says(repository):
    repository.migration(DROP_NOTE)
    commit()

    report = repository.look(since="HEAD")

    assert "No pending migration came since HEAD." in text.precheck(report, seconds=0, width=300, colour=False)


@pytest.mark.parametrize("revision", ["none", "--help", "-x", "HEAD:ward", "a b", "", "x\0y"])
def test_an_unknown_revision_is_refused(repository, revision):
    commit()

    with pytest.raises(RevisionRefused, match="git does not know this revision"):
        repository.look(since=revision or " ")


def test_outside_of_a_repository_it_is_refused(ward, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(RevisionRefused, match="the current folder is in no git repository"):
        ward.look(since="HEAD")


def test_without_git_it_is_refused(repository, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(RevisionRefused, match="git is not installed"):
        repository.look(since="HEAD")
