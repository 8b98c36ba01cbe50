"""Fixtures of the tests of commands."""

import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.cluster import new_server


@pytest.fixture
def open_folder():
    """A folder for TMPDIR that the user of a server may enter, with the copies of PostgreSQL that exist by now."""
    folder = Path(tempfile.mkdtemp(prefix="ehr-open-"))
    folder.chmod(0o711)
    _link_copies(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def small_disk(open_folder):
    """`small_disk(4)`: the folder of a new disk of so many megabytes, which the user of a server may enter."""
    mounted = []

    def mount(megabytes):
        folder = open_folder / f"disk {len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", folder]
        if subprocess.run(command, check=False).returncode:
            pytest.skip("this user may not mount a small disk")
        mounted.append(folder)
        _link_copies(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def may_copy(empty, new_role):
    """The address of `empty` with a role that restores its backups on the same server."""
    role = new_role()
    empty.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"; ALTER ROLE "{role}" CREATEDB')
    empty.execute(f'GRANT CREATE ON SCHEMA public TO "{role}"')
    return empty.server.url(empty.name, user=role)


def _link_copies(folder):
    """Let a folder have the copies of PostgreSQL that root's servers run from."""
    for one in Path(tempfile.gettempdir()).glob("ehr-*_*-[0-9]*"):
        (folder / one.name).symlink_to(one)


@pytest.fixture
def standalone():
    """A server of the same version, which only the test has."""
    server = new_server()
    yield server
    with suppress(subprocess.CalledProcessError):  # a test may have ended it
        server.remove()


@pytest.fixture
def age_key(tmp_path):
    """The recipient, and the file of the identity that reads what is encrypted to it."""
    made = subprocess.run(["age-keygen", "-o", tmp_path / "key"], capture_output=True, text=True, check=True)
    return made.stderr.split()[-1], tmp_path / "key"
