"""A pooler in transaction mode: two statements of one session reach two backends, so nothing is migrated through it."""

import shutil
import subprocess
import time

import psycopg
import pytest

from ehr.embedded import free_port, server_identity

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
CONFIGURATION = """
[databases]
* = host={folder} port={server_port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
ignore_startup_parameters = extra_float_digits
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


@pytest.fixture
def pooled(hospital):
    """The hospital's URL through a real pgbouncer."""
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed")
    server, port = hospital.server, free_port()
    file = server.folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(folder=server.folder, server_port=server.port, port=port))
    file.chmod(0o644)
    url = f"postgresql://postgres@127.0.0.1:{port}/{hospital.name}"
    process = subprocess.Popen([PGBOUNCER, "-q", str(file)], cwd="/", stdin=subprocess.DEVNULL, **server_identity())
    wait_until_it_answers(url)
    yield url
    process.terminate()
    process.wait()


def wait_until_it_answers(url):
    end = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < end, "pgbouncer does not answer"
            time.sleep(0.1)


def test_precheck_says_so_and_blocks(hospital, pooled):
    result = hospital.run("precheck", "--format", "json", url=pooled)

    assert result.code == 1, result.said
    assert [one["id"] for one in result.json["findings"] if one["level"] == "error"] == ["target.E005"]


@pytest.mark.parametrize("command", ["migrate", "backfill_placeholders"])
def test_nothing_is_changed_through_it(hospital, pooled, command):
    result = hospital.run(command, url=pooled)

    assert result.code == 2
    pooler, hint = result.err.splitlines()
    assert pooler.startswith(f'Stopped: target.E005: "{hospital.name}" is reached through a pooler in transaction mode')
    assert hint == "Connect to PostgreSQL itself, past the pooler (PGHOST, PGPORT)."
    assert hospital.value("SELECT to_regclass('django_migrations') IS NULL AND to_regclass('patients') IS NULL")
