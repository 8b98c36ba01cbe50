"""What a restore test brings back, what it names as left out, and keys that hide orphans."""

import pytest

from migrations_safety.backup.manifest import Proof
from tests.support.backups import backup, manifest_in

pytestmark = pytest.mark.slow

ORPHANS = """
CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent);
SET session_replication_role = replica;
INSERT INTO child VALUES (471129384), (471129385);
RESET session_replication_role
"""


def test_a_valid_key_with_orphans_fails_the_trial(empty, tmp_path):
    empty.execute(ORPHANS)

    done = backup(empty, tmp_path, "--format", "json")

    found = [(one["id"], one["subject"]) for one in done.json["findings"]]
    assert (done.code, found) == (1, [("backup.E001", "foreign key child_id_fkey")])
    assert "471129384" not in done.said
    assert manifest_in(tmp_path).proof is Proof.READ
    assert manifest_in(tmp_path).not_restored == ("foreign key child_id_fkey",)


def test_a_key_that_is_not_valid_is_no_obstacle(empty, tmp_path):
    empty.execute("CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int); INSERT INTO child VALUES (1)")
    empty.execute("ALTER TABLE child ADD FOREIGN KEY (id) REFERENCES parent NOT VALID")

    assert backup(empty, tmp_path).code == 0
    assert manifest_in(tmp_path).proof is Proof.COMPARED


def test_objects_of_many_kinds_come_back_as_they_were(empty, tmp_path):
    empty.execute("""
        CREATE SCHEMA "Odd one"; CREATE EXTENSION IF NOT EXISTS plpgsql;
        CREATE TYPE "Odd one".colour AS ENUM ('red', 'it''s');
        CREATE TABLE "Odd one"."a.b" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, c "Odd one".colour,
            s varchar(9) CHECK (s IN ('a', 'b')), twice int GENERATED ALWAYS AS (length(s) * 2) STORED,
            UNIQUE NULLS NOT DISTINCT (s));
        INSERT INTO "Odd one"."a.b" (c, s) VALUES ('red', 'a'), ('it''s', NULL);
        CREATE FUNCTION low(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(t)';
        CREATE INDEX ON "Odd one"."a.b" (low(s));
        CREATE TABLE left_one (id int PRIMARY KEY); CREATE TABLE right_one (id int PRIMARY KEY REFERENCES left_one);
        ALTER TABLE left_one ADD FOREIGN KEY (id) REFERENCES right_one DEFERRABLE INITIALLY DEFERRED;
        CREATE TABLE parts (id int, told text) PARTITION BY RANGE (id);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1, 'x');
        CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM parts;
        CREATE UNLOGGED TABLE light AS SELECT 1 AS one; SELECT lo_from_bytea(0, 'large object');
        CREATE POLICY own ON parts USING (true); ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
    """)

    done = backup(empty, tmp_path)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED, done.said
    counted = {(one.schema, one.table): one.rows for one in manifest_in(tmp_path).tables}
    assert counted["Odd one", "a.b"] == 2
    assert counted["public", "parts_1"] == 1


def test_what_reaches_other_servers_is_left_out_of_the_trial_and_named(empty, tmp_path):
    empty.execute("""
        CREATE TABLE told (id int PRIMARY KEY); CREATE PUBLICATION sent FOR TABLE told;
        CREATE SUBSCRIPTION got CONNECTION 'host=127.0.0.1 port=1 password=hush' PUBLICATION sent
            WITH (connect = false, slot_name = NONE);
        CREATE FUNCTION noticed() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER notices ON ddl_command_end EXECUTE FUNCTION noticed();
        COMMENT ON EVENT TRIGGER notices IS 'any'; COMMENT ON PUBLICATION sent IS 'any';
    """)
    try:
        done = backup(empty, tmp_path)
    finally:
        empty.execute("DROP SUBSCRIPTION got")

    assert done.code == 0, done.said
    named = " ".join(manifest_in(tmp_path).not_restored)
    assert "PUBLICATION sent" in named
    assert "SUBSCRIPTION got" in named
    assert "EVENT TRIGGER notices" in named
    assert "hush" not in done.said
