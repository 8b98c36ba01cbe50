"""Whoever reads why a statement failed learns what, where, about which object, and what helps; nothing of a row."""

import pytest
from django.test import override_settings

from tests.support.failing_migration import SECRET

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


def test_a_statement_of_several_lines_is_told_with_its_line(told):
    said = told("migrations.RunSQL(\"UPDATE ward_bed\\n SET name = 'x'\\n WERE id = 1\")")

    assert said.startswith("PostgreSQL refused: the SQL has a syntax error (SQLSTATE 42601, line 3 of the statement)")
