"""Every change of a definition changes the fingerprint, whoever reads it, and a change of rows does not."""

import psycopg
import pytest

from migrations_safety.postgresql.catalog_fingerprint import catalog_fingerprint, catalog_of_session

TABLES = """
    CREATE TYPE kind AS ENUM ('inside');
    CREATE TABLE wards (id bigint PRIMARY KEY, name varchar(20), beds integer DEFAULT 1 CHECK (beds > 0));
    CREATE TABLE beds (id bigint PRIMARY KEY, ward bigint REFERENCES wards);
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touch BEFORE UPDATE ON beds FOR EACH ROW EXECUTE FUNCTION touch();
"""
CHANGES = [
    "ALTER TABLE wards ADD COLUMN floor integer",
    "ALTER TABLE wards RENAME COLUMN name TO label",
    "ALTER TABLE wards ALTER COLUMN name TYPE varchar(30)",
    "ALTER TABLE wards ALTER COLUMN name SET NOT NULL",
    "ALTER TABLE wards ALTER COLUMN beds SET DEFAULT 2",
    "ALTER TABLE wards DROP CONSTRAINT wards_beds_check; ALTER TABLE wards ADD CHECK (beds > 1)",
    "ALTER TABLE beds DROP CONSTRAINT beds_ward_fkey; "
    "ALTER TABLE beds ADD FOREIGN KEY (ward) REFERENCES wards ON DELETE CASCADE",
    "CREATE INDEX ON beds (ward)",
    "ALTER TABLE beds DISABLE TRIGGER touch",
    "ALTER TYPE kind ADD VALUE 'outside'",
    "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "ALTER TABLE beds ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE beds SET UNLOGGED",
]


@pytest.fixture
def wards(empty, in_process):
    empty.execute(TABLES)
    return empty, in_process(empty)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_definition_shows(wards, change):
    database, connection = wards
    before = catalog_fingerprint(connection)

    database.execute(change)

    assert catalog_fingerprint(connection) != before


def test_rows_do_not_count_and_a_session_of_the_driver_reads_the_same(wards):
    database, connection = wards
    before = catalog_fingerprint(connection)

    database.execute("INSERT INTO wards VALUES (1, 'a', 2)")

    with psycopg.connect(database.url) as session:
        assert catalog_fingerprint(connection) == catalog_of_session(session) == before
