"""The database of --scratch-url is used only if nothing is lost there, and what a killed run has left is removed."""

import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from migrations_safety.measurement import own_folder, scratch
from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.postgresql.second_connection import open_connection
from tests.support.measured_app import write

pytestmark = pytest.mark.any_postgresql

FIELD = 'migrations.AddField("bed", "note", models.TextField(null=True))'
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"


def at(connection, url):
    return measure(connection, app_label="ward", options=MeasureOptions(scratch_url=url, max_seconds=30))


@pytest.mark.parametrize(
    "kept",
    [
        "CREATE FUNCTION kept() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE kept AS ENUM ('a')",
        "CREATE DOMAIN kept AS int",
        "CREATE SCHEMA kept",
        "CREATE TABLE kept (id int)",
        "CREATE EXTENSION citext",
        'CREATE COLLATION kept FROM "C"',
    ],
)
def test_whatever_is_in_a_given_database_stays_there(measured, make, kept):
    app, _, connection = measured
    write(app, [FIELD])
    scratch = make("empty")
    if "EXTENSION" in kept:
        kept = f"CREATE EXTENSION {scratch.value('SELECT name FROM pg_available_extensions WHERE name <> $$plpgsql$$')}"
    scratch.execute(kept)

    plan = at(connection, scratch.url)

    assert (plan.measured, plan.reason) == ("no", "the database of --scratch-url is not empty")
    with pytest.raises(Exception, match="exists"):
        scratch.execute(kept)


def test_the_target_is_no_scratch_even_if_it_is_empty(in_process, make):
    target = make("empty")

    plan = measure(in_process(target), options=MeasureOptions(scratch_url=target.url))

    assert (plan.measured, plan.reason) == ("no", "--scratch-url leads to the database itself")


def test_a_given_database_is_for_one_run_at_a_time_and_is_empty_afterwards(measured, make):
    app, _, connection = measured
    write(app, [FIELD])
    scratch = make("empty")
    with closing(open_connection({"conninfo": scratch.url, "autocommit": True})) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('migrations_safety scratch'))")
        assert at(connection, scratch.url).reason == "another run uses the database of --scratch-url"

    assert [at(connection, scratch.url).measured for _ in range(2)] == ["url", "url"]
    assert scratch.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0


def test_what_a_killed_run_has_left_in_a_given_database_is_removed(measured, make):
    app, database, connection = measured
    write(app, [FIELD])
    scratch = make("empty")
    scratch.execute("CREATE SCHEMA migrations_safety_scratch CREATE TABLE marker (token text); CREATE TABLE bed ()")
    assert at(connection, scratch.url).reason == "the database of --scratch-url is not empty"

    scratch.connection.close()  # nobody is there any more
    del scratch.connection
    while database.value(SESSIONS, scratch.name):
        time.sleep(0.1)
    plan = at(connection, scratch.url)

    assert (plan.measured, plan.reason) == ("url", None)


def test_a_role_that_could_not_empty_a_given_database_is_refused(measured, make, new_role):
    app, _, connection = measured
    write(app, [FIELD])
    scratch, role = make("empty"), new_role()
    scratch.execute(f'GRANT ALL ON DATABASE "{scratch.name}" TO "{role}"')

    plan = at(connection, scratch.server.url(scratch.name, user=role))

    assert (plan.measured, "does not own" in str(plan.reason)) == ("no", True), plan.reason


SCRATCHES = "SELECT datname FROM pg_database WHERE starts_with(datname, 'migrations_safety_scratch_' || %s || '_')"
OID = "SELECT oid FROM pg_database WHERE datname = current_database()"


@pytest.fixture
def creator(measured, new_role, monkeypatch):
    """The connection of a role that makes its scratch databases on the target's server."""
    app, database, connection = measured
    write(app, [FIELD])
    role = new_role()
    database.execute(f'ALTER ROLE "{role}" CREATEDB; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"')
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "USER", role)
    return role, database, connection


class InterruptedAfterCreate(psycopg.Connection):
    """A session that Ctrl-C ends when the server has made the database, and before the answer is read."""

    def execute(self, query, *arguments, **options):
        done = super().execute(query, *arguments, **options)
        if isinstance(query, psycopg.sql.Composed) and "CREATE DATABASE" in query.as_string(self):
            raise KeyboardInterrupt
        return done


def test_ctrl_c_while_the_scratch_is_made_leaves_none(creator, monkeypatch):
    _, database, connection = creator
    monkeypatch.setattr(scratch, "open_connection", lambda parameters: InterruptedAfterCreate.connect(**parameters))

    with pytest.raises(KeyboardInterrupt):
        measure(connection, app_label="ward")

    assert database.rows(SCRATCHES, str(database.value(OID))) == []


def test_a_scratch_that_was_left_without_its_comment_is_dropped_and_a_new_one_is_not(creator):
    role, database, connection = creator
    left, new = (f"migrations_safety_scratch_{database.value(OID)}_1_{int(time.time()) - age}" for age in (3600, 0))
    for name in (left, new):
        database.execute(f'CREATE DATABASE {name} OWNER "{role}"')
    try:
        assert measure(connection, app_label="ward").measured == "server"

        assert database.rows(SCRATCHES, str(database.value(OID))) == [(new,)]
    finally:
        for name in (left, new):
            database.execute(f"DROP DATABASE IF EXISTS {name}")


SERVER = """
import sys, time
from migrations_safety.measurement.scratch_server import scratch_server
with scratch_server(18) as server:
    print(server.data / "postmaster.pid", flush=True)
    time.sleep(60)
"""


def is_alive(pid):
    """Whether a process runs; one that has ended may wait for its parent for ever."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_that_a_killed_run_has_left_is_removed_and_one_in_use_is_not():
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        file = Path(run.stdout.readline().strip())
        pid = int(file.read_text().splitlines()[0])
        own_folder.remove_leftovers()
        assert file.exists()

        run.send_signal(signal.SIGKILL)
        run.wait()
        assert is_alive(pid)
        own_folder.remove_leftovers()

    assert not file.parents[2].exists()
    assert not is_alive(pid)


def test_the_child_ends_with_its_parent():
    parent = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; from "
        "migrations_safety.measurement import child; import os; child.end_with(os.getppid()); time.sleep(60)']); "
        "print(child.pid, flush=True); import time; time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        child = int(run.stdout.readline())
        time.sleep(2)
        run.kill()

    for _ in range(50):
        if not is_alive(child):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the child lives on")
