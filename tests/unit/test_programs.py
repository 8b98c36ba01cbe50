"""PostgreSQL's programs are found by the version that they say, wherever they stand."""

from pathlib import Path

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


def test_no_secret_is_on_a_command_line():
    secrets = {"sslpassword": "one", "oauth_client_secret": "two", "scram_client_key": "three"}
    parameters = {"host": "here", "dbname": "a b", "password": "secret", "autocommit": True, **secrets}

    line, variables = conninfo(parameters), environment(parameters)

    assert "secret" not in line.replace("oauth_client_secret", "")
    assert not {"one", "two", "three"} & set(line.split("="))
    assert "host=here dbname='a b' service=migrations_safety" in line
    assert variables["PGPASSWORD"] == "secret"
    given = Path(variables["PGSERVICEFILE"]).read_text()
    assert given == "[migrations_safety]\nsslpassword=one\noauth_client_secret=two\nscram_client_key=three\n"
    assert "PGPASSWORD" not in environment({"host": "here"})
    assert "PGSERVICEFILE" not in environment({"host": "here"})


def test_a_program_does_not_wait_for_a_server_that_is_gone():
    line = conninfo({"host": "here", "connect_timeout": 7})

    assert "keepalives_idle=30" in line
    assert "connect_timeout=7" in line
