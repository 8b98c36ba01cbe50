"""A command that a test forks is what `python manage.py …` is: its streams, environment, signals and exit code."""

import os
import re
import signal
from pathlib import Path

import pytest

from tests.support import commands
from tests.support.factories import new_id, refer
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.any_postgresql

WAITING = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
MOMENTS = re.compile(r"\d+\.\d+ s|[0-9a-f-]{36}|\d{4}-\d\d-\d\d[T ][\d:.+Z]+|ago|\b[0-9a-f]{64}\b")


@pytest.mark.parametrize(
    ("state", "arguments", "code"),
    [
        ("hospital", ("precheck",), 1),
        ("hospital", ("backfill_placeholders",), 0),
        ("hospital", ("migrate",), 1),
        ("with_patients", ("migrate", "patients", "zero"), 0),
        ("migrated", ("verify_patient_schema",), 0),
        ("migrated", ("audit_runs",), 0),
        ("migrated", ("makemigrations", "--check"), 0),
        ("migrated", ("migrate", "--plan"), 0),
        ("hospital", ("prechek",), 2),
        ("hospital", ("precheck", "--help"), 0),
    ],
)
def test_it_ends_and_says_what_a_new_interpreter_does(make, state, arguments, code):
    forked, afresh = make(state), make(state)
    if state == "hospital":
        for database in (forked, afresh):
            refer(database, "bills", new_id())

    result = forked.run(*arguments)
    with commands.start_afresh(*arguments, **afresh.variables()) as other:
        out, err = other.communicate(timeout=120)

    assert (result.code, other.returncode) == (code, code), result.said + err
    assert told(result.out, forked) == told(out, afresh)
    assert told(result.err, forked) == told(err, afresh)


def told(text, database):
    """Without what differs from run to run, and however the lines are broken."""
    return " ".join(MOMENTS.sub("", text).replace(database.name, "").split())


def test_it_has_the_environment_that_it_was_given_and_nothing_of_another_command(tmp_path, empty):
    app = SampleApp(tmp_path)
    app.migration("0001_first", "")
    shown = empty.run("showmigrations", "ward", **app.variables)
    without = empty.run("showmigrations", "ward")

    assert (shown.code, shown.out.split()) == (0, ["ward", "[", "]", "0001_first"])
    assert without.code == 2
    assert "ward" in without.err


def test_two_commands_at_once_do_not_hold_each_others_streams(hospital):
    with hospital.session("LOCK TABLE bills") as blocker, hospital.start("precheck") as waiting:
        hospital.wait_for(WAITING)
        other = hospital.run("migrate", "--plan")
        was_waiting = waiting.poll() is None
        blocker.rollback()
        out, _ = waiting.communicate(timeout=120)

    assert (other.code, "patients.0001_initial" in other.out) == (0, True)
    assert was_waiting
    assert (waiting.returncode, "Safe to migrate" in out) == (0, True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_its_session_and_nothing_else(hospital, number, code):
    with hospital.session("LOCK TABLE bills"), hospital.start("precheck") as running:
        hospital.wait_for(WAITING)
        os.kill(running.pid, number)
        running.communicate(timeout=120)

    assert running.returncode == code
    hospital.wait_for(f"SELECT NOT ({WAITING})")
    assert hospital.run("precheck").code == 0


def test_an_error_that_nobody_catches_is_a_traceback_and_exit_code_1(tmp_path, empty):
    app = SampleApp(tmp_path)
    app.write("ward/management/commands/fail.py", "raise ValueError('no such ward')")

    result = empty.run("fail", **app.variables)

    assert (result.code, result.out) == (1, "")
    assert result.err.endswith("ValueError: no such ward\n")


@pytest.mark.parametrize(
    ("file", "variables"),
    [
        ("sitecustomize.py", {}),
        ("psycopg/__init__.py", {}),
        ("migrations_safety.py", {}),
        ("nothing.txt", {"PYTHONUTF8": "0"}),
        ("nothing.txt", {"PYTHONOPTIMIZE": "2"}),
    ],
)
def test_what_only_a_new_interpreter_reads_is_given_one(tmp_path, file, variables):
    SampleApp(tmp_path).write(file, "")

    with commands.start("help", PYTHONPATH=str(tmp_path), **variables) as started:
        started.communicate(timeout=120)

    assert not isinstance(started, commands.Running)


def test_where_the_process_that_forks_has_ended_no_command_passes():
    forks = commands.Forks()
    forks.process.kill()
    forks.process.wait()

    with Path(os.devnull).open("w") as nowhere, pytest.raises(commands.ForksGone):
        commands.Running("help", variables=commands.environment(), log=nowhere, forks=forks)


def test_a_command_outlives_the_process_that_forked_it(hospital):
    forks = commands.Forks()
    variables = commands.environment(**hospital.variables())
    with hospital.session("LOCK TABLE bills") as other:
        running = commands.Running("precheck", variables=variables, forks=forks)
        hospital.wait_for(WAITING)
        forks.process.kill()
        forks.process.wait()
        other.rollback()

    with running:
        running.communicate(timeout=120)

    assert running.returncode == 0
