"""`migrate --keep-dropped`: what a migration drops is kept with all rows, and stands in nobody's way."""

from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from migrations_safety.management.errors import Refused, Stopped
from tests.support.in_process import installed, migrate
from tests.support.sample_app import SampleApp

ZERO, NEXT = "0001_initial", "0002_drop"
MODELS = """
    migrations.CreateModel("Bed", [
        ("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20, unique=True)),
        ("note", models.TextField(db_index=True)), ("n", models.IntegerField(db_default=7)),
    ], options={"constraints": [models.CheckConstraint(condition=models.Q(n__gt=0), name="bed_n_positive")]}),
    migrations.CreateModel("Stay", [
        ("id", models.BigAutoField(primary_key=True)), ("bed", models.ForeignKey("ward.Bed", models.CASCADE)),
    ]),
"""
ROWS = """
    INSERT INTO ward_bed (name, note, n) SELECT 'bed ' || i, 'note ' || i, i FROM generate_series(1, 100) i;
    INSERT INTO ward_stay (bed_id) SELECT id FROM ward_bed
"""
KEPT = """
    SELECT number, kind, schema_name, table_name, column_name, kept_name, migration, run_id IS NOT NULL
    FROM migrations_safety_kept.record
"""


@dataclass(frozen=True)
class Ward:
    """`ward(operations)` keeps what a second migration drops; the database is there before, too."""

    keep: Any
    database: Any

    def __call__(self, *args, **options):
        return self.keep(*args, **options)


@pytest.fixture
def ward(tmp_path, empty, in_process):
    """A first migration applied, with rows."""
    app = SampleApp(tmp_path)
    app.migration(ZERO, MODELS)
    in_process(empty)
    with installed(app):
        migrate("ward")
        empty.execute(ROWS)

        def keep(operations, *, atomic=True, arguments=(), **options):
            app.migration(NEXT, operations, after=("ward", ZERO), atomic=atomic)
            options = {"keep_dropped": True, "skip_precheck": True} | options
            migrate("ward", *arguments, **options)
            return empty

        yield Ward(keep, empty)


@pytest.mark.parametrize("atomic", [True, False])
def test_a_table_is_moved_with_all_its_rows(ward, atomic):
    oid = ward.database.value("SELECT 'ward_stay'::regclass::oid::bigint")

    database = ward('migrations.DeleteModel("Stay")', atomic=atomic)

    assert database.value("SELECT to_regclass('ward_stay') IS NULL")
    assert database.value("SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = %s", oid) == (
        "migrations_safety_kept"
    )
    assert database.value("SELECT count(*) FROM migrations_safety_kept.migrations_safety_kept_1_ward_stay") == 100
    assert database.rows(KEPT) == [
        (1, "table", "public", "ward_stay", None, "migrations_safety_kept_1_ward_stay", "ward.0002_drop", True)
    ]


def test_parents_of_a_kept_table_may_be_deleted(ward):
    database = ward('migrations.DeleteModel("Stay")')

    database.execute("DELETE FROM ward_bed")

    assert database.value("SELECT count(*) FROM migrations_safety_kept.migrations_safety_kept_1_ward_stay") == 100


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("column", ["note", "name", "n", "id"])
def test_a_column_keeps_its_values_and_writers_may_leave_it_out(ward, column, atomic):
    before = ward.database.rows(f"SELECT {column}::text FROM ward_bed ORDER BY id")
    file = ward.database.value("SELECT pg_relation_filenode('ward_bed')")
    others = [one for one in ("name", "note", "n") if one != column]
    remove = f'migrations.RunSQL("ALTER TABLE ward_bed DROP COLUMN {column} CASCADE;")'
    if column != "id":
        remove = f'migrations.RemoveField("Bed", "{column}")'
        if column == "n":
            remove = 'migrations.RemoveConstraint("Bed", "bed_n_positive"), ' + remove

    database = ward(remove, atomic=atomic)

    kept = f"migrations_safety_kept_1_{column}"
    assert sorted(database.rows(f"SELECT {kept}::text FROM ward_bed")) == sorted(before)
    assert database.value("SELECT pg_relation_filenode('ward_bed')") == file
    values = {"name": "'new'", "note": "'new'", "n": "1"}
    statement = f"INSERT INTO ward_bed ({', '.join(others)}) VALUES ({', '.join(values[one] for one in others)})"
    if column == "name":
        database.execute(statement)
    database.execute(statement)
    assert database.value(f"SELECT count(*) FROM ward_bed WHERE {kept} IS NULL") == (2 if column == "name" else 1)


