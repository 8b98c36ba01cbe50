"""A kept column stands in nobody's way: whoever leaves it out goes on, and whatever would not is refused before."""

import threading
import time

import psycopg
import pytest

from migrations_safety.management.errors import Stopped
from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.in_process import installed, migrate
from tests.support.kept_ward import BED, NEXT, ROWS, ZERO, ids, restore
from tests.support.sample_app import SampleApp

KEPT = "migrations_safety_kept_1_note"


@pytest.fixture
def ward(tmp_path, empty, in_process):
    """`ward(sql)` runs the SQL, then the migration that keeps the column `note`; `ward.app` has the migrations."""
    app = SampleApp(tmp_path)
    app.migration(ZERO, BED)
    app.migration(NEXT, 'migrations.RemoveField("Bed", "note")', after=("ward", ZERO))
    in_process(empty)
    with installed(app):
        migrate("ward", ZERO)
        empty.execute(ROWS)

        def keep(sql=""):
            if sql:
                empty.execute(sql)
            migrate("ward", keep_dropped=True, skip_precheck=True)
            return empty

        yield keep


IN_THE_WAY = {
    "a generated column": (
        "ALTER TABLE ward_bed ADD COLUMN length integer GENERATED ALWAYS AS (length(note)) STORED", "column length",
    ),
    "a trigger on the column": (
        """CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
           CREATE TRIGGER t BEFORE UPDATE OF note ON ward_bed FOR EACH ROW EXECUTE FUNCTION f()""", "trigger t",
    ),
    "a policy": ("CREATE POLICY p ON ward_bed USING (note <> 'x')", "policy p"),
    "a view of all columns": ("CREATE VIEW v AS SELECT * FROM ward_bed", "view v"),
    "a publication with the column": ("CREATE PUBLICATION p FOR TABLE ward_bed (id, note)", "publication p"),
    "a domain that takes no NULL": (
        "CREATE DOMAIN told AS text NOT NULL; ALTER TABLE ward_bed ALTER note TYPE told", "domain told",
    ),
    "a domain with a check of NULL": (
        """CREATE DOMAIN told AS text CHECK (VALUE IS NOT NULL); ALTER TABLE ward_bed ALTER note TYPE told""",
        "domain told",
    ),
    "the replica identity": (
        """CREATE UNIQUE INDEX i ON ward_bed (note); ALTER TABLE ward_bed ALTER note SET NOT NULL;
           ALTER TABLE ward_bed REPLICA IDENTITY USING INDEX i""", "replica identity, index i",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_would_be_in_the_way_is_refused(ward, empty, what):
    sql, name = IN_THE_WAY[what]
    with pytest.raises(Stopped, match=rf"recovery.E050.*{name}"):
        ward(sql)

    assert empty.value("SELECT count(note) FROM ward_bed") == 10


BESIDE = {
    "a publication without the column": "CREATE PUBLICATION p FOR TABLE ward_bed (id, name)",
    "a domain that takes NULL": """
        CREATE DOMAIN told AS text CHECK (VALUE <> 'x'); ALTER TABLE ward_bed ALTER note TYPE told""",
    "a function with the row type": """
        CREATE FUNCTION names(b ward_bed) RETURNS text LANGUAGE sql AS 'SELECT b.name'""",
    "extended statistics": "CREATE STATISTICS s ON name, note FROM ward_bed",
    "full replica identity": "ALTER TABLE ward_bed REPLICA IDENTITY FULL",
}


@pytest.mark.parametrize("what", BESIDE)
def test_what_is_not_in_the_way_is_not_refused_and_all_comes_back(ward, empty, what):
    empty.execute(BESIDE[what])
    before, beds = catalog_snapshot(empty), empty.rows("SELECT b::text FROM ward_bed b ORDER BY id")

    ward()
    empty.execute("INSERT INTO ward_bed (name) VALUES ('new'); DELETE FROM ward_bed WHERE name = 'new'")
    report = restore()

    assert (report.verdict, ids(report)) == ("restored", [])
    assert (catalog_snapshot(empty), empty.rows("SELECT b::text FROM ward_bed b ORDER BY id")) == (before, beds)


def test_tables_that_inherit_the_column_may_leave_it_out_too(ward, empty):
    database = ward("""
        CREATE TABLE ward_cot (rocks boolean) INHERITS (ward_bed);
        ALTER TABLE ward_cot ALTER note SET DEFAULT 'mine', ALTER note SET NOT NULL;
        CREATE UNIQUE INDEX cot_note ON ward_cot (note);
        INSERT INTO ward_cot (id, name, note, n) SELECT id + 100, name, note, n FROM ward_bed
    """)

    database.execute("INSERT INTO ward_cot (id, name) VALUES (300, 'a'), (301, 'b')")

    assert database.value(f"SELECT count({KEPT}) FROM ward_cot") == 10
    assert database.value(f"SELECT count(*) FROM ward_bed WHERE {KEPT} IS NOT NULL") == 20


def test_sessions_with_prepared_statements_and_copy_go_on(ward, empty):
    """One that names its columns never notices; PostgreSQL plans its statements again."""
    with psycopg.connect(empty.url, autocommit=True, prepare_threshold=0) as session:
        insert, select = "INSERT INTO ward_bed (name, n) VALUES (%s, %s)", "SELECT id, name, n FROM ward_bed LIMIT 1"
        empty.execute("ALTER TABLE ward_bed ALTER note DROP NOT NULL")
        session.execute(insert, ["before", 1])
        names = session.execute(select).fetchall()

        ward()

        session.execute(insert, ["after", 2])
        assert session.execute(select).fetchall() == names
        with session.cursor().copy("COPY ward_bed (name, n) FROM STDIN") as copy:
            copy.write_row(["copied", 3])
    assert empty.value(f"SELECT count(*) FROM ward_bed WHERE {KEPT} IS NULL") == 3


LEFT_BY_A_KILL = """
    CREATE FUNCTION migrations_safety_kept.carry_over_1() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.migrations_safety_kept_1_note := NEW.note;
        RETURN NEW;
    END $$;
    CREATE TRIGGER zz_migrations_safety_kept_1 BEFORE INSERT OR UPDATE ON ward_bed
    FOR EACH ROW EXECUTE FUNCTION migrations_safety_kept.carry_over_1()
"""


def test_a_trigger_that_a_killed_restore_has_left_ends_when_the_column_is_kept_again(ward, empty):
    database = ward()
    migrate("ward", ZERO, skip_precheck=True)
    database.execute(LEFT_BY_A_KILL)
    database.execute("UPDATE ward_bed SET note = 'newer' WHERE id = 3")

    ward()
    database.execute("INSERT INTO ward_bed (name) VALUES ('new'); UPDATE ward_bed SET n = 1")

    assert database.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zz%'") == 0
    assert database.value("SELECT count(*) FROM ward_bed WHERE migrations_safety_kept_2_note = 'newer'") == 1


def test_writers_go_on_where_a_killed_restore_has_left_its_trigger_and_the_column_is_dropped(ward, empty):
    """The trigger itself, as restore_dropped makes it, survives a plain DROP COLUMN."""
    database = ward()
    migrate("ward", ZERO, skip_precheck=True)
    killed_in_the_middle(database)
    database.execute("ALTER TABLE ward_bed DROP COLUMN note")

    database.execute("INSERT INTO ward_bed (name) VALUES ('new'); UPDATE ward_bed SET n = 1")

    assert database.value(f"SELECT count({KEPT}) FROM ward_bed") == 10


def killed_in_the_middle(database):
    """Restore until the trigger is there, and end the session then."""
    with (
        database.session("SELECT FROM ward_bed WHERE id = 5 FOR UPDATE"),
        database.start("restore_dropped", "--max-stall", "0") as running,
    ):
        database.wait_for("SELECT count(*) > 0 FROM pg_trigger WHERE tgname LIKE 'zz_migrations%'")
        running.kill()
        running.wait()
    deadline = time.monotonic() + 10
    while database.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE ONLY%' AND state = 'active'"):
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_what_replication_writes_while_a_column_is_put_back_is_carried_over(ward, empty):
    database = ward()
    migrate("ward", ZERO, skip_precheck=True)
    with (
        database.session("SELECT FROM ward_bed") as reader,  # the column cannot get its name back
        database.start("restore_dropped", "--max-stall", "0") as running,
    ):
        database.wait_for("SELECT count(*) > 0 FROM ward_bed WHERE migrations_safety_kept_1_note = 'note 1'")
        database.wait_for("SELECT count(*) > 0 FROM pg_trigger WHERE tgname LIKE 'zz_migrations%'")
        database.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE%'")
        database.execute("SET session_replication_role = replica; UPDATE ward_bed SET note = 'late' WHERE id = 3")
        database.execute("RESET session_replication_role")
        reader.rollback()
        assert running.wait() == 0

    assert database.value("SELECT note FROM ward_bed WHERE id = 3") == "late"


def test_values_that_nobody_can_tell_apart_are_named(ward, empty):
    ward()
    empty.execute("ALTER TABLE ward_bed ADD COLUMN note text NOT NULL DEFAULT 'none'")
    empty.execute("VACUUM FULL ward_bed")

    report = restore()

    assert "recovery.E057" in ids(report)
    assert empty.value("SELECT count(*) FROM ward_bed WHERE note LIKE 'note %'") == 10
