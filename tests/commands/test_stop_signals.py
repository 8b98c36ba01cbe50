"""SIGTERM and SIGHUP end a command as Ctrl-C does: rolled back, recorded, and nothing left at work on the server."""

import signal
import subprocess

import pytest

from tests.support.commands import ROOT, command, environment
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.any_postgresql

WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
SENTENCE = "Interrupted. What was done is kept; run the same command again to go on.\n"
LOOKED = "Interrupted. There is no report, and nothing in the database was changed.\n"
HOLDS_USERS = "LOCK TABLE users IN ROW EXCLUSIVE MODE"


def stopped(database, number, *arguments, lock):
    """How the command ends when the signal reaches it at a lock that somebody holds."""
    with database.session(lock), database.start(*arguments) as running:
        database.wait_for(WAITS)
        running.send_signal(number)
        out, err = running.communicate(timeout=120)
        database.wait_for(f"SELECT ({SESSIONS}) = 1")
    return running.returncode, out, err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_deploy_is_rolled_back_and_its_end_is_recorded(hospital, number, code):
    ended, _, err = stopped(hospital, number, "migrate", "patients", "--no-progress", lock=HOLDS_USERS)

    again = hospital.run("migrate", "patients")

    assert (ended, again.code) == (code, 0)
    assert err.endswith(SENTENCE)
    assert "Traceback" not in err
    assert hospital.rows("SELECT event FROM migrations_safety_run ORDER BY id") == [
        ("started",), ("failed",), ("started",), ("finished",)
    ]  # fmt: skip


def test_no_part_of_a_report_is_left_in_its_folder(hospital, tmp_path):
    report = str(tmp_path / "report.json")

    ended, out, err = stopped(
        hospital, signal.SIGTERM, "precheck", "--no-progress", "--output", report, lock="LOCK TABLE bills"
    )

    assert (ended, out, err) == (143, "", LOOKED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["verify_patient_schema"], LOOKED),
        (["verify_schema", "ehr"], LOOKED),
        (["backfill_placeholders"], SENTENCE),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_only_a_command_that_writes_says_that_something_is_kept(hospital, words, sentence):
    ended, out, err = stopped(hospital, signal.SIGTERM, *words, "--no-progress", lock="LOCK TABLE bills")

    assert (ended, out, err) == (143, "", sentence)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_server_does_not_count_on_for_a_client_that_was_killed(hospital, jobs):
    with hospital.session("LOCK TABLE bills"), hospital.start("precheck", "--jobs", jobs) as running:
        hospital.wait_for(WAITS)
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=120)
        hospital.wait_for(f"SELECT ({SESSIONS}) = 1")

    assert running.returncode == -signal.SIGKILL


def test_a_signal_that_nohup_ignores_stays_ignored(hospital):
    variables = environment(**hospital.variables())
    with hospital.session("LOCK TABLE bills") as blocker:
        running = subprocess.Popen(
            ["nohup", *command("precheck")], cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        hospital.wait_for(WAITS)
        running.send_signal(signal.SIGHUP)  # it comes before the lock does
        blocker.rollback()
        running.communicate(timeout=120)

    assert running.returncode == 0


def test_an_interrupt_is_told_where_what_it_undoes_fails(empty, tmp_path):
    """As where it reaches the driver in the middle of a statement: the connection takes no rollback any more."""
    ward = SampleApp(tmp_path)
    ward.migration("0001_initial", "migrations.RunPython(stop)", before="""
        def stop(apps, editor):
            try:
                raise KeyboardInterrupt
            finally:
                editor.connection.connection.close()
                editor.execute("SELECT 1")
    """)  # fmt: skip

    stopped = empty.run("migrate", "ward", "--no-progress", **ward.variables)

    assert (stopped.code, stopped.err.endswith(SENTENCE)) == (130, True), stopped.said
