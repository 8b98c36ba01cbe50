"""Tables that the way back drops are found under their names of now, whatever made or renamed them."""

import pytest

from migrations_safety.management.errors import Stopped
from tests.support.in_process import installed
from tests.support.precheck_findings import told
from tests.support.rollback import BED, FIRST, TABLES, back, migrate, refused

RENAMED = {
    "RenameModel": ("migrations.RenameModel('Bed', 'Cot')", "ward_cot"),
    "AlterModelTable": ("migrations.AlterModelTable('Bed', 'ward_place')", "ward_place"),
    "twice": ("migrations.RenameModel('Bed', 'Cot'), migrations.AlterModelTable('Cot', 'ward_place')", "ward_place"),
    "for the database alone": (
        "migrations.SeparateDatabaseAndState(database_operations=[migrations.AlterModelTable('Bed', 'ward_place')],"
        " state_operations=[migrations.AlterModelTable('Bed', 'ward_place')])",
        "ward_place",
    ),
}


@pytest.mark.parametrize("how", RENAMED)
@pytest.mark.parametrize("registered", [True, False], ids=["registered", "of others"])
def test_a_table_that_was_renamed_since_it_was_made_is_found(ward, at, how, registered):
    operation, table = RENAMED[how]
    ward.migration("0001_initial", BED)
    ward.migration("0002_renamed", operation, after=FIRST)
    with at(ward, registered=registered) as database:
        database.execute(f"INSERT INTO {table} (name) VALUES ('one'), ('two')")

        found = back()

        if registered:
            assert told(found, "tables.E007") == [f"{table} holds 2 rows that the rollback would drop with the table."]
            assert refused("zero")
            assert database.value(f"SELECT count(*) FROM {table}") == 2
            migrate("zero", skip_precheck=True)
        else:
            assert told(found, "tables.W003") == [f"{table} holds 2 rows that the rollback drops with the table."]
            migrate("zero")
        assert database.rows(TABLES) == []


MANY = "models.ManyToManyField('ward.Bed', related_name='+')"
SHIFT = "migrations.CreateModel('Shift', [('id', models.BigAutoField(primary_key=True)){more}])"
OF_MANY_TO_MANY = {
    "made with its model": (
        SHIFT.format(more=f", ('beds', {MANY})"), "migrations.AlterModelOptions('Shift', {})", "zero",
    ),
    "made alone": (SHIFT.format(more=""), f"migrations.AddField('Shift', 'beds', {MANY})", "0001"),
    "renamed with its model": (
        SHIFT.format(more=f", ('beds', {MANY})"), "migrations.RenameModel('Shift', 'Turn')", "zero",
    ),
    "renamed with its field": (
        SHIFT.format(more=f", ('places', {MANY})"), "migrations.RenameField('Shift', 'places', 'beds')", "zero",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", OF_MANY_TO_MANY)
def test_the_table_of_a_many_to_many_field_is_found(ward, at, how):
    first, second, target = OF_MANY_TO_MANY[how]
    shift = "turn" if "Turn" in second else "shift"
    ward.migration("0001_initial", f"{BED}, {first}")
    ward.migration("0002_second", second, after=FIRST)
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_bed (name) VALUES ('one')")
        database.execute(f"INSERT INTO ward_{shift} DEFAULT VALUES")
        database.execute(f"INSERT INTO ward_{shift}_beds ({shift}_id, bed_id) VALUES (1, 1)")

        found = back(target)

        assert f"ward_{shift}_beds" in [one.subject for one in found["tables.E007"]]
        migrate(target, skip_precheck=True)
        assert f"ward_{shift}_beds" not in [name for _, name in database.rows(TABLES)]


def test_a_table_made_by_a_change_of_the_database_alone_is_found(ward, at):
    ward.migration("0001_initial", f"migrations.SeparateDatabaseAndState(database_operations=[{BED}])")
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_bed (name) VALUES ('one')")

        assert [one.subject for one in back()["tables.E007"]] == ["ward_bed"]


def test_a_table_that_the_way_back_only_makes_is_no_loss(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration("0002_gone", "migrations.DeleteModel('Bed')", after=FIRST)
    with at(ward, registered=True):
        assert back() == {}
        migrate("zero")


def test_two_tables_that_changed_names_are_not_taken_for_each_other(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration("0002_cot", "migrations.RenameModel('Bed', 'Cot')", after=FIRST)
    ward.migration("0003_bed", BED, after=("ward", "0002_cot"))
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_cot (name) VALUES ('kept')")

        assert back("0002") == {}
        assert [one.subject for one in back()["tables.E007"]] == ["ward_cot"]


BASELINE = "atomic = True\n    adopts = {'ward_bed': ['id', 'name']}"
AFTER_THE_BASELINE = {
    "as it was": ("migrations.AlterModelOptions('Bed', {})", "ward_bed"),
    "renamed since": ("migrations.RenameModel('Bed', 'Cot')", "ward_cot"),
}


@pytest.mark.parametrize("how", AFTER_THE_BASELINE)
@pytest.mark.parametrize("made_by", [BED, "migrations.RunSQL('SELECT 1', '', state_operations=[" + BED + "])"])
def test_a_table_of_a_baseline_is_dropped_under_no_name_and_no_option(ward, make, in_process, how, made_by):
    operation, table = AFTER_THE_BASELINE[how]
    ward.migration("0001_initial", made_by)
    text = ward.migrations["0001_initial"].replace("atomic = True", BASELINE)
    ward.write("ward/migrations/0001_initial.py", text)
    ward.migration("0002_second", operation, after=FIRST)
    database = make("empty")
    database.execute("CREATE TABLE ward_bed (id bigint PRIMARY KEY, name text); INSERT INTO ward_bed VALUES (1, 'one')")
    in_process(database)
    with installed(ward):
        migrate()

        found = back()

        assert told(found, "rollback.E003") == [
            f"{table} holds 1 row, and unapplying ward.0001_initial, which adopts it, would drop it."
        ]
        with pytest.raises(Stopped, match=f"Unapplying ward.0001_initial would drop {table} and the rows"):
            migrate("zero")
        with pytest.raises(Stopped, match=f"Unapplying ward.0001_initial would drop {table} and the rows"):
            migrate("zero", skip_precheck=True)
        assert database.value(f"SELECT count(*) FROM {table}") == 1
        migrate("0001")
