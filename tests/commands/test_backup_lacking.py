"""What the server of a restore test cannot have is named, all else is restored, and the level says no more."""

import os

import pytest

from migrations_safety.backup.manifest import Proof
from tests.support.backups import VERSION, backup, ids, manifest_in

pytestmark = pytest.mark.slow

JOBS = """
CREATE SCHEMA jobs; CREATE TABLE jobs.job (id int, what text); SELECT pg_extension_config_dump('jobs.job', '');
CREATE FUNCTION jobs.due(n int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT n > 0';
"""
REACHES = """
CREATE FUNCTION reach(n int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    IF current_database() LIKE 'confidential%' THEN
        BEGIN
            COPY (SELECT 1) TO PROGRAM 'touch {file}';
            RAISE 'it runs programs';
        EXCEPTION WHEN insufficient_privilege THEN RETURN true;
        END;
    END IF;
    RETURN true;
END $$;
CREATE TABLE told (n int CHECK (reach(n))); INSERT INTO told VALUES (1), (2)
"""


@pytest.fixture
def jobs(empty, open_folder):
    """A database with an extension that schedules jobs, which only its own server can have."""
    if VERSION < 18:
        pytest.skip("an extension of a test needs a folder of its own for extensions")
    (open_folder / "extension").mkdir(mode=0o755)
    (open_folder / "extension" / "jobs.control").write_text("default_version = '1.0'\nrelocatable = false\n")
    (open_folder / "extension" / "jobs--1.0.sql").write_text(JOBS)
    empty.execute(f"SET extension_control_path = '{open_folder}:$system'; CREATE EXTENSION jobs")
    empty.execute("INSERT INTO jobs.job VALUES (1, 'vacuum'); CREATE TABLE told AS SELECT 1 AS one")
    return empty


def test_rows_and_views_of_an_extension_that_cannot_be_made_are_named(jobs, tmp_path):
    jobs.execute("CREATE VIEW due AS SELECT * FROM jobs.job WHERE jobs.due(id); CREATE VIEW all_due AS TABLE due")

    done = backup(jobs, tmp_path)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.RESTORED
    assert set(manifest_in(tmp_path).not_restored) == {
        "TABLE DATA jobs job", "VIEW public due", "VIEW public all_due", "EXTENSION jobs",
    }  # fmt: skip


def test_a_table_that_needs_such_an_extension_lowers_the_level(jobs, tmp_path):
    jobs.execute("CREATE TABLE shift (n int CHECK (jobs.due(n)), m int); CREATE INDEX ON shift (m)")
    jobs.execute("INSERT INTO shift VALUES (1, 2); CREATE INDEX ON told (jobs.due(one))")

    done = backup(jobs, tmp_path / "x", "--format", "json")
    asked = backup(jobs, tmp_path / "y", "--format", "json", "--restore-test")

    assert (done.code, ids(done), manifest_in(tmp_path / "x").proof) == (0, ["backup.W001"], Proof.READ), done.said
    assert (asked.code, ids(asked)) == (1, ["backup.E005"])
    assert "the tables public.shift, public.told with" in done.json["why_not_restored"]
    lacking = set(manifest_in(tmp_path / "x").not_restored)
    assert {"TABLE public shift", "TABLE DATA public shift", "INDEX public shift_m_idx"} <= lacking
    assert "INDEX public told_due_idx" in lacking
    assert not any("public told" in one for one in lacking - {"INDEX public told_due_idx"})


def test_a_role_that_a_server_of_the_caller_lacks(empty, make, standalone, tmp_path, new_role):
    empty.execute(f'CREATE TABLE told AS SELECT 1 AS one; CREATE POLICY own ON told TO "{new_role()}" USING (true)')
    empty.execute("ALTER TABLE told ENABLE ROW LEVEL SECURITY")

    done = backup(empty, tmp_path, "--scratch-url", standalone.url())

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.RESTORED
    assert manifest_in(tmp_path).not_restored == ("POLICY public told own",)


def test_code_of_the_database_is_no_superuser_where_it_is_restored(empty, tmp_path, new_role):
    empty.execute(REACHES.format(file=tmp_path / "touched").encode())
    empty.execute(f"""
        CREATE TABLE closed AS SELECT 1 AS one; CREATE POLICY own ON closed TO "{new_role()}" USING (false);
        ALTER TABLE closed ENABLE ROW LEVEL SECURITY; ALTER TABLE closed FORCE ROW LEVEL SECURITY;
        CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM closed;
    """)

    done = backup(empty, tmp_path)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert not os.path.lexists(tmp_path / "touched")


def test_what_only_a_superuser_may_make_is_named_there(empty, tmp_path):
    empty.execute("""
        CREATE FUNCTION plus(int, int) RETURNS int STRICT IMMUTABLE LANGUAGE internal AS 'int4pl';
        CREATE FUNCTION quiet(int) RETURNS int LEAKPROOF IMMUTABLE LANGUAGE sql AS 'SELECT $1';
        CREATE VIEW sums AS SELECT plus(1, 2); CREATE TABLE told AS SELECT 1 AS one;
        CREATE FUNCTION limited() RETURNS int LANGUAGE sql SET log_statement = 'all' AS 'SELECT 1';
    """)

    done = backup(empty, tmp_path)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.RESTORED
    assert set(manifest_in(tmp_path).not_restored) == {
        "FUNCTION public plus(integer, integer)", "FUNCTION public quiet(integer)", "VIEW public sums",
        "FUNCTION public limited()",
    }  # fmt: skip


def test_a_view_of_a_foreign_table_is_named(empty, tmp_path):
    empty.execute("""
        CREATE FOREIGN DATA WRAPPER far; CREATE SERVER there FOREIGN DATA WRAPPER far;
        CREATE FOREIGN TABLE away (n int) SERVER there; CREATE VIEW seen AS SELECT n FROM away;
        CREATE FUNCTION of_seen(seen) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE told AS SELECT 1 AS one;
    """)

    done = backup(empty, tmp_path)

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.RESTORED
    assert {"VIEW public seen", "FUNCTION public of_seen(public.seen)"} < set(manifest_in(tmp_path).not_restored)
    assert not any("told" in one for one in manifest_in(tmp_path).not_restored)
