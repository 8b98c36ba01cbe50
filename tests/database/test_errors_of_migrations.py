"""Whatever a migration fails with, its code, file, operation and line are named; nothing of a row."""

import pytest

from tests.support.failing_migration import SECRET

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


def test_where_only_the_models_are_computed_nothing_is_said_to_be_rolled_back(told):
    said = told("migrations.RemoveField('Bed', 'nobody_declared_it')")

    assert "\nIn ward.0002_step, operation 1 of 1, RemoveField" in said
    assert "rolled back" not in said


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


def test_a_migrate_inside_of_a_migration_fails_as_itself(told, empty):
    empty.execute("CREATE TABLE bills ()")
    inside = "from django.core.management import call_command; call_command('migrate', 'ehr', verbosity=0)"

    said = told("migrations.RunPython(fill)", before=RAISING.format(inside))

    assert said.startswith(
        'PostgreSQL refused: relation "bills" already exists (SQLSTATE 42P07)\nIn ehr.0001_initial, '
    )
