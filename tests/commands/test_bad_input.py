"""Whatever stops `precheck`: one clear sentence on stderr, nothing on stdout, exit code 2 (130 for Ctrl-C)."""

import json
import os
import signal
import stat
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import commands
from tests.support.factories import refer

SPECIAL = "h*@/%#+ '\"?&=:\\é{}"
SECRET = "Tr0ub4dor&3"
COULD_NOT_CONNECT = "Could not connect: "
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def assert_one_sentence(result, *words):
    assert (result.code, result.out) == (2, "")
    assert "Traceback" not in result.err
    assert len(result.err.strip().splitlines()) <= 3
    for word in words:
        assert word in result.err


@pytest.fixture
def special(make, cluster):
    """A database, a role and a password that hold every character that is special somewhere."""
    role = '"' + SPECIAL.replace('"', '""') + '"'
    database = make("hospital", name=SPECIAL)
    cluster.administration.execute(
        f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{SPECIAL.replace(chr(39), chr(39) * 2)}'"
    )
    yield database
    cluster.administration.execute(f"DROP ROLE {role}")


def test_no_database_named_is_no_quiet_default():
    for arguments in (["precheck"], ["migrate"], ["precheck", "--database", "default"]):
        assert_one_sentence(commands.manage(*arguments), "No database is named: nothing was looked at.", "DATABASE_URL")


@pytest.mark.parametrize(
    "words",
    [
        *(
            f"precheck --{option}="
            for option in (
                "output", "scratch-url", "application-statements", "since",
                "baseline", "write-baseline", "statistics", "write-statistics",
            )
        ),
        "migrate --precheck=",
        "migrate --census=",
    ],
)  # fmt: skip
def test_an_option_is_refused_if_the_variable_in_it_was_not_set(words):
    result = commands.manage(*words.split(), DATABASE_URL=NOWHERE)

    assert (result.code, result.out) == (2, "")
    assert result.err.endswith("it is empty: is a variable of your script not set?\n")


def test_statistics_are_written_without_a_baseline(tmp_path):
    files = [f"--write-{kind}={tmp_path / kind}" for kind in ("statistics", "baseline")]

    assert_one_sentence(commands.manage("precheck", *files, DATABASE_URL=NOWHERE), "--write-statistics checks nothing")
    assert list(tmp_path.iterdir()) == []


def test_help_needs_no_database():
    result = commands.manage("precheck", "--help")

    assert (result.code, result.err) == (0, "")
    help = " ".join(result.out.split())
    assert "Exit code 0: no finding blocks; 1: at least one finding blocks; 2: the check could not be done." in help


@pytest.mark.parametrize("url", [f"mysql://ehr:{SECRET}@db/hospital", f"postgresql://ehr:{SECRET}@db", "hospital"])
def test_an_unusable_url_is_refused_without_its_password(url):
    result = commands.manage("precheck", DATABASE_URL=url)

    assert_one_sentence(result, "DATABASE_URL")
    assert SECRET not in result.said


def test_an_unknown_id_type_is_refused():
    result = commands.manage("precheck", DATABASE_URL="postgresql://db/hospital", EHR_ID_TYPE="bigint")

    assert_one_sentence(result, "EHR_ID_TYPE must be uuid or text")


def test_every_special_character_works_in_a_url(special):
    where = [quote(SPECIAL, safe="")] * 3
    url = "postgresql://{}:{}@127.0.0.1:{port}/{}".format(*where, port=special.server.port)

    result = commands.manage("precheck", "--format", "json", DATABASE_URL=url)

    assert result.code == 0, result.said
    assert result.json["database"]["name"] == SPECIAL


def test_every_special_character_works_in_the_pg_variables(special):
    variables = {"PGDATABASE": SPECIAL, "PGUSER": SPECIAL, "PGPASSWORD": SPECIAL}
    address = {"PGHOST": "127.0.0.1", "PGPORT": str(special.server.port)}

    together: dict[str, Any] = variables | address
    result = commands.manage("precheck", "--expect-database", SPECIAL, **together)

    assert result.code == 0, result.said


def test_no_server_is_said_with_the_place(hospital):
    result = commands.manage("precheck", DATABASE_URL="postgresql://ehr:hunter2@127.0.0.1:1/hospital")

    assert_one_sentence(result, COULD_NOT_CONNECT, "127.0.0.1", "Check DATABASE_URL or the PG* variables")
    assert "hunter2" not in result.said


def test_a_wrong_password_is_said_without_it(hospital):
    result = hospital.run("precheck", url=hospital.server.url(hospital.name, password=SECRET))

    assert_one_sentence(result, COULD_NOT_CONNECT, "password authentication failed")
    assert SECRET not in result.said


def test_an_unknown_database_is_said_with_its_name(hospital):
    result = hospital.run("precheck", url=hospital.server.url("hospitel"))

    assert_one_sentence(result, COULD_NOT_CONNECT, 'database "hospitel" does not exist')


