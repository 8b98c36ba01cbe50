"""The commands of docs/how-to/ci.md, typed as they stand there, in a repository with a branch that adds an index."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrations_safety.postgresql.table_figures import SavedFigures
from migrations_safety.precheck import statistics
from tests.support.commands import ROOT
from tests.support.documents import Document
from tests.support.git_project import INDEX, ORDER, GitProject, large_table

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]

PAGE = Document(path=ROOT / "docs" / "how-to" / "ci.md")
FOLDED = re.compile(r"\n(?: {6}| {10})(?=\S)(?!- )")
"""Where YAML goes on with a command that it has folded into several lines."""
LINES = [
    re.sub(r"^\s*(- )?((run|entry): )?(>- )?", "", line)
    for _, text in PAGE.fences
    for line in re.sub(r"(>-)\n\s+", r"\1 ", FOLDED.sub(" ", text)).splitlines()
]
COMMANDS = [line for line in LINES if "manage.py precheck" in line and "--embedded" in line]


@pytest.fixture
def project(tmp_path):
    """A clone of which `origin/main` lacks the migration of the present branch."""
    project = GitProject(folder=tmp_path / "project")
    (project.folder / "backend").symlink_to(".")
    project.migration("0001_initial", ORDER)
    project.commit()
    project.git("update-ref", "refs/remotes/origin/main", "HEAD")
    project.git("switch", "--quiet", "--create", "branch")
    project.migration("0002_index", INDEX, after=("0001_initial",))
    saved = SavedFigures(
        file="", taken_at=datetime.now(UTC), age=0, database="hospital", host="db", in_recovery=False,
        figures={"shop_order": large_table("shop_order")},
    )  # fmt: skip
    (project.folder / "figures.json").write_text(statistics.as_text(saved))
    return project


def typed(project, line):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    base = project.git("rev-parse", "main").strip()
    variables = {"PATH": path, "GITHUB_BASE_REF": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    here = project.environment(**variables)
    return subprocess.run(
        ["bash", "-c", line], cwd=project.folder, env=here, capture_output=True, text=True, timeout=240
    )


def test_the_page_has_such_commands():
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_judges_the_branch(project, line):
    blocks = "--statistics" in line or "--fail-level warning" in line

    looked = typed(project, line)

    said = looked.stdout + looked.stderr
    assert looked.returncode == (1 if blocks else 0), said
    assert "0002_index" in said
    for file in re.findall(r"--report \w+=(\S+)", line):
        assert (project.folder / file).stat().st_size > 0


def test_the_comment_is_the_report_without_its_appendix(project):
    (cut,) = [line.strip() for line in PAGE.code if line.strip().startswith("sed ")]
    looked = typed(project, "python manage.py precheck --embedded --since main --report markdown=review.md")
    assert looked.returncode == 0, looked.stderr

    assert typed(project, cut).returncode == 0

    comment, review = (project.folder / "comment.md").read_text(), (project.folder / "review.md").read_text()
    assert comment.startswith("<!-- migrations_safety: precheck -->\n")
    assert '<!-- migrations_safety: precheck -->")' in PAGE.text
    assert "appendix" not in comment
    assert len(comment) < min(len(review), 65_536)
