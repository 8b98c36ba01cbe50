"""Whoever reads why a migration failed learns what, where, about which object, and what helps; nothing of a row."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import override_settings

from migrations_safety.management.errors import Stopped
from tests.support.sample_app import SampleApp

SECRET = "Achieng Wanjiru"
FIRST = """
    migrations.CreateModel('Floor', [('id', models.BigAutoField(primary_key=True))]),
    migrations.CreateModel('Bed', [
        ('id', models.BigAutoField(primary_key=True)), ('name', models.TextField(null=True)),
        ('label', models.CharField(max_length=50, null=True)),
        ('place', models.BigIntegerField(null=True)),
        ('floor', models.ForeignKey('ward.Floor', models.CASCADE, null=True)),
    ])"""
COMPARE = "python manage.py migrate ward 0002_step --fake records it"
UNDONE = "ward.0002_step was rolled back. Migrations before it are kept."
FAILING = {
    "55006": (
        "migrations.RunPython(fill), migrations.AddField('Bed', 'note', models.TextField(null=True))",
        ['cannot ALTER TABLE "ward_bed" because it has pending trigger events', "operation 2 of 2, AddField: Add field",
         "table ward_bed, column note", "two migrations: the first writes rows"],
    ),
    "42701": (
        "migrations.AddField('Bed', 'there', models.TextField(null=True))",
        ['column "there" of relation "ward_bed" already exists', "operation 1 of 1", COMPARE],
    ),
    "42P07": (
        "migrations.CreateModel('Room', [('id', models.BigAutoField(primary_key=True))])",
        ['relation "ward_room" already exists', "CreateModel: Create model Room", COMPARE],
    ),
    "42703": (
        "migrations.AlterField('Bed', 'gone', models.CharField(max_length=9))",
        ['column "gone" of relation "ward_bed" does not exist', "AlterField: Alter field gone on Bed", "precheck"],
    ),
    "42704": (
        "migrations.RunSQL('ALTER TABLE ward_bed DROP CONSTRAINT nobody_made_it')",
        ['constraint "nobody_made_it" of relation "ward_bed" does not exist', "RunSQL: Raw SQL operation"],
    ),
    "42P01": ("migrations.RunSQL('UPDATE ward_nothing SET name = NULL')", ['relation "ward_nothing" does not exist']),
    "42601": ("migrations.RunSQL('ALTR TABLE ward_bed ADD note text')", ['syntax error at or near "ALTR"']),
    "42883": (
        "migrations.RunSQL('UPDATE ward_bed SET name = nobody_made_it(name)')",
        ["function nobody_made_it(text) does not exist", "CREATE EXTENSION"],
    ),
    "23502": (
        "migrations.AlterField('Bed', 'place', models.BigIntegerField())",
        ["a value is missing", "table ward_bed, column place", "Fill the column first", UNDONE],
    ),
    "23503": (
        """migrations.AlterField('Bed', 'place', models.ForeignKey(
            'ward.Floor', models.CASCADE, null=True, db_column='place', related_name='+'))""",
        ["a key does not hold", "table ward_bed, constraint ward_bed_place_", "Alter field place on Bed", UNDONE],
    ),
    "23505": (
        "migrations.AlterField('Bed', 'name', models.TextField(null=True, unique=True))",
        ["a value that has to be unique occurs in several rows", "table ward_bed, constraint ward_bed_name_", UNDONE],
    ),
    "23514": (
        "migrations.RunSQL('ALTER TABLE ward_bed ADD CONSTRAINT short CHECK (length(name) < 3)')",
        ["some rows violate a CHECK constraint", "table ward_bed, constraint short"],
    ),
    "22001": (
        "migrations.AlterField('Bed', 'label', models.CharField(max_length=5, null=True))",
        ["longer than its column", "table ward_bed, column label", "Widen the column"],
    ),
    "22P02": (
        "migrations.AlterField('Bed', 'name', models.IntegerField(null=True))",
        ["does not have the form that its type needs", "table ward_bed, column name", "pg_input_is_valid"],
    ),
    "25001": (
        "migrations.RunSQL('VACUUM ward_bed')",
        ["VACUUM cannot run inside a transaction block", "atomic = False"],
    ),
    "25P02": (
        "migrations.RunPython(go_on)",
        ["current transaction is aborted", "RunPython(go_on)", "0002_step.py, line 13."],
    ),
    "2BP01": (
        "migrations.RunSQL('ALTER TABLE ward_bed DROP COLUMN seen')",
        ["column seen of table ward_bed because other objects depend on it", "view ward_view depends on column seen"],
    ),
    "55000": ("migrations.RunSQL(\"SELECT currval('ward_bed_id_seq')\")", ['"ward_bed_id_seq" is not yet defined']),
    "55P04": (
        "migrations.RunSQL(\"ALTER TYPE ward_mood ADD VALUE 'new'; SELECT 'new'::ward_mood\")",
        ["Split the migration in two."],
    ),
    "57P01": (
        "migrations.RunSQL('SELECT pg_terminate_backend(pg_backend_pid())')",
        ["terminating connection due to administrator command", "Run the same command again"],
    ),
}  # fmt: skip
CODE = """
def fill(apps, editor):
    floor = apps.get_model("ward", "Floor").objects.create()
    apps.get_model("ward", "Bed").objects.update(floor=floor)
