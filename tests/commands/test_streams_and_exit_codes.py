"""Exit codes are the same with every option, and JSON has stdout for itself, whatever a migration prints."""

import json
import os
import signal
import sys
import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from migrations_safety.management.errors import Refused, Stopped
from migrations_safety.management.streams import report_alone
from migrations_safety.messages.refusals.base import CouldNotLook
from tests.support.factories import new_id, refer
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.any_postgresql

NOISY = """
    import logging, os, sys
    from django.db.models.signals import post_migrate
    print("while it is loaded")
    logging.getLogger("ward").addHandler(logging.StreamHandler(sys.stdout))
    def told(**_):
        print("by a signal")
    post_migrate.connect(told)
    def fill(apps, editor):
        print("by print")
        sys.__stdout__.write("by the stream itself\\n")
        os.system("echo by a child")
        os.write(1, b"by the descriptor\\n")
        logging.getLogger("ward").error("by a logger")
"""
NOISES = ["by print", "by the stream itself", "by a child", "by the descriptor", "by a logger", "by a signal"]
BEDS = "migrations.CreateModel('Bed', [('id', models.BigAutoField(primary_key=True))])"


@pytest.fixture
def ward(tmp_path):
    return SampleApp(tmp_path)


def failing(ward, code="raise ValueError(apps.get_model('ward', 'Bed').objects.count())"):
    ward.migration("0001_initial", BEDS)
    ward.migration(
        "0002_step", "migrations.RunPython(fill)", after=("ward", "0001_initial"),
        before=f"def fill(apps, editor):\n    {code}\n",
    )  # fmt: skip


def test_what_failed_ends_with_2_with_the_frames_of_its_cause_too(empty, ward):
    failing(ward)

    plain = empty.run("migrate", "ward", **ward.variables)
    traced = empty.run("migrate", "ward", "--traceback", **ward.variables)

    assert (plain.code, traced.code) == (2, 2)
    assert 'ward/migrations/0002_step.py", line 5, in fill' in traced.err
    assert traced.err.count("Stopped: Unexpected ValueError") == 1
    assert "Traceback (most recent call last)" not in traced.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("precheck", "nowhere"), 2),
        (("precheck",), 1),
        (("migrate", "nowhere"), 2),
        (("migrate",), 1),
        (("backfill_placeholders", "--nullify", "nowhere"), 2),
        (("verify_patient_schema",), 1),
        (("audit_runs", "--expect-database", "nowhere"), 2),
    ],
)
def test_a_traceback_changes_no_exit_code(hospital, arguments, code):
    refer(hospital, "bills", new_id())

    result = hospital.run(*arguments, "--traceback")

    assert result.code == code
    assert result.err.splitlines()[-1] != ""
    assert "Traceback (most recent call last)" not in result.err


def test_errors_of_the_system_checks_end_with_2_with_a_traceback_too(empty, ward):
    ward.migration("0001_initial", BEDS)
    ward.models("""
        class Bed(models.Model):
            id = models.BigAutoField(primary_key=True)
            class Meta:
                ordering = ["nothing"]
    """)

    codes = [empty.run("migrate", *options, **ward.variables).code for options in ([], ["--traceback"])]

    assert codes == [2, 2]


