"""The way back, looked at beforehand: what it drops is what `migrate` then drops, found under the names of now."""

from functools import partial

import pytest

from migrations_safety.management.errors import Stopped
from tests.support import rollback
from tests.support.in_process import installed
from tests.support.precheck_findings import told
from tests.support.rollback import BED, FIRST, TABLES, applied, back, migrate, refused
from tests.support.sample_app import SampleApp


@pytest.fixture
def ward(tmp_path):
    return SampleApp(tmp_path)


@pytest.fixture
def at(make, in_process):
    return partial(rollback.at, make, in_process)


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


ADDED = {
    "text": ("models.TextField(null=True)", "'seen'", None),
    "text with a default": ("models.CharField(max_length=9, default='new')", "'seen'", "'new'"),
    "blank text": ("models.CharField(max_length=9, blank=True)", "'seen'", "''"),
    "default of the migration alone": ("models.IntegerField(default=7), preserve_default=False", "8", "7"),
    "default of the database": ("models.IntegerField(db_default=7)", "8", "7"),
    "boolean": ("models.BooleanField(default=True)", "false", "true"),
    "number": ("models.DecimalField(max_digits=6, decimal_places=2, default=0)", "1.5", "0"),
    "json": ("models.JSONField(default=dict)", """'{"a": 1}'""", "'{}'"),
    "json, any": ("models.JSONField(null=True)", "'[1]'", None),
    "uuid": ("models.UUIDField(null=True)", "'7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001'", None),
    "reference": ("models.ForeignKey('ward.Bed', models.CASCADE, null=True)", "1", None),
}


@pytest.mark.parametrize("kind", ADDED)
def test_a_column_loses_the_values_that_it_was_not_made_with(ward, at, kind):
    field, value, filling = ADDED[kind]
    column = "extra_id" if kind == "reference" else "extra"
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", f"migrations.AddField('Bed', 'extra', {field})", after=FIRST)
    with at(ward, registered=True) as database:
        filled = f"({filling or 'NULL'})"
        database.execute(f"INSERT INTO ward_bed (name, {column}) SELECT 'bed', {filled} FROM generate_series(1, 3)")
        before = back("0001")
        database.execute(f"UPDATE ward_bed SET {column} = {value} WHERE id < 3")

        after = back("0001")

        assert before == {}
        assert told(after, "rollback.E002") == [
            f'ward_bed."{column}" holds values in 2 rows that the rollback would drop with the column.'
        ]
        assert refused("0001")
        assert (
            database.value(
                f"SELECT count(*) FROM ward_bed WHERE {column} = {value}" if "json" not in kind else "SELECT 2"
            )
            == 2
        )


