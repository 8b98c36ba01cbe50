"""Code of migrations that knows the way to the original does not reach it, and what both share is looked at.

The attacks are ordinary code: Django's connections, libpq itself, and programs that C starts past Python.
"""

from ast import literal_eval
from shutil import which

import pytest
from psycopg import conninfo

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.row_snapshot import row_snapshot
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.slow

ATTACK = """
import ctypes, os
from pathlib import Path
import psycopg
from django.db import DatabaseError, connections, transaction
from psycopg import conninfo, pq

URL, OWN, TRIED = {url!r}, {own!r}, Path({tried!r})
HARM = "CREATE TABLE reached (at text)"

def sent(statement=HARM, **where):
    session = pq.PGconn.connect(conninfo.make_conninfo("", **where).encode())
    if session.status != pq.ConnStatus.OK:
        return session.error_message.decode().partition("FATAL:  ")[2].strip() or "not connected"
    done = session.exec_(statement.encode())
    told = session.error_message.decode().partition("FATAL:  ")[2].partition("\\n")[0]
    return told if done.error_message else "done"

def through_psycopg():
    try:
        with psycopg.connect(URL) as session:
            session.execute(HARM)
        return "done"
    except Exception as error:
        return type(error).__name__

def through_server(editor):
    code = f"EXECUTE 'CO' || $$PY (SELECT 1) TO PRO$$ || $$GRAM '{psql} {{URL}} -c \\"{{HARM}}\\"'$$"
    try:
        with transaction.atomic(), editor.connection.cursor() as cursor:
            cursor.execute(f"DO $code$ BEGIN {{code}}; END $code$")
        return "done"
    except DatabaseError as error:
        return error.__cause__.sqlstate

def attack(apps, editor):
    here = connections["default"].get_connection_params()
    inside = {{name: here[name] for name in ("host", "port", "dbname", "user", "password", "sslmode") if name in here}}
    found = {{"orm": editor.connection.settings_dict["NAME"].partition("_copy")[0]}}
    found["to the copy"] = sent("SELECT 1", **inside)
    os.environ.update({{f"PG{{name.upper()}}".replace("DBNAME", "DATABASE"): value for name, value in OWN.items()}})
    found["environment"] = sent()
    found["socket"] = sent(**OWN)
    found["tcp"] = sent(**OWN | {{"host": "127.0.0.1", "password": "secret"}})
    found["beside"] = sent(**inside | {{"dbname": OWN["dbname"]}})
    found["role"] = sent(**inside | {{"user": "somebody"}})
    found["replication"] = sent(**inside, replication="database")
    with editor.connection.cursor() as cursor:
        cursor.execute("SHOW work_mem")
        found["setting of the role"] = cursor.fetchone()[0]
    found["psycopg"] = through_psycopg()
    found["drop"] = sent(f'DROP DATABASE "{{OWN["dbname"]}}" WITH (FORCE)', **inside)
    found["alter"] = sent(f'ALTER DATABASE "{{OWN["dbname"]}}" CONNECTION LIMIT 0', **inside)
    found["program of the server"] = through_server(editor)
    found["program"] = ctypes.CDLL(None).system(f"{psql} '{{URL}}' -c '{{HARM}}'".encode()) >> 8
    TRIED.write_text(repr(found))
"""
NOT_THE_COPY = "the code connects to a database that is not the copy, or as another role; it was not connected"
KEPT = {
    **dict.fromkeys(("environment", "socket"), "not connected"),
    **dict.fromkeys(("beside", "role"), NOT_THE_COPY),
    "replication": "the code connects for a replication; it was not connected",
    "orm": "confidential",
    "to the copy": "done",
    "psycopg": "NotOnTheCopy",
    "program": 2,
    "setting of the role": "9MB",
}
PROGRAM_FAILED, NO_RIGHT = "38000", "42501"
NOT_SENT = {
    "drop": "DROP DATABASE acts outside of the copy; it was not run",
    "alter": "ALTER DATABASE acts outside of the copy; it was not run",
}


