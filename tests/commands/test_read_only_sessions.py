"""A database that is no standby, but whose sessions begin read-only: precheck says so, and migrate does not begin."""

import psycopg
import pytest

from tests.support.precheck_findings import look, told

SETTING = "default_transaction_read_only"
PLACES = {
    "role": 'ROLE "{role}"',
    "database": 'DATABASE "{database}"',
    "role in a database": 'ROLE "{role}" IN DATABASE "{database}"',
}


@pytest.fixture
def deployer(hospital, new_role):
    """A role that may do everything."""
    role = new_role()
    hospital.execute(f'ALTER ROLE "{role}" SUPERUSER')
    return role


@pytest.mark.parametrize("place", PLACES)
def test_the_finding_has_the_statement_for_the_place_where_the_sessions_are_made_read_only(
    hospital, deployer, place, in_process
):
    where = PLACES[place].format(role=deployer, database=hospital.name)
    url = hospital.server.url(hospital.name, user=deployer)
    hospital.execute(f"ALTER {where} SET {SETTING} = on")
    in_process(hospital, url=url)
    before = look()
    (finding,) = before["target.E011"]
    with psycopg.connect(url, autocommit=True) as session:
        for statement in finding.hint.partition(": ")[2].split(";")[:-1]:
            session.execute(statement)
    in_process(hospital, url=url)

    after = look()

    assert set(before) == {"target.E011"}
    assert told(before, "target.E011") == [
        f'{hospital.name} is no standby, but new sessions of the role "{deployer}" are read-only ({SETTING} = on).'
    ]
    assert finding.hint == f"If it may be written: SET {SETTING} = off; ALTER {where} RESET {SETTING};"
    assert after == {}


def test_migrate_is_refused_by_the_gate(hospital):
    hospital.execute(f'ALTER DATABASE "{hospital.name}" SET {SETTING} = on')

    looked, migrated = hospital.run("precheck"), hospital.run("migrate")

    assert (looked.code, migrated.code) == (1, 1), migrated.said
    assert "Blocked: do not migrate yet." in looked.out
    assert "target.E011" in migrated.out
    assert hospital.value("SELECT to_regclass('patients')") is None


def test_in_the_options_of_the_connection_it_is_taken_out_there(hospital, in_process):
    in_process(hospital, url=f"{hospital.url}?options=-c{SETTING}%3Don")

    (finding,) = look()["target.E011"]

    assert finding.hint == f"Take {SETTING} out of the connection's options (DATABASES, DATABASE_URL or PGOPTIONS)."


def test_where_nothing_is_pending_nobody_has_to_write(migrated, in_process):
    migrated.execute(f'ALTER DATABASE "{migrated.name}" SET {SETTING} = on')
    in_process(migrated)

    assert look() == {}


def test_past_the_gate_both_causes_are_named(hospital):
    hospital.execute(f'ALTER DATABASE "{hospital.name}" SET {SETTING} = on')

    result = hospital.run("migrate", "--skip-precheck")

    assert (result.code, result.out) == (2, "")
    assert "SQLSTATE 25006" in result.err
    assert "On a standby, connect to the primary. Otherwise python manage.py precheck" in result.err
