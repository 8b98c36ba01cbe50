"""A pooler in between: in session mode all works through it, in every other nothing is migrated through it."""

import shutil
import subprocess
import time
from contextlib import ExitStack

import psycopg
import pytest

from migrations_safety.postgresql.embedded_server import free_port, server_identity
from tests.support.factories import new_id, refer

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
CONFIGURATION = """
[databases]
* = host={folder} port={server_port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
ignore_startup_parameters = extra_float_digits
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
pool_mode = {mode}
{more}
"""
COMMANDS = ("migrate", "backfill_placeholders")


@pytest.fixture
def pooled(hospital):
    """`pooled("session")`: the hospital's URL through a real pgbouncer in that mode, `more` of its settings."""
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed")
    server, port = hospital.server, free_port()
    processes = []

    def start(mode, *more):
        file = server.folder / "pgbouncer.ini"
        words = {"folder": server.folder, "server_port": server.port, "port": port, "mode": mode}
        file.write_text(CONFIGURATION.format(more="\n".join(more), **words))
        file.chmod(0o644)
        command = [PGBOUNCER, "-q", str(file)]
        processes.append(subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, **server_identity()))
        url = f"postgresql://postgres@127.0.0.1:{port}/{hospital.name}"
        wait_until_it_answers(url)
        return url

    yield start
    for process in processes:
        process.terminate()
        process.wait()


def wait_until_it_answers(url):
    end = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < end, "pgbouncer does not answer"
            time.sleep(0.1)


def open_server_connections(url, number):
    """So many that the pool has ready: each transaction needs one of its own."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(psycopg.connect(url)).execute("SELECT 1")


def test_a_pool_in_session_mode_is_let_through(hospital, pooled):
    refer(hospital, "bills", new_id())
    url = pooled("session")

    looked = hospital.run("precheck", "--format", "json", url=url)
    filled = hospital.run("backfill_placeholders", url=url)
    done = hospital.run("migrate", "--format", "json", url=url)

    assert looked.code == 1
    assert [one["id"] for one in looked.json["findings"] if one["level"] == "error"] == ["references.E001"]
    assert (filled.code, done.code) == (0, 0), filled.said + done.said
    assert done.json["lock_waits"]["count"] == 0
    assert hospital.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated") == 0


def test_through_it_the_application_does_not_wait_either(hospital, pooled):
    """The watchdog looks at the server's process, not at the number that pgbouncer gave the connection."""
    url = pooled("session")
    locked = "LOCK TABLE users IN ROW EXCLUSIVE MODE"
    arguments = ("migrate", "patients", "--retry-for", "60")
    with hospital.session(locked) as blocker, hospital.start(*arguments, url=url) as process:
        holder = f"held by pid {blocker.info.backend_pid} "
        assert any(holder in line for line in process.stderr), "its holder was never told"
        blocker.rollback()
        _, said = process.communicate(timeout=120)

    assert process.returncode == 0, said


@pytest.mark.parametrize(
    ("mode", "more"),
    [
        ("transaction", []),
        ("transaction", ["default_pool_size = 1"]),
        ("transaction", ["server_round_robin = 1"]),
    ],
)
def test_transaction_mode_is_seen_however_the_pool_hands_out_its_connections(hospital, pooled, mode, more):
    url = pooled(mode, *more)
    if "server_round_robin = 1" in more:
        open_server_connections(url, 2)

    looked = hospital.run("precheck", "--format", "json", url=url)
    done = hospital.run("migrate", url=url)

    assert looked.code == 1, looked.said
    assert [one["id"] for one in looked.json["findings"] if one["level"] == "error"] == ["target.E005"]
    assert done.code == 2
    assert "is reached through a pooler in transaction mode" in done.err


@pytest.mark.parametrize("command", ["precheck", *COMMANDS])
def test_statement_mode_is_called_so(hospital, pooled, command):
    result = hospital.run(command, url=pooled("statement"))

    assert result.code == 2
    assert "is reached through a pooler in statement mode. Nothing was changed." in result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_changed_through_it(hospital, pooled, command):
    result = hospital.run(command, url=pooled("transaction"))

    assert result.code == 2
    pooler, hint = result.err.splitlines()
    assert pooler.startswith(
        f'Stopped: target.E005: The database "{hospital.name}" is reached through a pooler in transaction mode'
    )
    assert hint.startswith("Connect to PostgreSQL itself, past the pooler (PGHOST, PGPORT), or to a pool in session")
    assert hospital.value("SELECT to_regclass('django_migrations') IS NULL AND to_regclass('patients') IS NULL")


def test_a_pool_that_gives_one_connection_cannot_be_judged_and_is_called_so(hospital, pooled):
    url = pooled("session", "default_pool_size = 1", "query_wait_timeout = 0")  # it lets a statement wait for ever

    result = hospital.run("migrate", url=url)

    assert result.code == 2
    assert "a pooler whose mode cannot be seen" in result.err


def test_nothing_of_the_look_is_left_on_a_server_connection(hospital, pooled):
    url = pooled("session", "default_pool_size = 2", "server_reset_query =")

    hospital.run("precheck", url=url)

    for _ in range(2):
        with psycopg.connect(url) as session:
            found = session.execute("SELECT current_setting('migrations_safety.mark', true)").fetchone()
            assert found in ((None,), ("",))


def test_what_dumps_does_not_go_through_a_pooler_that_gives_its_sessions_away(pooled, hospital, tmp_path):
    url = pooled("transaction")

    dumping = [hospital.run(*one, url=url) for one in (["backup_database", "--output", str(tmp_path)], ["rehearse"])]
    looked = hospital.run("precheck", "--measure", "--format", "json", url=url)

    assert [(one.code, "through a pooler" in one.err) for one in dumping] == [(2, True), (2, True)]
    assert list(tmp_path.iterdir()) == []
    assert looked.json["plan"]["measured"] == "no"
    assert "a pooler is between" in looked.json["plan"]["reason"]
    with psycopg.connect(url) as session:
        assert session.execute("SHOW search_path").fetchone() == ('"$user", public',)
