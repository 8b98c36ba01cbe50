"""`rollback_migrations` in any project: what it refuses, what it drops one by one, and what it finds out too late."""

import json

import psycopg
import pytest
from django.core.management import call_command

from migrations_safety.management.errors import Refused
from tests.support.rollback import BED, FIRST, applied

NOTE = "migrations.AddField('Bed', 'note', models.TextField(null=True))"
STAFF = "migrations.CreateModel('Staff', [('id', models.BigAutoField(primary_key=True))])"
KEY = """migrations_safety.operations.AddForeignKeyNotValid('bed', migrations_safety.constraints.ForeignKeyConstraint(
    field='{name}', name='ward_bed_{name}_fkey', on_delete='RESTRICT'))"""
COLUMN = (
    "migrations.AddField('Bed', '{name}', models.ForeignKey('ward.Staff', models.DO_NOTHING, null=True, "
    "db_constraint=False, db_index=False))"
)


def roll_back(tmp_path, name="zero", **options):
    """The JSON of the report, whether it was refused or not."""
    file = tmp_path / "report.json"
    try:
        call_command("rollback_migrations", "ward", name, format="json", output=str(file), **options)
    except Refused as stopped:
        assert stopped.returncode == 1
    return json.loads(file.read_text())


def errors(told):
    return [(one["id"], one["subject"]) for one in told["findings"] if one["level"] == "error"]


@pytest.mark.parametrize("registered", [False, True])
def test_a_column_with_values_is_refused_whether_the_app_registered_or_not(ward, at, tmp_path, registered):
    ward.migration("0001_initial", BED)
    ward.migration("0002_note", NOTE, after=FIRST)
    with at(ward, registered=registered) as database:
        database.execute("INSERT INTO ward_bed (name, note) VALUES ('one', 'seen'), ('two', NULL)")

        refused = roll_back(tmp_path, "0001")
        database.execute("UPDATE ward_bed SET note = NULL")
        done = roll_back(tmp_path, "0001")

        assert errors(refused) == [("recovery.E001", 'ward_bed."note"')]
        assert refused["losses"] == [{"table": "ward_bed", "column": "note", "rows": 1, "cut_to": None}]
        assert done["verdict"] == "rolled back"
        assert applied(database) == ["0001_initial"]


def test_a_table_with_rows_is_refused_and_an_empty_one_dropped(ward, at, tmp_path):
    ward.migration("0001_initial", BED)
    with at(ward) as database:
        database.execute("INSERT INTO ward_bed (name) VALUES ('one')")

        refused = roll_back(tmp_path)
        database.execute("DELETE FROM ward_bed")
        done = roll_back(tmp_path)

        assert errors(refused) == [("recovery.E001", "ward_bed")]
        assert done["verdict"] == "rolled back"
        assert applied(database) == []


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("isolation", [None, psycopg.IsolationLevel.REPEATABLE_READ])
def test_rows_that_code_of_the_rollback_writes_are_found_in_the_transaction_that_drops(
    ward, at, tmp_path, atomic, isolation
):
    """The code stands for a session that writes after the first look."""
    ward.migration("0001_initial", BED, atomic=atomic)
    insert = "INSERT INTO ward_bed (name) VALUES ('late')"
    ward.migration("0002_code", f'migrations.RunSQL("SELECT 1", reverse_sql="{insert}")', after=FIRST)
    with at(ward) as database:
        from django.db import connection

        connection.connection.isolation_level = isolation

        told = roll_back(tmp_path)

        assert told["verdict"] == "stopped"
        assert errors(told) == [("recovery.E001", "ward_bed")]
        assert told["did"] == {"unapplied": ["ward.0002_code"]}
        assert database.value("SELECT name FROM ward_bed") == "late"
        assert applied(database) == ["0001_initial"]
        assert connection.connection.isolation_level == isolation


def test_keys_of_an_atomic_migration_are_dropped_one_by_one(ward, at, tmp_path):
    names = ("doctor", "nurse", "clerk")
    ward.migration("0001_initial", f"{BED}, {STAFF}, {', '.join(COLUMN.format(name=one) for one in names)}")
    ward.migration("0002_keys", ", ".join(KEY.format(name=one) for one in names), after=FIRST)
    with at(ward) as database:
        told = roll_back(tmp_path, "0001")

        assert sorted(one["name"] for one in told["keys"]) == [f"ward_bed_{one}_fkey" for one in sorted(names)]
        assert told["verdict"] == "rolled back"
        assert applied(database) == ["0001_initial"]
        assert database.value("SELECT count(*) FROM pg_constraint WHERE conname LIKE 'ward_bed_%_fkey'") == 0


def test_a_single_key_goes_with_its_migration(ward, at, tmp_path):
    ward.migration("0001_initial", f"{BED}, {STAFF}, {COLUMN.format(name='doctor')}")
    ward.migration("0002_keys", KEY.format(name="doctor"), after=FIRST)
    with at(ward) as database:
        told = roll_back(tmp_path, "0001")

        assert told["keys"] == []
        assert database.value("SELECT count(*) FROM pg_constraint WHERE conname LIKE 'ward_bed_%_fkey'") == 0


def test_an_operation_without_a_reverse_is_refused_before_anything_is_unapplied(ward, at, tmp_path):
    ward.migration("0001_initial", BED)
    ward.migration("0002_once", 'migrations.RunSQL("SELECT 1")', after=FIRST)
    ward.migration("0003_note", NOTE, after=("ward", "0002_once"))
    with at(ward) as database:
        told = roll_back(tmp_path)

        assert ("rollback.E001", "ward.0002_once") in errors(told)
        assert len(applied(database)) == 3


def test_a_column_with_its_key_is_kept_and_put_back(ward, at, tmp_path):
    key = [COLUMN.format(name=name) for name in ("head", "aide")] + [KEY.format(name=name) for name in ("head", "aide")]
    ward.migration("0001_initial", f"{BED}, {STAFF}")
    ward.migration("0002_staff", ", ".join(key), after=FIRST)
    with at(ward) as database:
        database.execute("INSERT INTO ward_staff DEFAULT VALUES")
        database.execute("INSERT INTO ward_bed (name, head_id) SELECT 'one', id FROM ward_staff")

        refused = roll_back(tmp_path, "0001")
        done = roll_back(tmp_path, "0001", keep_dropped=True)
        columns = database.rows("SELECT attname FROM pg_attribute WHERE attrelid = 'ward_bed'::regclass AND attnum > 0")
        call_command("restore_dropped")

        assert errors(refused) == [("recovery.E001", 'ward_bed."head_id"')]
        assert "rollback_migrations ward 0001 --keep-dropped" in refused["findings"][0]["hint"]
        assert (done["verdict"], len(done["keys"])) == ("rolled back", 2)
        assert {one["column"] for one in done["kept"]} == {"head_id", "aide_id"}
        assert ("head_id",) not in columns
        assert database.value("SELECT count(head_id) FROM ward_bed") == 1
        keys = database.rows("SELECT conname FROM pg_constraint WHERE contype = 'f' ORDER BY conname")
        assert keys == [("ward_bed_aide_fkey",), ("ward_bed_head_fkey",)]
