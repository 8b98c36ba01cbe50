"""The hook as pre-commit gets it: from a git repository, into a project that has only the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from textwrap import dedent

import pytest
import yaml

from tests.support.commands import ROOT, environment
from tests.support.documents import Document
from tests.support.git_project import CONCURRENTLY, INDEX, ORDER, GitProject

CONFIGURATION = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: precheck-migrations
"""
YAML = [text for kind, text in Document(path=ROOT / "docs" / "how-to" / "ci.md").fences if kind == "yaml"]


def git(folder, *words):
    author = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *author, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with the file of our hooks, and its commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")
    return folder, git(folder, "rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path, new_environment, repository):
    """A project with one migration, in which `pre-commit install` was typed."""
    installed = new_environment()
    installed.install("django-migrations-safety[embedded]", "psycopg[binary]")
    project = GitProject(folder=tmp_path / "project")
    folder, revision = repository
    (project.folder / ".pre-commit-config.yaml").write_text(CONFIGURATION.format(repository=folder, revision=revision))
    project.migration("0001_initial", ORDER)
    project.commit()
    path = f"{installed.folder / 'bin'}:{os.environ['PATH']}"
    here = environment(PATH=path, PRE_COMMIT_HOME=str(tmp_path / "pre-commit"))
    subprocess.run([sys.executable, "-m", "pre_commit", "install"], cwd=project.folder, env=here, check=True)
    return project, here


def commit(project, here):
    project.git("add", "--all")
    git = ["git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        [*git, "commit", "--message", "x"], cwd=project.folder, env=here, capture_output=True, text=True, timeout=280
    )


def test_a_commit_with_an_unsafe_migration_is_refused_and_its_safe_form_passes(project):
    project, here = project
    project.migration("0002_index", INDEX, after=("0001_initial",))
    refused = commit(project, here)
    project.migration("0002_index", CONCURRENTLY, after=("0001_initial",), atomic=False)

    committed = commit(project, here)

    assert refused.returncode == 1
    assert "precheck migrations" in refused.stderr
    assert "locks.W005" in refused.stderr
    assert "Write AddIndexConcurrently" in " ".join(refused.stderr.split())
    assert committed.returncode == 0, committed.stderr
    assert "Passed" in committed.stderr


@pytest.mark.parametrize("text", YAML)
def test_what_the_page_shows_is_yaml(text):
    assert yaml.safe_load(dedent(text))


def test_a_commit_without_a_migration_is_not_looked_at(project):
    project, here = project
    (project.folder / "shop" / "models.py").write_text("# nothing\n")

    committed = commit(project, here)

    assert committed.returncode == 0, committed.stderr
    assert "Skipped" in committed.stderr
