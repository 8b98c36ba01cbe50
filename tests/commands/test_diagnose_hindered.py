"""`diagnose` ends soon and says why, whatever others have locked and whatever timeouts the database has."""

import time

import pytest

pytestmark = pytest.mark.any_postgresql


def test_timeouts_of_the_database_end_no_look(migrated):
    timeouts = {"statement_timeout": 10, "transaction_timeout": 50}
    for (name,) in migrated.rows("SELECT name FROM pg_settings WHERE name = ANY (%s)", list(timeouts)):
        migrated.execute(f'ALTER DATABASE "{migrated.name}" SET {name} = {timeouts[name]}')

    result = migrated.run("diagnose", "--format", "json")

    assert result.code == 0, result.said


@pytest.mark.parametrize(
    ("catalog", "said"), [("pg_namespace", "has locked a catalog of this database"), ("pg_class", "Could not connect")]
)
def test_a_locked_catalog_is_no_reason_to_wait(migrated, catalog, said):
    with migrated.session(f"LOCK TABLE {catalog}"):
        began = time.monotonic()
        result = migrated.run("diagnose")

    assert (result.code, said in result.err) == (2, True), result.said
    assert time.monotonic() - began < 20


def test_a_session_of_the_caller_gets_its_timeouts_back(migrated, in_process):
    from django.db import connection

    from migrations_safety.recovery.diagnosis import diagnosis

    in_process(migrated)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        before = cursor.fetchone()
        diagnosis.run(using="default")
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")

        assert cursor.fetchone() == before


def test_a_server_without_a_free_connection_is_told_with_what_helps(migrated, new_role):
    role = new_role()
    migrated.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 0')

    result = migrated.run("diagnose", url=migrated.server.url(migrated.name, user=role))

    assert (result.code, "End sessions that nobody needs" in result.err) == (2, True), result.said
