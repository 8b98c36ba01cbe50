"""What the process of a rehearsal refuses to send, and where it refuses to connect."""

from typing import Any

import pytest

from migrations_safety.recovery.rehearsal.guard import GuardedConnect, NotOnTheCopy, ReachesOutside, refuse_outside


@pytest.mark.parametrize("query", [
    "ALTER DATABASE hospital SET timezone = 'UTC'", "alter  role app NOSUPERUSER", "CREATE USER reporting",
    "DROP DATABASE hospital", "ALTER SYSTEM SET fsync = off", "-- harmless\nDROP /* x */ TABLESPACE slow",
    "DO $$ BEGIN EXECUTE 'ALTER DATABASE hospital SET timezone = 0'; END $$", "COMMENT ON DATABASE hospital IS 'x'",
    "REASSIGN OWNED BY app TO other", "SELECT 1; DROP ROLE app", "GRANT reader TO app",
    "REVOKE CONNECT ON DATABASE h FROM a",
    """SELECT 1 AS "it's"; ALTER ROLE app SUPERUSER; SELECT 'x'""", "SELECT $$it's$$; DROP ROLE app; SELECT 'x'",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity", "DO $$ BEGIN PERFORM pg_reload_conf(); END $$",
    "SELECT pg_catalog.pg_cancel_backend (pid) FROM pg_locks", "SELECT pg_drop_replication_slot('standby')",
    r"SELECT E'\''; ALTER ROLE app SUPERUSER; --'", "DO $$ BEGIN IF true THEN GRANT reader TO app; END IF; END $$",
])  # fmt: skip
def test_what_all_databases_of_a_server_share_is_refused_beside_others(query):
    with pytest.raises(ReachesOutside):
        refuse_outside(query, is_shared=True)

    refuse_outside(query, is_shared=False)  # on a server of its own it may run


@pytest.mark.parametrize("query", [
    "COPY bills TO PROGRAM 'mail'", "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p",
    "CREATE EXTENSION IF NOT EXISTS dblink", "CREATE SERVER other FOREIGN DATA WRAPPER w",
    "CREATE EXTENSION postgres_fdw", "DO $$ BEGIN EXECUTE 'COPY t TO PROGRAM ''mail'''; END $$",
    '''SELECT 1 AS "it's"; COPY bills FROM PROGRAM 'mail' ''', "COPY bills TO PROGRAM $$mail$$",
])  # fmt: skip
@pytest.mark.parametrize("is_shared", [True, False])
def test_what_reaches_other_servers_is_refused_everywhere(query, is_shared):
    with pytest.raises(ReachesOutside):
        refuse_outside(query, is_shared=is_shared)


@pytest.mark.parametrize("query", [
    "INSERT INTO notes VALUES ('please ALTER DATABASE hospital')", "CREATE TABLE role (id int)",
    "ALTER TABLE users ADD COLUMN role text", "CREATE USER MAPPING FOR app SERVER s", "COMMENT ON TABLE users IS 'x'",
    "COPY program (name) FROM STDIN", "COPY (SELECT * FROM program e) TO STDOUT", "UPDATE t SET copy = program",
    "SELECT pg_cancel_backend($1)", "INSERT INTO notes VALUES ('pg_reload_conf()')",
    "CREATE FUNCTION ends() RETURNS bool LANGUAGE sql AS $$ SELECT pg_terminate_backend(1) $$",
    "ALTER TABLE users DROP role", "GRANT SELECT ON users TO app", "ALTER TABLE users ADD grant_to text",
])  # fmt: skip
def test_ordinary_statements_pass(query):
    refuse_outside(query, is_shared=True)


@pytest.mark.parametrize("conninfo", [
    "dbname=hospital host=/run port=5432", "dbname=copy host=other port=5432", "dbname=copy host=/run port=1", "",
    "dbname=copy host=/run port=5432 service=hospital",
])  # fmt: skip
def test_no_other_database_is_connected_to(conninfo):
    asked: list[Any] = []
    connect = GuardedConnect(asked.append, name="copy", host="/run", port="5432")

    with pytest.raises(NotOnTheCopy):
        connect(conninfo)

    assert asked == []
    connect("dbname=copy host=/run port=5432")
    assert len(asked) == 1
