"""PostgreSQL's programs are found by the version that they say, wherever they stand."""

import pytest

from migrations_safety.messages.refusals.backup import ProgramMissing
from migrations_safety.postgresql import programs
from migrations_safety.postgresql.programs import Program, conninfo, environment, installed, program


@pytest.fixture
def only_on_path(tmp_path, monkeypatch):
    """Gives programs that say these versions, in the only folder where programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "FOLDERS", ())
    monkeypatch.setattr(programs, "WHEELS", {})

    def say(version, name="pg_dump"):
        file = tmp_path / name
        file.write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) {version}"\n')
        file.chmod(0o755)
        return str(file)

    return say


def test_the_servers_own_version_is_taken(only_on_path):
    path = only_on_path("16.14 (Debian 16.14-1)")

    assert program("pg_dump", least=16) == Program(path=path, version="16.14")
    assert program("pg_dump", least=15).version == "16.14"


def test_an_older_one_is_refused_with_the_package_to_install(only_on_path):
    path = only_on_path("15.18")

    with pytest.raises(ProgramMissing) as refused:
        program("pg_dump", least=18)

    found = f"pg_dump of PostgreSQL 18 or newer is needed here, and only 15.18 ({path}) was found."
    assert str(refused.value) == found
    assert "postgresql-client-18 (Debian, Ubuntu)" in refused.value.hint


@pytest.mark.parametrize(("version", "fits"), [("17.5", False), ("17.6", True), ("16.9", False), ("15.13", False),
                                               ("18.0", True), ("19beta1", True), ("12.22", False)])  # fmt: skip
def test_versions_without_the_fixes_of_2025_are_refused(only_on_path, version, fits):
    only_on_path(version)

    if fits:
        assert program("pg_dump", least=15)
    else:
        with pytest.raises(ProgramMissing, match="or newer is needed here"):
            program("pg_dump", least=12)


def test_what_says_no_version_is_none(only_on_path):
    only_on_path("of my own")

    with pytest.raises(ProgramMissing, match="and none was found"):
        program("pg_dump", least=15)


def test_of_one_major_version_the_newest_is_taken():
    found = installed("pg_dump")

    best = program("pg_dump", least=16)

    assert best.minor == max(one.minor for one in found if one.major == best.major)


def test_no_password_is_on_a_command_line():
    parameters = {"host": "here", "dbname": "a b", "password": "secret", "sslpassword": "other", "autocommit": True}

    assert conninfo(parameters) == "host=here dbname='a b'"
    assert environment(parameters)["PGPASSWORD"] == "secret"
    assert "PGPASSWORD" not in environment({"host": "here"})