@pytest.mark.parametrize("atomic", [True, False])
def test_a_view_is_not_dropped_with_it(ward, atomic):
    ward.database.execute("CREATE VIEW notes AS SELECT note FROM ward_bed")

    with pytest.raises(Stopped, match=r"recovery.E050: .*ward_bed.\"note\".*view notes"):
        ward('migrations.RemoveField("Bed", "note")', atomic=atomic)

    assert ward.database.value("SELECT count(note) FROM notes") == 100
    assert ward.database.value("SELECT to_regclass('migrations_safety_kept.record') IS NULL")


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE ward_bed DROP COLUMN note, DROP COLUMN n;",
        "DROP TABLE ward_stay; DROP TABLE ward_bed;",
        "ALTER TABLE ward_bed ADD COLUMN m int, DROP note",
        "DROP SCHEMA public CASCADE",
    ],
)
def test_a_statement_that_does_more_than_drop_is_not_sent(ward, text):
    with pytest.raises(Stopped, match=r"recovery.E051: ward.0002_drop"):
        ward(f'migrations.RunSQL("{text}")')

    assert ward.database.value("SELECT count(note) FROM ward_bed") == 100


OUT_OF_SIGHT = {
    "a DO": "DO $$ BEGIN EXECUTE 'DROP TA' || 'BLE ward_stay'; END $$",
    "a function": "SELECT drops()",
    "a procedure": "CALL also_drops()",
}


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("what", OUT_OF_SIGHT)
def test_what_code_drops_out_of_sight_is_rolled_back(ward, what, atomic):
    ward.database.execute("""
        CREATE FUNCTION drops() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''DROP TA'' || ''BLE ward_stay''; END';
        CREATE PROCEDURE also_drops() LANGUAGE plpgsql AS 'BEGIN PERFORM drops(); END'
    """)

    with pytest.raises(Stopped, match=r"recovery.E052: ward.0002_drop has dropped the table ward_stay"):
        ward(f'migrations.RunSQL("{OUT_OF_SIGHT[what]}")', atomic=atomic)

    assert ward.database.value("SELECT count(*) FROM ward_stay") == 100


def test_the_gate_says_what_code_outside_of_a_transaction_may_drop(ward):
    code = 'migrations.RunPython(lambda apps, editor: None), migrations.RemoveField("Bed", "note")'
    database = ward(code, atomic=False, skip_precheck=False)

    assert database.value("SELECT count(*) FROM migrations_safety_kept.record") == 1


def test_the_way_back_keeps_too(ward):
    ward.database.execute("DELETE FROM ward_stay WHERE id > 50")

    database = ward("", arguments=("zero",))

    assert database.rows("SELECT table_name FROM migrations_safety_kept.record ORDER BY number") == [
        ("ward_stay",),
        ("ward_bed",),
    ]
    kept = "migrations_safety_kept.migrations_safety_kept_"
    assert database.value(f"SELECT count(*) FROM {kept}1_ward_stay") == 50
    assert database.value(f"SELECT count(*) FROM {kept}2_ward_bed") == 100


def test_a_table_may_be_dropped_and_made_again(ward):
    database = ward('migrations.DeleteModel("Stay"), ' + MODELS.split("),\n    migrations")[1].join(["migrations", ""]))

    assert database.value("SELECT count(*) FROM ward_stay") == 0
    assert database.value("SELECT count(*) FROM migrations_safety_kept.migrations_safety_kept_1_ward_stay") == 100


def test_nobody_but_the_owner_reads_a_kept_table(ward, new_role):
    role = new_role()
    ward.database.execute(f'GRANT SELECT ON ward_stay TO "{role}"')
    database = ward('migrations.DeleteModel("Stay")')

    with database.session(role=role) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
        other.execute("SELECT FROM migrations_safety_kept.migrations_safety_kept_1_ward_stay")


@pytest.mark.parametrize("operation", ['DeleteModel("Stay")', 'RemoveField("Bed", "note")'])
def test_the_gate_lets_pass_what_is_kept(ward, operation):
    with pytest.raises(Refused):
        app_migrate(ward, operation)

    database = ward(f"migrations.{operation}", skip_precheck=False)

    assert database.value("SELECT count(*) FROM migrations_safety_kept.record") == 1


def test_the_gate_names_what_stands_in_the_way(ward):
    ward.database.execute("CREATE VIEW notes AS SELECT note FROM ward_bed")

    with pytest.raises(Refused):
        ward('migrations.RemoveField("Bed", "note")', skip_precheck=False)

    assert ward.database.value("SELECT to_regclass('migrations_safety_kept.record') IS NULL")


def app_migrate(ward, operation):
    """Without `--keep-dropped`."""
    ward(f"migrations.{operation}", skip_precheck=False, keep_dropped=False)
