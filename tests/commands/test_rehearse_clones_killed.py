"""A copy on another server that a kill of `rehearse` leaves is named by `diagnose`, and removed by the next run."""

import signal
import sys
from pathlib import Path

import pytest

from tests.commands.test_rehearse_clones_interrupted import wait_for
from tests.support.cluster import schema
from tests.support.diagnosed import diagnosed
from tests.support.rehearsals import copies

pytestmark = pytest.mark.slow

AT_WORK = "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE '%%rehearsal'"
HOOK = """
import os, sys, time, psycopg
verb, admin, template, address, folder = sys.argv[1:]
name = "clone_" + os.environ["MIGRATIONS_SAFETY_CLONE_ID"]
with psycopg.connect(admin, autocommit=True) as session:
    if verb == "remove":
        session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        open(f"{folder}/removed", "a").write(os.environ["MIGRATIONS_SAFETY_CLONE_URL"] + chr(10))
        sys.exit()
    session.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
if verb == "slow":
    open(f"{folder}/begun", "w").write(f"{name} {os.getpid()}")
    time.sleep(600)
print(address.replace("NAME", name))
"""
"""A command that copies a database which nobody uses, and one that removes such a copy by its word."""


@pytest.fixture
def hook(hospital, make, new_role, tmp_path):
    """`hook(verb)`: a command of the shell, with a role's password in it."""
    role = new_role()
    hospital.execute(f'ALTER ROLE "{role}" CREATEDB')
    template = make("empty")
    template.execute(f'ALTER DATABASE "{template.name}" OWNER TO "{role}"; ALTER SCHEMA public OWNER TO "{role}"')
    template.execute(f'SET ROLE "{role}"')
    template.execute(schema("legacy", "uuid"))
    template.close()
    script = tmp_path / "hook.py"
    script.write_text(HOOK)
    admin, address = (hospital.server.url(one, user=role, password="secret") for one in ("postgres", "NAME"))
    return lambda verb: f"{sys.executable} {script} {verb} '{admin}' {template.name} '{address}' {tmp_path}"


def left_of(database):
    result = diagnosed(database)
    found = [one for one in result.json["findings"] if "on another server" in one["message"]]
    assert {one["id"] for one in found} <= {"recovery.W032"}, found
    return result, {one["subject"]: one["hint"] for one in found}


def test_a_copy_that_a_command_has_made_is_found_after_a_kill(hospital, hook, state_folder, tmp_path):
    notes = state_folder / "migrations_safety" / "copies"
    with hospital.start("rehearse", "--clone-command", hook("slow")) as making:
        early, process = wait_for(tmp_path / "begun")
        making.send_signal(signal.SIGKILL)
        making.communicate(timeout=60)
    with hospital.start("rehearse", "--clone-command", hook("make")) as working:
        hospital.wait_for(AT_WORK)
        busy = hospital.run("diagnose", "--format", "json").json["findings"]
        working.send_signal(signal.SIGKILL)
        said = working.communicate(timeout=60)[1]
    assert "recovery.I032" in {one["id"] for one in busy}
    word = early.removeprefix("clone_")
    assert f"The copy with MIGRATIONS_SAFETY_CLONE_ID {word} was not removed" in said
    hospital.wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE datname LIKE 'clone%%'")
    clones = [name for (name,) in hospital.rows("SELECT datname FROM pg_database WHERE datname LIKE 'clone%%'")]

    result, left = left_of(hospital)

    [late] = [one for one in clones if one != early]
    places = [f"{late} on 127.0.0.1:{hospital.server.port}", f"with MIGRATIONS_SAFETY_CLONE_ID {word}"]
    assert (len(clones), sorted(left), result.code) == (2, sorted(places), 1)
    assert all("--clone-cleanup-command" in hint and f"rm {notes}" in hint for hint in left.values())
    assert "secret" not in result.said + "".join(one.read_text() for one in notes.iterdir())
    assert {one.stat().st_mode & 0o777 for one in (notes, *notes.iterdir())} == {0o700, 0o600}
    assert not Path(f"/proc/{process}").exists(), "the command goes on alone"

    after = hospital.run("rehearse", "--clone-command", "exit 3", "--clone-cleanup-command", hook("remove"))

    assert after.code == 2 and "was not removed" not in after.said, after.said
    assert hospital.value("SELECT count(*) FROM pg_database WHERE datname LIKE 'clone%%'") == 0
    assert (left_of(hospital)[1], list(notes.iterdir())) == ({}, [])


def test_a_copy_on_the_server_of_scratch_url_is_found_after_a_kill(hospital, cluster, new_role):
    role = new_role()
    hospital.execute(f'ALTER ROLE "{role}" CREATEDB')
    words = ("rehearse", "--scratch-url", hospital.server.url("postgres", user=role, password="secret"))
    with hospital.start(*words) as running:
        hospital.wait_for(AT_WORK)
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)
    hospital.wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE datname LIKE 'confidential_copy_%%'")

    left = left_of(hospital)[1]

    [(place, hint)] = left.items()
    assert place.endswith(f" on 127.0.0.1:{hospital.server.port}") and "--scratch-url" in hint
    hospital.execute("CREATE TABLE patients (id int)")  # the next run ends early
    after = hospital.run(*words, "--format", "json")
    assert after.code == 1 and after.json["copy"]["not_removed"] == []
    assert (copies(hospital), left_of(hospital)[1]) == ([], {})
