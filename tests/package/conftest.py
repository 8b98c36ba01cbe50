"""The distributions, built once, and projects with a database of their own on the tests' server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.package.environments import Environment
from tests.package.project import Project
from tests.support.commands import ROOT

MakeEnvironment = Callable[..., Environment]


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, made from the checkout, and the wheel, made from that sdist."""
    folder = tmp_path_factory.mktemp("distributions")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    (wheel,) = distributions.glob("*.whl")
    return wheel


@pytest.fixture
def new_environment(tmp_path: Path, wheel: Path) -> MakeEnvironment:
    """`new_environment(python=…, django="6.1.3")`: an empty one; where versions are named, they are installed."""

    def create(**options: str) -> Environment:
        return Environment.create(tmp_path / "environment", wheel=wheel, **options)

    return create


@pytest.fixture
def new_project(tmp_path: Path, cluster: Any) -> Iterator[Callable[[Environment], Project]]:
    """`new_project(environment)`: an empty folder and an empty database `shop`."""
    databases = []

    def create(environment: Environment) -> Project:
        databases.append(cluster.create("empty", name="shop"))
        folder = tmp_path / "project"
        folder.mkdir()
        return Project(folder=folder, environment=environment, database=databases[-1])

    yield create
    for database in databases:
        cluster.drop(database)


@pytest.fixture
def newer(request: pytest.FixtureRequest) -> dict[str, str]:
    """The newest Django and a Python that it runs on, as .ci/run names them."""
    if not os.environ.get("NEWER_PYTHON") or not os.environ.get("DJANGO_61"):
        pytest.skip("NEWER_PYTHON and DJANGO_61 name no Python and Django: make package-test does not look for them")
    return {"python": os.environ["NEWER_PYTHON"], "django": os.environ["DJANGO_61"].partition("==")[2]}
