"""`restore_dropped` names what stands in the place of one thing, and puts the others back."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.in_process import installed, migrate
from tests.support.kept_ward import BED, NEXT, ROWS, ZERO, dropping, ids, restore
from tests.support.sample_app import SampleApp


@pytest.fixture
def keep(tmp_path, empty, in_process):
    """`keep(sql, *drops)` runs the SQL, and then a migration that sends these drops."""
    with dropping(tmp_path, empty, in_process) as drop:
        empty.execute(ROWS)

        def kept(sql, *drops):
            empty.execute(sql)
            drop(*drops)

        yield kept


def test_a_schema_that_is_gone_and_names_that_are_taken(keep, empty):
    keep(
        """CREATE SCHEMA o; CREATE TABLE o.t (id serial); CREATE TABLE t (id serial PRIMARY KEY);
           INSERT INTO t VALUES (1); CREATE TABLE u (id serial PRIMARY KEY); CREATE TABLE w (id serial, c int);
           INSERT INTO w VALUES (1, 2)""",
        "DROP TABLE o.t", "DROP TABLE t", "DROP TABLE u", "ALTER TABLE w DROP COLUMN id", "ALTER TABLE w DROP COLUMN c",
    )  # fmt: skip
    empty.execute("""
        DROP SCHEMA o; CREATE VIEW t AS SELECT 1 AS id; CREATE TABLE other (a int); CREATE INDEX u_pkey ON other (a);
        CREATE SEQUENCE w_id_seq
    """)

    report = restore()

    assert {one.subject: one.id for one in report.findings} == {
        "o.t": "recovery.E053", "t": "recovery.E053", "u": "recovery.E053", 'w."id"': "recovery.E055",
    }  # fmt: skip
    assert "its schema is gone" in next(one.message for one in report.findings if one.subject == "o.t")
    assert empty.rows("SELECT id, c FROM w") == [(1, 2)]
    empty.execute("CREATE SCHEMA o; DROP VIEW t; DROP INDEX u_pkey; INSERT INTO w (c) VALUES (3)")
    assert restore().verdict == "restored"
    assert empty.rows("SELECT id FROM t") == [(1,)]


def test_a_column_whose_table_was_kept_afterwards_waits_for_its_table(keep, empty):
    keep("SELECT 1", "ALTER TABLE ward_bed DROP COLUMN note", "DROP TABLE ward_bed")

    alone, both = restore(1), restore()

    assert (alone.verdict, ids(alone), both.verdict) == ("refused", ["recovery.E053"], "restored")
    assert "its table is kept, too" in alone.findings[0].message
    assert empty.value("SELECT count(*) FROM ward_bed WHERE note LIKE 'note %'") == 10


@pytest.mark.parametrize("numbers", [(), (2, 1), (2,)])
def test_a_table_and_its_column_come_back_where_both_were_made_again(tmp_path, empty, in_process, numbers):
    """The release that goes back makes the table with the column that an earlier operation of it had dropped."""
    app = SampleApp(tmp_path)
    app.migration(ZERO, BED.replace("models.TextField(", 'models.TextField(db_index=True, db_default="q", '))
    drops = 'migrations.RemoveField("Bed", "note"), migrations.DeleteModel("Bed")'
    app.migration(NEXT, drops, after=("ward", ZERO))
    in_process(empty)
    with installed(app):
        migrate("ward", ZERO)
        empty.execute(ROWS)
        before, beds = catalog_snapshot(empty), empty.rows("SELECT id, name, note, n FROM ward_bed ORDER BY id")
        migrate("ward", keep_dropped=True, skip_precheck=True)
        migrate("ward", ZERO)

        report = restore(*numbers)
        assert empty.rows("SELECT id, name, note, n FROM ward_bed ORDER BY id") == beds
        if numbers == (2,):
            report = restore()

    assert (report.verdict, ids(report)) == ("restored", [])
    assert catalog_snapshot(empty) == before


def test_what_postgresql_18_knows_comes_back(keep, empty):
    if empty.connection.info.server_version < 180000:
        pytest.skip("constraints WITHOUT OVERLAPS, NOT ENFORCED, and named NOT NULL are of PostgreSQL 18")
    keep(
        """CREATE TABLE u (id int PRIMARY KEY);
           CREATE TABLE t (id int4range, r daterange, c int CONSTRAINT own NOT NULL, UNIQUE (id, r WITHOUT OVERLAPS),
               CHECK (c > 5) NOT ENFORCED, FOREIGN KEY (c) REFERENCES u NOT ENFORCED);
           INSERT INTO t VALUES ('[1,2)', '[2020-01-01,2021-01-01)', 1)""",
        "ALTER TABLE t DROP COLUMN r", "ALTER TABLE t DROP COLUMN c", "DROP TABLE u",
    )  # fmt: skip

    assert restore().verdict == "restored"
    assert empty.rows("SELECT conname FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1") == [
        ("own",), ("t_c_check",), ("t_c_fkey",), ("t_id_r_key",),
    ]  # fmt: skip
