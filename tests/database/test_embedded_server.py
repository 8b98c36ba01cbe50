"""The embedded server leaves nothing behind, whether it cannot be started or has stopped already."""

import socket
import subprocess

import psycopg
import pytest

from migrations_safety.measurement.scratch_server import scratch_server
from migrations_safety.postgresql.embedded_server import Server
from tests.support.cluster import new_folder, new_server


def test_a_server_that_cannot_be_started_leaves_no_folder(cluster):
    folder = new_folder()

    with pytest.raises(subprocess.CalledProcessError):
        Server.create(version=cluster.server.version, folder=folder, settings={"shared_buffers": "none"})

    assert not folder.exists()


def test_a_server_that_has_stopped_already_is_removed_without_an_error():
    server = new_server(shared_buffers="16MB")
    server.stop()

    server.remove()

    assert not server.folder.exists()


def test_the_server_of_a_scratch_database_answers_through_its_socket_alone():
    with scratch_server(18) as server:
        with psycopg.connect(server.url()) as session:
            assert session.execute("SHOW listen_addresses").fetchone() == ("",)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)
        assert server.folder.stat().st_mode & 0o077 == 0
