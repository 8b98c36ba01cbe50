"""What a container is to a command: the first process of its namespace, a user without a name, nothing to write to."""

import os
import shlex
import signal
import subprocess
import time

import pytest

from tests.support.commands import ROOT, command, environment
from tests.support.factories import new_id, refer

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]

WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
READ_ONLY = """
for at in $(cut -d' ' -f2 /proc/mounts); do mount -o remount,bind,ro "$at" 2>/dev/null; done
if touch "{folder}/probe" 2>/dev/null; then echo "not read-only"; exit 99; fi
unset COVERAGE_PROCESS_START COVERAGE_PROCESS_CONFIG  # its data could not be written either
exec {command}
"""


@pytest.fixture(autouse=True)
def may_make_namespaces():
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode:
        pytest.skip("only root may make namespaces, and not in every container")


def in_namespace(options, words, **variables):
    return subprocess.Popen(
        ["unshare", *options, *words], cwd=ROOT, env=environment(**variables), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def on(database):
    """By TCP: the folder of the socket is not in every namespace."""
    return {"DATABASE_URL": database.server.url(database.name, password="postgres")}


@pytest.mark.parametrize(
    "words",
    [command("precheck", "--no-progress"), ["sh", "-c", f"true && exec {shlex.join(command('precheck'))}"]],
    ids=["the command", "a shell that it replaces"],
)
def test_process_1_hears_sigterm(hospital, words):
    with hospital.session("LOCK TABLE bills"):
        running = in_namespace(["--pid", "--fork", "--mount-proc"], words, **on(hospital))
        hospital.wait_for(WAITS)
        (first,) = children(running.pid)
        number = namespaced(first)
        os.kill(first, signal.SIGTERM)
        _, err = running.communicate(timeout=120)

    assert (number, running.returncode) == (1, 143), err
    assert err.endswith("Interrupted. There is no report, and nothing in the database was changed.\n")


def test_no_command_needs_a_file_system_that_can_be_written(hospital, tmp_path):
    refer(hospital, "bills", new_id())
    told = []
    for arguments in ("precheck --format json", "backfill_placeholders", "migrate", "verify_patient_schema",
                      "audit_runs", "check --database default", "precheck --output report"):  # fmt: skip
        script = READ_ONLY.format(folder=tmp_path, command=shlex.join(command(*arguments.split())))
        running = in_namespace(["--mount"], ["sh", "-c", script], TMPDIR=str(tmp_path), **on(hospital))
        _, err = running.communicate(timeout=120)
        told.append((arguments.split()[0], running.returncode, err.splitlines()[-1] if err else ""))

    assert [code for _, code, _ in told] == [1, 0, 0, 0, 0, 0, 2], told
    assert told[-1][2] == "Stopped: The report cannot be written: Read-only file system: report"


def test_a_user_without_a_name_needs_one_for_the_database(hospital):
    server = hospital.server
    words = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "--inh-caps=+dac_override",
             "--ambient-caps=+dac_override", *command("precheck", "--no-progress")]  # fmt: skip
    address = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGDATABASE": hospital.name, "PGPASSWORD": "postgres"}

    nameless = in_namespace(["--mount"], words, **address)
    refused = nameless.communicate(timeout=120)[1]
    named = in_namespace(["--mount"], words, PGUSER="postgres", **address)
    out, err = named.communicate(timeout=120)

    assert (nameless.returncode, named.returncode) == (2, 0), refused + err
    assert "local user with ID 12345 does not exist" in refused
    assert "Safe to migrate" in out


def children(pid):
    end = time.monotonic() + 60
    while not (found := (ROOT / f"/proc/{pid}/task/{pid}/children").read_text().split()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return [int(one) for one in found]


def namespaced(pid):
    """The number that the process has in its own namespace."""
    (line,) = [one for one in (ROOT / f"/proc/{pid}/status").read_text().splitlines() if one.startswith("NSpid:")]
    return int(line.split()[-1])
