"""A project in git, and the folder in which its commands make what they need."""

import os
import shutil
import time
from pathlib import Path
from tempfile import gettempdir

import pytest

from migrations_safety.postgresql.embedded_server import WHEELS, binaries
from tests.commands.precheck_embedded import LOOK, leave_nothing
from tests.support.git_project import GitProject


@pytest.fixture
def folder(tmp_path_factory):
    """The temporary folder of the commands; short, because the path of a Unix socket has 107 bytes at most."""
    return Path(os.environ.get("TMPDIR", "/tmp")) / f"e{os.getpid()}-{time.monotonic_ns() % 1_000_000}"


@pytest.fixture
def project(tmp_path, folder):
    folder.mkdir()
    for copy in {binaries(version).parents[2] for version in WHEELS if Path(gettempdir()) in binaries(version).parents}:
        (folder / copy.name).symlink_to(copy)  # of the server's programs, where root starts it
    yield GitProject(folder=tmp_path / "project")
    leave_nothing(folder)
    shutil.rmtree(folder)


@pytest.fixture
def look(project, folder):
    return lambda *words, **more: project.run(*LOOK, *words, TMPDIR=str(folder), **more)