def test_a_column_of_an_app_that_registered_nothing_is_a_warning(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    with at(ward) as database:
        database.execute("INSERT INTO ward_bed (name, extra) VALUES ('one', 'seen'), ('two', NULL)")

        found = back("0001")

        assert told(found, "rollback.W001") == [
            'ward_bed."extra" holds values in 1 row that the rollback drops with the column.'
        ]
        migrate("0001")


def test_a_column_is_found_under_its_name_of_now_in_a_table_under_its_name_of_now(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    renamed = "migrations.RenameField('Bed', 'extra', 'note'), migrations.RenameModel('Bed', 'Cot')"
    ward.migration("0003_renamed", renamed, after=("ward", "0002_extra"))
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_cot (name, note) VALUES ('one', 'seen')")

        assert [one.subject for one in back("0001")["rollback.E002"]] == ['ward_cot."note"']


def test_a_column_that_was_made_anew_under_an_old_name_is_not_taken_for_the_old_one(ward, at):
    ward.migration("0001_initial", BED)
    anew = (
        "migrations.RenameField('Bed', 'name', 'code'), migrations.AddField('Bed', 'name', models.TextField(null=True))"
    )
    ward.migration("0002_anew", anew, after=FIRST)
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_bed (code) VALUES ('kept')")
        before = back("0001")
        database.execute("UPDATE ward_bed SET name = 'lost'")

        assert before == {}
        assert [one.subject for one in back("0001")["rollback.E002"]] == ['ward_bed."name"']


ONCE = "migrations.RunPython(once)"
CODE = "def once(apps, editor): pass\ndef undo(apps, editor): pass"
WITHOUT_REVERSE = {
    "RunPython": (ONCE, "operation 1 (RunPython once)"),
    "RunSQL": ("migrations.RunSQL('SELECT 1')", "operation 1 (RunSQL)"),
    "inside": (
        f"migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL('SELECT 1', ''), {ONCE}])",
        "operation 1 (SeparateDatabaseAndState: RunPython once)",
    ),
    "deeper inside": (
        "migrations.SeparateDatabaseAndState([migrations.SeparateDatabaseAndState([migrations.RunSQL('SELECT 1')])])",
        "operation 1 (SeparateDatabaseAndState: SeparateDatabaseAndState: RunSQL)",
    ),
    "of the project": ("Own()", "operation 1 (Custom operation)"),
}
OWN = (
    CODE
    + """
from django.db.migrations.operations.base import Operation
class Own(Operation):
    reversible = False
    def state_forwards(self, *args): pass
    def database_forwards(self, *args): pass
    def describe(self): return 'Custom operation'
"""
)


@pytest.mark.parametrize("kind", WITHOUT_REVERSE)
def test_a_step_without_a_reverse_is_named_before_anything_is_undone(ward, at, kind):
    operation, words = WITHOUT_REVERSE[kind]
    ward.migration("0001_initial", BED)
    ward.migration("0002_once", operation, after=FIRST, before=OWN)
    ward.migration(
        "0003_note", "migrations.AddField('Bed', 'note', models.TextField(null=True))", after=("ward", "0002_once")
    )
    with at(ward) as database:
        found = back()

        assert [one.subject for one in found["rollback.E001"]] == ["ward.0002_once"]
        assert words in found["rollback.E001"][0].message
        assert refused("zero")
        with pytest.raises(Stopped, match=r"ward.0002_once cannot be unapplied: .* Nothing was changed") as stopped:
            migrate("zero", skip_precheck=True)
        assert stopped.value.returncode == 1
        assert len(applied(database)) == 3
        assert "rollback.E001" not in back("0002")
        migrate("0002")
        assert applied(database) == ["0001_initial", "0002_once"]


OPAQUE = {
    "migrations.RunPython(once, undo)": "operation 1 (RunPython once)",
    "migrations.RunSQL('SELECT 1', 'SELECT 2')": "operation 1 (RunSQL)",
    "migrations.SeparateDatabaseAndState([migrations.RunPython(once, undo)])": "operation 1 (RunPython once)",
    "Reversible()": "operation 1 (Custom operation)",
}
REVERSIBLE = (
    OWN
    + """
class Reversible(Own):
    reversible = True
    def database_backwards(self, app_label, editor, from_state, to_state):
        editor.execute('DROP TABLE IF EXISTS nothing')
"""
)


@pytest.mark.parametrize("operation", OPAQUE)
def test_code_of_the_project_on_the_way_back_is_said_not_to_be_looked_at(ward, at, operation):
    ward.migration("0001_initial", operation, before=REVERSIBLE)
    with at(ward):
        found = back()

        assert told(found, "rollback.W005") == [
            "ward.0001_initial runs code or SQL of its own when it is unapplied, which was not checked: "
            f"{OPAQUE[operation]}."
        ]
        migrate("zero")


@pytest.mark.parametrize(
    "operation",
    ["migrations.RunPython(once, migrations.RunPython.noop)", "migrations.RunSQL('SELECT 1', migrations.RunSQL.noop)"],
)
def test_what_does_nothing_on_the_way_back_is_not_spoken_of(ward, at, operation):
    ward.migration("0001_initial", operation, before=CODE)
    with at(ward):
        assert back() == {}


def test_an_operation_made_of_djangos_is_read_as_what_it_is_made_of(ward, at):
    own = (
        "class Own(migrations.CreateModel):\n    def database_backwards(self, *args): super().database_backwards(*args)"
    )
    ward.migration("0001_initial", BED.replace("migrations.CreateModel", "Own"), before=own)
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_bed (name) VALUES ('one')")

        assert set(back()) == {"tables.E007", "rollback.W005"}


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
