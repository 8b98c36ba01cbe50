"""Several reports of one run: what is wrong with their files is told before any work, and each is whole or absent."""

import json
import stat

import pytest

from tests.support import commands
from tests.support.factories import new_id, refer

pytestmark = pytest.mark.any_postgresql

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
SAME = "Two reports want {}; give each a file of its own."
REFUSED = {
    "a format that is not there": (["--report", "yaml=a"], 'there is no format "yaml" here; choose from text, json'),
    "no format": (["--report", "a"], '"a" is not FORMAT=FILE, such as text=report.txt'),
    "no file": (["--report", "json="], '"json=" names no file: is a variable of your script not set?'),
    "nothing": (["--report", ""], '"" is not FORMAT=FILE'),
    "one file for two": (["--report", "json={0}/a", "--report", "text={0}/./a"], SAME.format("{0}/a")),
    "the file of --output": (["--output", "{0}/a", "--report", "json={0}/a"], SAME.format("{0}/a")),
    "stdout for two": (["--report", "json=/dev/stdout"], SAME.format("stdout")),
}


@pytest.mark.parametrize("arguments", REFUSED)
@pytest.mark.parametrize("command", ["precheck", "migrate", "verify_schema"])
def test_reports_that_cannot_be_meant_are_refused_before_any_work(tmp_path, command, arguments):
    given, words = REFUSED[arguments]

    result = commands.manage(command, *(one.format(tmp_path) for one in given), DATABASE_URL=NOWHERE)

    assert (result.code, result.out) == (2, "")
    assert words.format(tmp_path) in result.err
    assert "Traceback" not in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--write-baseline", "--write-statistics"])
def test_a_report_and_what_else_is_written_want_files_of_their_own(tmp_path, option):
    words = [option, f"{tmp_path}/a", "--report", f"text={tmp_path}/./a"]

    result = commands.manage("precheck", *words, DATABASE_URL=NOWHERE)

    assert (result.code, result.out) == (2, "")
    assert SAME.format(f"{tmp_path}/a") in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_before_any_work(tmp_path):
    files = [f"text={tmp_path}/a", f"json={tmp_path}/nowhere/b"]

    result = commands.manage("precheck", *(f"--report={one}" for one in files), DATABASE_URL=NOWHERE)

    assert (result.code, result.out) == (2, "")
    assert "The report cannot be written" in result.err
    assert list(tmp_path.iterdir()) == []


def test_each_report_gets_its_file_and_stdout_its_own(hospital, tmp_path):
    refer(hospital, "bills", new_id())
    files = {name: tmp_path / name for name in ("a.json", "b.txt", "c.json")}
    wanted = [f"--report={name.rpartition('.')[2].replace('txt', 'text')}={file}" for name, file in files.items()]

    result = hospital.run("precheck", *wanted, "--force-color")

    first, second = (json.loads(files[name].read_text()) for name in ("a.json", "c.json"))
    assert result.code == 1
    assert "\x1b[" in result.out
    assert "\x1b[" not in files["b.txt"].read_text()
    assert "references.E001" in files["b.txt"].read_text()
    assert first == second
    assert (first["verdict"], first["snapshot"] is None) == ("blocked", False)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files.values()} == {0o600}


def test_json_on_stdout_is_alone_there_when_text_goes_to_a_file(hospital, tmp_path):
    wanted = ["--output", str(tmp_path / "a"), "--report", "json=/dev/stdout"]

    checked, migrated = (hospital.run(command, *wanted) for command in ("precheck", "migrate"))

    assert json.loads(checked.out)["command"] == "precheck"
    assert json.loads(migrated.out)["verdict"] == "applied"


def test_a_command_that_could_not_look_leaves_the_old_report(hospital, tmp_path):
    file = tmp_path / "a"
    file.write_text("of yesterday")

    result = hospital.run("precheck", "--expect-database", "another", "--report", f"json={file}")

    assert result.code == 2
    assert [one.name for one in tmp_path.iterdir()] == ["a"]
    assert file.read_text() == "of yesterday"


def test_migrate_writes_its_reports_and_says_nothing_more_on_stdout_than_django(hospital, tmp_path):
    file = tmp_path / "a"

    plain = hospital.run("migrate", "--report", f"json={file}")

    assert plain.code == 0, plain.said
    assert json.loads(file.read_text())["verdict"] == "applied"
    assert "Applying patients.0001_initial" in plain.out
    assert "applied" not in plain.out.splitlines()[-1]


def test_ids_are_not_shown_beside_a_report_that_goes_to_a_file(hospital, tmp_path):
    result = hospital.run("precheck", "--show-ids", "--report", f"text={tmp_path}/a")

    assert (result.code, result.out) == (2, "")
    assert "--show-ids prints patient data; it needs --format text and a terminal" in result.err
    assert list(tmp_path.iterdir()) == []


def test_what_django_prints_itself_has_no_report(hospital, tmp_path):
    result = hospital.run("migrate", "--plan", "--report", f"json={tmp_path}/a")

    assert result.code == 2
    assert "leave out --format, --output and --report" in result.err


def test_reports_are_in_their_files_though_nobody_reads_stdout(hospital, tmp_path):
    file = tmp_path / "a"

    with hospital.start("precheck", "--no-progress", "--report", f"json={file}") as running:
        running.stdout.close()
        running.wait(timeout=120)

    assert json.loads(file.read_text())["command"] == "precheck"