def test_a_role_that_may_not_connect_is_told_so(hospital, new_role):
    reader = new_role()
    hospital.execute(f'REVOKE CONNECT ON DATABASE "{hospital.name}" FROM PUBLIC')

    result = hospital.run("precheck", url=hospital.server.url(hospital.name, user=reader))

    assert_one_sentence(result, COULD_NOT_CONNECT, "permission denied for database")


def test_an_unknown_alias_is_told_so(hospital):
    assert_one_sentence(hospital.run("precheck", "--database", "replica"), "alias", "replica")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "No installed app with label 'nowhere'."),
        (["patients", "0009"], "Cannot find a migration matching '0009' from app 'patients'."),
        (["ehr", "000"], "More than one migration matches '000' in app 'ehr'. Please be more specific."),
        (["migrations_safety"], "App 'migrations_safety' does not have migrations."),
    ],
)
@pytest.mark.parametrize("command", ["precheck", "migrate"])
def test_an_unknown_app_or_migration_is_told_in_djangos_words_with_where_to_look(hospital, command, arguments, words):
    assert_one_sentence(hospital.run(command, *arguments), f"Stopped: {words}\n", "python manage.py ")


@pytest.mark.parametrize("place", ["missing/report", "", "file/report"])
def test_a_report_that_cannot_be_written_is_said_before_any_work(hospital, tmp_path, place):
    (tmp_path / "file").write_text("")
    refer(hospital, "bills", "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001")

    result = hospital.run("precheck", "--output", str(tmp_path / place))

    assert_one_sentence(result, "The report cannot be written", str(tmp_path))
    assert "Counting" not in result.err
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_histories_that_disagree_are_named(migrated):
    migrated.execute("DELETE FROM django_migrations WHERE app = 'ehr' AND name = '0001_initial'")

    assert_one_sentence(migrated.run("precheck"), "patients.0001_initial", "ehr.0001_initial")


def test_a_statement_that_times_out_is_could_not_look(hospital):
    with hospital.session("LOCK TABLE bills"):
        result = hospital.run("precheck", url=hospital.url + "?options=-cstatement_timeout%3D300")

    assert_one_sentence(result, "57014")


def test_a_session_that_is_ended_by_an_administrator_is_could_not_look(hospital):
    with hospital.session("LOCK TABLE bills"), hospital.start("precheck", "--no-progress") as running:
        hospital.wait_for(WAITING, hospital.name)
        hospital.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        out, err = running.communicate(timeout=120)

    assert_one_sentence(commands.Result(code=running.returncode, out=out, err=err))


WAITING = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock')"


def test_ctrl_c_in_the_middle_is_130_while_the_lock_is_still_held(hospital, tmp_path):
    report = tmp_path / "report"
    with hospital.session("LOCK TABLE bills"), hospital.start("precheck", "--output", str(report)) as running:
        hospital.wait_for(WAITING, hospital.name)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=120)

    assert (running.returncode, out) == (130, "")
    assert err.endswith("Interrupted. There is no report, and nothing in the database was changed.\n")
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
    hospital.wait_for(
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = %s AND state = 'active' "
        "AND pid <> pg_backend_pid())",
        hospital.name,
    )


def test_a_host_that_nobody_knows_is_not_called_a_lost_connection():
    result = commands.manage("precheck", DATABASE_URL=f"postgresql://ehr:{SECRET}x@hosp.invalid/hospital")

    assert_one_sentence(result, "Could not connect: the host name is unknown", "percent-encoded")
    assert SECRET not in result.said


def test_an_unknown_command_is_no_finding(hospital):
    result = hospital.run("prechek")

    assert result.code == 2
    assert "Unknown command: 'prechek'" in result.err


@pytest.mark.parametrize(
    "arguments",
    [["migrate", "--plan", "--format", "json"], ["migrate", "--check", "--output", "report"]],
)
def test_reports_are_refused_where_there_is_none(hospital, arguments):
    assert_one_sentence(hospital.run(*arguments), "--plan and --check print Django's own lines")


def test_a_link_is_followed_and_a_pipe_is_written_to(hospital, tmp_path):
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.write_text("old")
    link.symlink_to(target)
    os.mkfifo(pipe)

    linked = hospital.run("precheck", "--format", "json", "--output", str(link))
    with hospital.start("precheck", "--format", "json", "--output", str(pipe)) as running:
        piped = json.loads(pipe.read_text())
        running.communicate(timeout=120)

    assert (linked.code, running.returncode) == (0, 0)
    assert link.is_symlink()
    assert json.loads(target.read_text())["verdict"] == piped["verdict"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("style", ["German", "SQL, DMY", "Postgres"])
def test_the_way_a_database_prints_dates_changes_nothing(hospital, style, tmp_path):
    hospital.execute(f'ALTER DATABASE "{hospital.name}" SET datestyle = {style}')
    hospital.execute(f'ALTER DATABASE "{hospital.name}" SET quote_all_identifiers = on')
    refer(hospital, "bills", "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001")

    for command in (
        "backfill_placeholders", f"backup_database --output {tmp_path}", "migrate --require-backup 1h",
        "verify_patient_schema", "audit_runs", "diagnose", "rollback_patient_module",
    ):  # fmt: skip
        result = hospital.run(*command.split())
        assert result.code == 0, result.said
