"""On a standby everything can be looked at and nothing changed."""

import os
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest

from ehr import embedded
from migrations_safety.pace import wait_for_standbys
from migrations_safety.progress import Progress
from tests.cluster import Database
from tests.factories import refer

ONE = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"


def follow(primary, folder):
    """A standby of the server in another folder, made as an administrator makes one."""
    if owner := embedded._owner():
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o700)
    port = embedded.free_port()
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
        server = follow(cluster.server, Path(tempfile.mkdtemp(prefix="ehr-standby-")))
        standbys.append(Database(server, database.name, database.id_type))
        return standbys[-1]

    yield standby_of
    for one in standbys:
        one.close()
        one.server.remove()


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


def test_batches_pause_while_a_standby_is_behind_and_say_why(hospital, standby_of, in_process):
    standby = standby_of(hospital)
    delay(standby, "1min")
    hospital.execute("CREATE TABLE something (id int)")
    hospital.wait_for("SELECT max(replay_lag) > interval '1.1 s' FROM pg_stat_replication")
    threading.Timer(0.5, delay, [standby, "0"]).start()
    told = []

    wait_for_standbys(in_process(hospital), max_lag=1, progress=Listening(told))

    assert len(told) == 1
    assert told[0].startswith("Paused, a standby is behind: ")
    assert told[0].endswith(" s, more than --max-lag 1.")
    assert standby.value("SELECT to_regclass('something') IS NOT NULL")


class Listening(Progress):
    def __init__(self, told):
        self.say = told.append


def delay(standby, length):
    """Let the standby replay that much later; from a session of its own."""
    with psycopg.connect(standby.url, autocommit=True) as session:
        session.execute(f"ALTER SYSTEM SET recovery_min_apply_delay = '{length}'")
        session.execute("SELECT pg_reload_conf()")