def test_ctrl_c_is_130_with_a_traceback_too(hospital):
    with hospital.session("LOCK TABLE bills"), hospital.start("precheck", "--traceback", "--no-progress") as running:
        hospital.wait_for("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=120)

    assert running.returncode == 130


@pytest.mark.parametrize("command", ["migrate", "precheck"])
def test_json_is_alone_on_stdout_whatever_a_migration_prints(empty, ward, command):
    ward.migration("0001_initial", f"{BEDS}, migrations.RunPython(fill)", before=NOISY)

    result = empty.run(command, "ward", "--format", "json", **ward.variables)

    assert result.code == 0, result.said
    assert json.loads(result.out)["command"] == command
    assert "while it is loaded" in result.err
    assert [one for one in NOISES if (one in result.err) != (command == "migrate")] == []


def test_json_goes_to_the_stdout_that_was_named_and_stdout_is_as_before(empty, ward, tmp_path):
    ward.migration("0001_initial", f"{BEDS}, migrations.RunPython(fill)", before=NOISY)

    named = empty.run("migrate", "ward", "--format", "json", "--output", "/dev/stdout", **ward.variables)
    text = empty.run("migrate", "ward", "zero", "--skip-precheck", **ward.variables)

    assert json.loads(named.out)["verdict"] == "applied"
    assert "while it is loaded" in text.out


def test_in_a_program_json_goes_to_the_stream_that_it_gave(empty, in_process, ward, capfd):
    in_process(empty)
    ward.migration("0001_initial", f"{BEDS}, migrations.RunPython(fill)", before=NOISY)
    out, err = StringIO(), StringIO()

    with ward.at_hand():
        call_command("migrate", "ward", format="json", stdout=out, stderr=err)
    sys.stdout.write("afterwards\n")

    printed = capfd.readouterr()
    assert json.loads(out.getvalue())["verdict"] == "applied"
    assert printed.out == "afterwards\n"
    assert [one for one in NOISES if one not in printed.err + err.getvalue()] == []


def test_a_program_catches_what_was_refused_and_what_failed(hospital, in_process, ward):
    in_process(hospital)
    refer(hospital, "bills", new_id())
    errors = StringIO()
    quiet: dict[str, Any] = {"stdout": StringIO(), "stderr": errors, "no_progress": True}

    with pytest.raises(Refused) as refused:
        call_command("migrate", **quiet)
    with pytest.raises(Refused) as blocked:
        call_command("precheck", **quiet)
    with pytest.raises(Stopped) as stopped:
        call_command("migrate", "nowhere", **quiet)

    assert [one.value.returncode for one in (refused, blocked, stopped)] == [1, 1, 2]
    assert str(refused.value).startswith("migrate: refused by the gate; nothing was changed")
    assert str(blocked.value) == "precheck: blocked, 1 blocking finding."
    assert "blocking finding" not in errors.getvalue()
    assert isinstance(stopped.value.__context__, CouldNotLook)
    assert issubclass(Refused, CommandError)
    assert issubclass(Stopped, CommandError)


@pytest.mark.parametrize("command", ["precheck", "migrate"])
def test_django_words_what_it_knows_better(empty, in_process, ward, command):
    in_process(empty)
    ward.migration("0001_initial", BEDS)
    ward.migration("0002_one", "", after=("ward", "0001_initial"))
    errors = StringIO()
    quiet: dict[str, Any] = {"stdout": StringIO(), "stderr": errors, "no_progress": True}

    def told(*arguments):
        with ward.at_hand(), pytest.raises(Stopped) as stopped:
            call_command(command, *arguments, **quiet)
        return str(stopped.value).splitlines()

    mistyped = told("wrad")
    ambiguous = told("ward", "000")
    ward.migration("0002_two", "", after=("ward", "0001_initial"))
    conflicting = told("ward")

    assert mistyped[0] == "No installed app with label 'wrad'."
    assert ambiguous[0] == "More than one migration matches '000' in app 'ward'. Please be more specific."
    assert conflicting == [
        "Conflicting migrations detected; multiple leaf nodes in the migration graph: (0002_one, 0002_two in ward).",
        "To fix them run 'python manage.py makemigrations --merge'",
    ]


def test_two_commands_at_once_turn_stdout_back_once(capfd):
    def turned():
        with report_alone(wanted=True):
            both.wait(120)
            os.write(1, b"aside\n")
            both.wait(120)

    both = threading.Barrier(2)
    threads = [threading.Thread(target=turned) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    os.write(1, b"back\n")

    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("back\n", "aside\naside\n")


def test_what_a_command_inside_of_a_migration_refuses_does_not_read_as_refused_by_the_gate(empty, ward):
    failing(ward, "from django.core.management import call_command; call_command('precheck', 'nowhere')")

    result = empty.run("migrate", "ward", **ward.variables)

    assert result.code == 2
    assert "In ward.0002_step, operation 1 of 1, RunPython(fill)" in result.err


def test_a_plan_that_cannot_be_run_is_2_and_names_the_migration_and_what_is_missing(empty, in_process, ward):
    in_process(empty)
    ward.migration("0001_initial", BEDS[:-2] + ", ('name', models.CharField(max_length=5))])")
    longer = "migrations.AlterField('Bed', 'name', models.CharField(max_length=9))"
    ward.migration("0002_longer", longer, after=("ward", "0001_initial"))
    errors = StringIO()
    quiet: dict[str, Any] = {"stdout": StringIO(), "stderr": errors, "no_progress": True}
    with ward.at_hand():
        call_command("migrate", "ward", "0001", **quiet)
        empty.execute("ALTER TABLE ward_bed DROP COLUMN name")

        with pytest.raises(Stopped) as stopped:
            call_command("migrate", "ward", **quiet)

    assert stopped.value.returncode == 2
    assert str(stopped.value).startswith(
        'plan.E001: The column ward_bed."name" does not exist, but ward.0002_longer alters it'
    )
