"""No second connection: nobody would see who waits behind a migration, so it is refused, unless that was asked for."""

import pytest


@pytest.fixture
def role(empty, new_role):
    """A role that may have one connection and make tables."""
    role = new_role()
    empty.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 1')
    empty.execute(f'GRANT CREATE, USAGE ON SCHEMA public TO "{role}"')
    return role


@pytest.fixture
def limited(empty, role):
    """Its URL."""
    return empty.server.url(empty.name, user=role)


def test_it_is_refused_in_a_sentence(empty, limited):
    result = empty.run("migrate", url=limited)

    assert result.code == 2
    assert "The watchdog cannot see who waits behind this migration" in result.err
    assert "too many connections for role" in result.err
    assert "--max-stall 0" in result.err
    assert empty.value("SELECT to_regclass('patients') IS NULL AND to_regclass('migrations_safety_run') IS NULL")


def test_who_lets_others_wait_goes_on_without(empty, limited):
    result = empty.run("migrate", "--max-stall", "0", "--format", "json", url=limited)

    assert result.code == 0, result.said
    assert "Nobody watches who waits behind this migration" in result.err
    assert "Lock waits" not in result.err
    assert result.json["lock_waits"] == {"count": None, "longest_ms": None}


def test_where_nothing_is_pending_nobody_is_needed(empty, role, limited):
    empty.run("migrate", "--max-stall", "0", url=limited)
    empty.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = %s)", role)

    result = empty.run("migrate", url=limited)

    assert result.code == 0, result.said


def test_looking_needs_one_connection_alone(empty, limited):
    result = empty.run("precheck", "--jobs", "4", url=limited)

    assert result.code == 0, result.said
