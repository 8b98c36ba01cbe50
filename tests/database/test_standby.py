"""On a standby everything can be looked at and nothing changed."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from ehr import embedded
from tests.cluster import Database
from tests.factories import refer

ONE = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"


def follow(primary, folder):
    """A standby of the server in another folder, made as an administrator makes one."""
    if owner := embedded._owner():
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o700)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    standby = embedded.Server(version=primary.version, folder=folder, port=port)
    source = f"host={primary.folder} port={primary.port} user=postgres"
    standby.run("pg_basebackup", "-d", source, "-D", str(standby.data), "-c", "fast", "-X", "stream", "-R")
    with (standby.data / "postgresql.auto.conf").open("a") as configuration:
        configuration.write(f"port = {port}\nunix_socket_directories = '{folder}'\n")
    standby.start()
    return standby


@pytest.fixture
def standby_of(cluster):
    """Gives the same database on a fresh standby."""
    standbys = []

    def standby_of(database):
        standbys.append(follow(cluster.server, Path(tempfile.mkdtemp(prefix="ehr-standby-"))))
        return Database(standbys[-1], database.name, database.id_type)

    yield standby_of
    for one in standbys:
        one.remove()


def test_a_standby_can_be_looked_at_and_not_migrated(hospital, standby_of):
    refer(hospital, "bills", ONE)
    standby = standby_of(hospital)

    looked, migrated = standby.run("precheck", "--format", "json"), standby.run("migrate")

    assert looked.code == 1, looked.said
    assert looked.json["database"]["in_recovery"] is True
    assert [one["orphan_rows"] for one in looked.json["references"] if one["table"] == "bills"] == [1]
    assert "target.W001" in {one["id"] for one in looked.json["findings"]}
    assert (migrated.code, migrated.out) == (2, "")
    assert f'target.E002: "{hospital.name}" is a standby, it is read only; nothing was changed.' in migrated.err
    assert "standby" in standby.run("precheck").out.splitlines()[0]
