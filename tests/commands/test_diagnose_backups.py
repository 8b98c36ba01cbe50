"""`diagnose` names the last backup, wherever it lies, and what the last deploy stood on."""

import os

import pytest

from tests.support.diagnosed import diagnosed, ids, one, state

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]


def test_the_last_backup_is_found_where_the_record_or_a_place_names_it(make, tmp_path):
    hospital = make("empty", name="hospital")
    none = diagnosed(hospital)
    backed_up = hospital.run("backup_database", "--output", str(tmp_path), "--no-progress")
    assert backed_up.code == 0, backed_up.said

    recorded = diagnosed(hospital)
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in list(tmp_path.glob("*.*")):
        file.rename(moved / file.name)
    gone = diagnosed(hospital)
    named = hospital.run("diagnose", "--backups", str(moved), "--format", "json")

    assert state(none, "last backup") == "none known"
    assert one(none, "recovery.I043")["level"] == "info"
    assert "recovery.I043" not in ids(recorded) | ids(gone) | ids(named)
    assert f"compared, {tmp_path}" in state(recorded, "last backup")
    assert "not on this machine" not in state(recorded, "last backup")
    assert state(gone, "last backup").endswith("not on this machine")
    assert f" ago, compared, {moved}" in state(named, "last backup")


def test_what_the_last_deploy_stood_on_is_told(make, tmp_path):
    hospital = make("empty", name="hospital")
    done = hospital.run("migrate", "--backup", str(tmp_path), "--no-input")
    assert done.code == 0, done.said

    told = state(diagnosed(hospital), "last backup")

    assert f"; the last deploy stood on archive {tmp_path}" in told
    assert told.endswith(", compared")


def test_places_that_cannot_be_read_are_findings_and_take_no_longer(migrated, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    slow = tools / "pgbackrest"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    damaged = tmp_path / "damaged.dump.manifest.json"
    damaged.write_text("{}")
    places = [str(tmp_path / "missing"), "x" * 300, "~nobody_of_this_name/x", "pgbackrest:main", "pgbackrest:other"]
    places += ["signed:nothing", str(tmp_path)]

    result = migrated.run(
        "diagnose", "--format", "json", *(word for place in places for word in ("--backups", place)),
        PATH=f"{tools}:{os.environ['PATH']}",
    )  # fmt: skip

    told = {each["subject"]: each["message"] for each in result.json["findings"] if each["id"] == "backup.W020"}
    assert result.code == 1, result.said
    assert {*places[:-1], str(tmp_path / "damaged.dump.manifest.json")} == {*told}, told
    assert "pgbackrest gave no answer within" in told["pgbackrest:main"]
    assert "No such file" in told[places[0]]
    assert state(result, "last backup") == "none known"
    assert state(result, "constraints and indexes") == "all valid"
    assert result.json["seconds"] < 30, "it waited for a tool that sleeps for a minute"