@pytest.fixture
def ward(tmp_path):
    return SampleApp(tmp_path)


@pytest.fixture
def deployer(empty, new_role):
    """A role that owns the database and may create others on its server."""
    role = new_role()
    empty.execute(f'ALTER ROLE "{role}" CREATEDB; GRANT pg_read_all_settings TO "{role}"')
    empty.execute(f'ALTER DATABASE "{empty.name}" OWNER TO "{role}"; GRANT ALL ON SCHEMA public TO "{role}"')
    empty.execute("CREATE TABLE stays AS SELECT generate_series(1, 10) AS n")
    empty.execute(f'ALTER TABLE stays OWNER TO "{role}"')
    return role


def rehearse(database, ward, *arguments, role="postgres"):
    url = database.server.url(database.name, user=role, password="secret" if role != "postgres" else "")
    return database.run("rehearse", "ward", "--writers", "0", "--format", "json", *arguments, url=url, **ward.variables)


@pytest.mark.parametrize("place", ["server", "embedded"])
def test_code_that_knows_the_way_to_the_original_does_not_reach_it(empty, deployer, ward, tmp_path, place):
    role = deployer if place == "server" else "postgres"
    url = empty.server.url(empty.name, user=role)
    own = conninfo.conninfo_to_dict(url)
    tried = tmp_path / "tried"
    words = {"url": url, "own": own, "tried": str(tried), "psql": which("psql")}
    ward.migration("0001_initial", "migrations.RunPython(attack, attack)", before=ATTACK.format(**words))
    empty.execute(f'ALTER ROLE "{role}" IN DATABASE "{empty.name}" SET work_mem = \'9MB\'')
    before = row_snapshot(empty), catalog_snapshot(empty)

    result = rehearse(empty, ward, role=role)

    assert result.code == 0, result.said
    assert result.json["copy"]["place"] == place
    found = literal_eval(tried.read_text())
    assert {name: found[name] for name in KEPT} == KEPT
    assert found["tcp"] == (NOT_THE_COPY if place == "server" else "not connected")
    assert found["program of the server"] == (PROGRAM_FAILED if place == "embedded" else NO_RIGHT)
    if place == "server":
        assert {name: found[name] for name in NOT_SENT} == NOT_SENT
    assert (result.json["copy"]["open_ways"], result.json["copy"]["changed_objects"]) == ([], [])
    assert (row_snapshot(empty), catalog_snapshot(empty)) == before


def test_what_code_changes_inside_of_the_server_is_found_and_fails_the_rehearsal(empty, deployer, ward):
    hidden = f"EXECUTE 'ALTER DATA' || 'BASE {empty.name} CONNECTION LIMIT 77'"
    ward.migration("0001_initial", f'migrations.RunSQL("DO $$ BEGIN {hidden}; END $$", migrations.RunSQL.noop)')

    result = rehearse(empty, ward, role=deployer)

    assert result.code == 1, result.said
    assert result.json["copy"]["changed_objects"] == [f"database {empty.name}"]
    [found] = [one for one in result.json["findings"] if one["id"] == "rehearsal.E020"]
    assert (found["level"], found["subject"]) == ("error", f"the database {empty.name}")


@pytest.mark.of_distribution
def test_dblink_is_not_on_the_copy_and_an_open_network_is_said(empty, ward):
    if not empty.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'dblink'"):
        pytest.skip("this server has no dblink")
    empty.execute("CREATE EXTENSION dblink")
    reach = f"SELECT dblink_exec('{empty.url}', 'CREATE TABLE reached ()')"
    ward.migration("0001_initial", f'migrations.RunSQL("{reach}")')
    before = row_snapshot(empty), catalog_snapshot(empty)

    result = rehearse(empty, ward, "--open-network")

    assert result.code == 1, result.said
    assert {"rehearsal.E001", "rehearsal.I001", "rehearsal.W020"} <= {one["id"] for one in result.json["findings"]}
    assert (row_snapshot(empty), catalog_snapshot(empty)) == before
