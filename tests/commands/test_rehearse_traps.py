"""What a copy must have, what it must not have, and what is said where it lacks something."""

import pytest

from tests.support.cluster import Database
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.slow

OBJECTS = """
CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO numbered SELECT FROM generate_series(1, 5);
CREATE SEQUENCE lone; SELECT nextval('lone'), nextval('lone');
CREATE UNLOGGED TABLE unlogged AS SELECT 1 AS n;
SELECT lo_from_bytea(0, 'a letter');
CREATE TABLE ring_a (id int PRIMARY KEY, b int);
CREATE TABLE ring_b (id int PRIMARY KEY, a int REFERENCES ring_a);
INSERT INTO ring_a VALUES (1, 1); INSERT INTO ring_b VALUES (1, 1);
ALTER TABLE ring_a ADD CONSTRAINT ring FOREIGN KEY (b) REFERENCES ring_b;
CREATE TABLE orphans (a int); INSERT INTO orphans VALUES (99);
ALTER TABLE orphans ADD CONSTRAINT not_valid FOREIGN KEY (a) REFERENCES ring_a NOT VALID;
CREATE TABLE loaded (a int CONSTRAINT violated REFERENCES ring_a);
SET session_replication_role = replica; INSERT INTO loaded VALUES (98); RESET session_replication_role;
CREATE TABLE zoo (z int); INSERT INTO zoo VALUES (1);
CREATE FUNCTION in_zoo(n int) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.zoo WHERE z = n)';
CREATE TABLE animals (a int CHECK (in_zoo(a))); INSERT INTO animals VALUES (1);
CREATE FUNCTION act() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER acting ON ddl_command_end EXECUTE FUNCTION act();
CREATE PUBLICATION changes FOR TABLE zoo; COMMENT ON PUBLICATION changes IS 'of the zoo';
CREATE TABLE guarded (n int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
"""
FOREIGN = """
CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1');
CREATE FOREIGN TABLE far_away (n int) SERVER far;
"""
ON_THE_COPY = {
    "SELECT last_value FROM lone": 2,
    "SELECT last_value FROM numbered_id_seq": 5,
    "SELECT sum(twice) FROM numbered": 30,
    "SELECT count(*) FROM unlogged": 1,
    "SELECT count(*) FROM pg_largeobject_metadata": 1,
    "SELECT convalidated FROM pg_constraint WHERE conname = 'not_valid'": False,
    "SELECT convalidated FROM pg_constraint WHERE conname = 'ring'": True,
    "SELECT count(*) FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database "
    "WHERE datname = current_database())": 0,
    "SELECT count(*) FROM pg_publication": 0,
    "SELECT count(*) FROM pg_event_trigger": 0,
    "SELECT count(*) FROM pg_foreign_server": 0,
    "SELECT count(*) FROM pg_class WHERE relkind = 'f'": 0,
    "SELECT current_setting('statement_timeout') || current_setting('my.app') || current_setting('DateStyle')":
        "45sa=bSQL, DMY",
}  # fmt: skip


def test_a_copy_has_all_that_does_not_act_and_what_it_lacks_is_said(empty, new_role, tmp_path):
    reader, has_foreign = new_role(), empty.value("SELECT count(*) FROM pg_available_extensions WHERE name ~ '_fdw$'")
    set_traps(empty, reader)
    if has_foreign:
        empty.execute(FOREIGN)
    ward = SampleApp(tmp_path)
    ward.migration("0001_initial", f"migrations.RunSQL('GRANT SELECT ON zoo TO \"{reader}\"', 'SELECT 1')")
    url = empty.server.url("postgres")
    words = ("rehearse", "ward", "--writers", "0", "--keep", "--scratch-url", url, "--format", "json")

    result = empty.run(*words, **ward.variables)

    try:
        kept = Database(empty.server, result.json["copy"]["kept"])
        assert {query: kept.value(query.replace("%", "%%")) for query in ON_THE_COPY} == ON_THE_COPY
        kept.close()
        kept_name = kept.name
        empty.execute(f'DROP DATABASE "{kept_name}"')
    finally:
        empty.execute("ALTER SUBSCRIPTION inflow SET (slot_name = NONE); DROP SUBSCRIPTION inflow")
    found = {(one["id"], one["subject"]) for one in result.json["findings"]}
    expected = {
        ("rehearsal.E021", "the table animals"),
        ("rehearsal.W001", "the object FK CONSTRAINT loaded violated"),
        ("rehearsal.I001", "the object EVENT TRIGGER acting"),
        ("rehearsal.I001", "the object PUBLICATION changes"),
        ("rehearsal.I001", "the object SUBSCRIPTION inflow"),
    }
    if has_foreign:
        expected |= {
            ("rehearsal.I001", "the object SERVER far"),
            ("rehearsal.I001", "the object EXTENSION postgres_fdw"),
        }
    assert expected <= found
    assert not [subject for _, subject in found if "COMMENT" in subject]
    assert result.code == 1 and [step["exit_code"] for step in result.json["steps"]] == [0, 0, 0], result.said


def set_traps(database, reader):
    """Objects that act, rows and settings that a restore may lose; some belong to the role `reader`."""
    database.execute(OBJECTS)
    database.execute(f'ALTER TABLE loaded OWNER TO "{reader}"')
    database.execute(f'CREATE POLICY seen ON guarded TO "{reader}" USING (true)')
    inflow = "CREATE SUBSCRIPTION inflow CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)"
    database.execute(inflow)
    for setting in ("statement_timeout = '45s'", "my.app = 'a=b'", "DateStyle = 'SQL, DMY'"):
        database.execute(f'ALTER DATABASE "{database.name}" SET {setting}')


def test_a_copy_is_not_kept_on_a_server_that_ends_with_the_rehearsal(hospital):
    result = hospital.run("rehearse", "--keep")

    assert result.code == 2 and "no copy can be kept on a server that is started for it" in result.said, result.said
    assert "--scratch-url URL" in result.said