def go_on(apps, editor):
    with editor.connection.cursor() as cursor:
        try:
            cursor.execute("SELECT 1 / 0")
        except Exception:
            editor.connection.connection.execute("SELECT 1")
"""
BEFORE = f"""
    ALTER TABLE ward_bed ADD there text, ADD seen text; CREATE VIEW ward_view AS SELECT seen FROM ward_bed;
    CREATE TABLE ward_room (); CREATE TYPE ward_mood AS ENUM ('old');
    INSERT INTO ward_bed (name, label, place) VALUES ('{SECRET}', '{SECRET}', NULL), ('{SECRET}', '', 7)"""
STATE = """, migrations.SeparateDatabaseAndState(state_operations=[
    migrations.AddField('Bed', 'gone', models.CharField(max_length=5, default='')),
    migrations.AddField('Bed', 'seen', models.TextField(null=True))])"""


@pytest.fixture
def ward(tmp_path):
    return SampleApp(tmp_path)


@pytest.fixture
def told(empty, in_process, ward):
    """`told(operations)`: what `migrate ward` says of a second migration that fails over a table with rows."""
    in_process(empty)
    ward.migration("0001_initial", FIRST + STATE)
    with ward.at_hand():
        call_command("migrate", "ward", "0001", verbosity=0)
    empty.execute(BEFORE)

    def tell(operations, *, before=CODE, arguments=(), **migration):
        ward.migration("0002_step", operations, after=("ward", "0001_initial"), before=before, **migration)
        with ward.at_hand(), pytest.raises(Stopped) as stopped:
            call_command(
                "migrate", "ward", *arguments, skip_precheck=True, verbosity=0, no_progress=True, stderr=StringIO()
            )
        return str(stopped.value)

    return tell


@pytest.mark.parametrize("sqlstate", FAILING)
def test_what_failed_is_named_with_its_place_and_what_helps(told, sqlstate):
    operations, words = FAILING[sqlstate]

    said = told(operations)

    assert f"SQLSTATE {sqlstate}" in said
    assert "In ward.0002_step, " in said
    assert "0002_step.py" in said
    assert [one for one in words if one not in said] == [], said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("sql", "hidden"),
    [
        ("SELECT name::regclass FROM ward_bed", "relation"),
        ("SELECT to_tsquery(name) FROM ward_bed", "tsquery"),
        (f"UPDATE ward_bed SET name = 'O'{SECRET.split()[0]}'", "at or near"),
        (f"UPDATE ward_bed SET name = '{SECRET}", "at or near"),
        (f"SELECT '$..{SECRET}'::jsonpath", "at or near"),
        ("SELECT name::int FROM ward_bed", "invalid input"),
        ("DO $$ BEGIN RAISE undefined_column USING MESSAGE = (SELECT max(name) FROM ward_bed); END $$", "Wanjiru"),
        ("DO $$ BEGIN EXECUTE (SELECT 'SELECT ' || quote_ident(max(name)) FROM ward_bed); END $$", 'column "'),
    ],
)
def test_a_message_that_repeats_a_value_is_not_shown_whatever_its_class(told, sql, hidden):
    said = told(f"migrations.RunSQL({sql!r})")

    assert "SQLSTATE" in said
    assert "In ward.0002_step, operation 1 of 1, RunSQL" in said
    assert hidden not in said.splitlines()[0]
    assert [one for one in SECRET.split() if one in said] == []


def test_what_code_put_into_a_statement_is_not_shown_and_what_it_says_itself_is(told):
    read = "name = cursor.execute('SELECT max(name) FROM ward_bed') or cursor.fetchone()[0]"
    code = """
        def ask(apps, editor):
            with editor.connection.cursor() as cursor:
                {}
                cursor.execute({})
    """

    of_a_row = told("migrations.RunPython(ask)", before=code.format(read, "f'SELECT \"{name}\" FROM ward_bed'"))
    of_itself = told("migrations.RunPython(ask)", before=code.format("pass", "'SELECT nothing FROM ward_bed'"))

    assert of_a_row.startswith("PostgreSQL refused: a column does not exist (SQLSTATE 42703)\n")
    assert of_itself.startswith('PostgreSQL refused: column "nothing" does not exist (SQLSTATE 42703)\n')


RAISING = """
    def fill(apps, editor):
        {}
