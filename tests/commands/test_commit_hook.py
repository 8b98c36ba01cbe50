"""The hook of .pre-commit-hooks.yaml, run by git itself: a commit with an unsafe migration is refused."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import ROOT
from tests.support.git_project import CONCURRENTLY, INDEX, ORDER, GitProject

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]

HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text()


def value(key):
    """The value of a key of the hook; the file has one line for each."""
    found = re.search(rf"^[ -] {key}: (.*)$", HOOKS, re.MULTILINE)
    assert found, key
    return found[1]


def typed():
    return [*shlex.split(value("entry")), *re.split(r",\s*", value("args").strip("[]"))]


@pytest.fixture
def project(tmp_path):
    project = GitProject(folder=tmp_path / "project")
    project.migration("0001_initial", ORDER)
    project.commit()
    hook = project.folder / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\nexec {shlex.join(typed())}\n")
    hook.chmod(0o755)
    return project


def commit(project, *words, folder=None):
    folder = folder or project.folder
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    git = ["git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    here = {"PATH": path, "PYTHONPATH": f"{folder}:{ROOT}"}
    return subprocess.run(
        [*git, "commit", "--message", "x", *words],
        cwd=folder, env=project.environment(**here), capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def test_an_unsafe_migration_is_not_committed_and_its_safe_form_is(project):
    project.migration("0002_index", INDEX, after=("0001_initial",))
    project.git("add", "--all")
    refused = commit(project)
    project.migration("0002_index", CONCURRENTLY, after=("0001_initial",), atomic=False)

    committed = commit(project, "--all")

    assert refused.returncode == 1
    assert "locks.W005" in refused.stderr
    assert "Write AddIndexConcurrently" in " ".join(refused.stderr.split())
    assert committed.returncode == 0, committed.stdout + committed.stderr
    assert project.git("log", "--oneline").count("\n") == 2


def test_it_works_in_another_worktree_and_in_a_folder_below(project):
    other = project.folder.with_name("other")
    project.git("worktree", "add", "--quiet", str(other))
    there = other / "shop" / "migrations"
    file = project.migration("0002_index", INDEX, after=("0001_initial",))
    file.rename(there / file.name)
    subprocess.run(["git", "add", "--all"], cwd=other, check=True)

    refused = commit(project, folder=other)

    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "locks.W005" in refused.stderr


def test_before_the_first_commit_everything_is_new(tmp_path):
    project = GitProject(folder=tmp_path / "first")
    project.migration("0001_initial", ORDER)

    looked = project.run(*typed()[2:])

    assert looked.code == 0, looked.said
    assert "was made from the 0 migrations before HEAD" in " ".join(looked.out.split())


@pytest.mark.parametrize(
    ("file", "is_meant"),
    [
        ("shop/migrations/0002_index.py", True),
        ("migrations/0001_initial.py", True),
        ("shop/models.py", False),
        ("shop/migrations/readme.md", False),
        ("docs/migrations.py", False),
    ],
)
def test_it_looks_only_where_a_migration_is_committed(file, is_meant):
    assert bool(re.search(value("files"), file)) is is_meant
