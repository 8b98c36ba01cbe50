"""The embedded server leaves nothing behind, whether it cannot be started or has stopped already."""

import subprocess

import pytest

from migrations_safety.postgresql.embedded_server import Server
from tests.support.cluster import new_folder, new_server


def test_a_server_that_cannot_be_started_leaves_no_folder(cluster):
    folder = new_folder()

    with pytest.raises(subprocess.CalledProcessError):
        Server.create(version=cluster.server.version, folder=folder, settings={"shared_buffers": "none"})

    assert not folder.exists()


def test_a_server_that_has_stopped_already_leaves_no_folder():
    server = new_server(shared_buffers="16MB")
    server.stop()

    with pytest.raises(subprocess.CalledProcessError):
        server.remove()

    assert not server.folder.exists()