"""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ValueError(apps.get_model('ward', 'Bed').objects.values_list('name')[0])", "Unexpected ValueError"),
        ("raise ValueError('there is no floor')", "ValueError: there is no floor"),
        (
            "apps.get_model('ward', 'Bed')(id=99, name='x').save(update_fields=['name'])",
            "DatabaseError: Save with update_fields did not affect any rows.",
        ),
        ("editor.connection.cursor().close(); editor.connection.connection.cursor(nothing=1)", "Unexpected TypeError"),
        ("import sqlite3; sqlite3.connect(':memory:').execute('nonsense')", "Unexpected OperationalError"),
    ],
)
def test_errors_of_code_have_their_class_migration_file_and_line(told, code, words):
    said = told("migrations.RunPython(fill)", before=RAISING.format(code))

    assert said.startswith(words), said
    assert "In ward.0002_step, operation 1 of 1, RunPython(fill) (" in said
    assert "in the code at " in said
    assert "0002_step.py, line 6." in said
    assert "connection to the server" not in said
    assert SECRET not in said


def test_a_setting_shows_everything_where_rows_are_no_patients(told):
    with override_settings(MIGRATIONS_SAFETY_SHOW_ERRORS=True):
        said = told("migrations.RunSQL(\"UPDATE ward_bed SET place = 0 || name WHERE name <> ''\")")
        row = told('migrations.RunSQL("UPDATE ward_bed SET id = 1")')

    assert "STATEMENT: UPDATE ward_bed SET place = 0 || name" in said
    assert "Key (id)=(1) already exists." in row


def test_a_build_that_fails_names_its_index(told):
    said = told(
        "migrations.RunSQL('CREATE UNIQUE INDEX CONCURRENTLY ward_bed_name_key ON ward_bed (name)')", atomic=False
    )

    assert "SQLSTATE 23505, table ward_bed, constraint ward_bed_name_key" in said
    assert "Earlier steps of this non-atomic migration are kept." in said


def test_a_refusal_of_ours_names_the_migration_too(told):
    said = told("migrations_safety.operations.CreateEnum('ward_mood', ['new'])")

    assert said.startswith('tables.E003: The enum "ward_mood" exists with another definition')
    assert "In ward.0002_step, operation 1 of 1, CreateEnum: Create enum ward_mood" in said


def test_a_connection_that_is_gone_is_said_to_be_lost(told):
    gone = "editor.connection.connection.close(); editor.execute('SELECT 1')"

    said = told("migrations.RunPython(fill)", before=RAISING.format(gone), atomic=False)

    assert said.startswith("The connection to the server was lost\nIn ward.0002_step, operation 1 of 1")


def test_a_file_of_migrations_that_does_not_load_is_named_with_its_line(told):
    said = told("", before="nothing.at_all")

    assert said.startswith("name 'nothing' is not defined\nIn the code at ")
    assert "ward/migrations/0002_step.py, line 4." in said


def test_a_signal_that_fails_is_named_with_its_line(told):
    receiver = f"""
        from django.db.models.signals import post_migrate
        def told(**_):
            post_migrate.disconnect(told)
            raise ValueError("{SECRET} "[:-1])
        post_migrate.connect(told)
    """

    said = told("", before=receiver)

    assert said.startswith("Unexpected ValueError. Its message is withheld")
    assert "ward/migrations/0002_step.py, line 8." in said
    assert SECRET not in said


def test_an_operation_inside_of_another_is_named(told):
    said = told(
        "migrations.SeparateDatabaseAndState(database_operations=["
        "migrations.RunSQL('SELECT 1'), migrations.AddField('Bed', 'there', models.TextField(null=True))])"
    )

    assert "operation 1 of 1, AddField: Add field there to Bed" in said


def test_a_list_of_operations_that_is_computed_has_its_file_without_a_line(told):
    said = told("*[migrations.RunSQL('SELECT nothing')] * 2")

    assert 'column "nothing" does not exist' in said
    assert "operation 1 of 2, RunSQL: Raw SQL operation (" in said
    assert "0002_step.py)" in said


def test_a_statement_of_several_lines_is_told_with_its_line(told):
    said = told("migrations.RunSQL(\"UPDATE ward_bed\\n SET name = 'x'\\n WERE id = 1\")")

    assert said.startswith("PostgreSQL refused: the SQL has a syntax error (SQLSTATE 42601, line 3 of the statement)")


def test_a_migrate_inside_of_a_migration_fails_as_itself(told, empty):
    empty.execute("CREATE TABLE bills ()")
    inside = "from django.core.management import call_command; call_command('migrate', 'ehr', verbosity=0)"

    said = told("migrations.RunPython(fill)", before=RAISING.format(inside))

    assert said.startswith(
        'PostgreSQL refused: relation "bills" already exists (SQLSTATE 42P07)\nIn ehr.0001_initial, '
    )
