"""What was looked at and what was not: each plan's verdict, its findings and its closing sentence."""

import re

import pytest

from migrations_safety.precheck.report import Depth
from migrations_safety.rendering import text
from tests.support.authors_and_books import ids
from tests.support.plain_django import ward_installed

ID = "('id', models.BigAutoField(primary_key=True))"
AUTHOR = f"migrations.CreateModel('Author', [{ID}, ('age', models.IntegerField(null=True))])"
BOOK = f"migrations.CreateModel('Book', [{ID}, ('author', models.ForeignKey('ward.Author', models.CASCADE))])"
OPEN = "models.ForeignKey('ward.Author', models.DO_NOTHING, db_constraint=False, null=True)"
OPEN_BOOK = f"migrations.CreateModel('Book', [{ID}, ('author', {OPEN})])"
KEY = "ForeignKeyConstraint(field='author', name='book_author', on_delete='CASCADE')"
IMPORTS = """
from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.operations import AddForeignKeyNotValid, ValidateForeignKey
from django.db.migrations.operations.base import Operation


class Elsewhere(Operation):
    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        pass
"""
ROWS = "INSERT INTO ward_author (age) VALUES (30); INSERT INTO ward_book (author_id) VALUES (1)"
TWO_STEPS = f"AddForeignKeyNotValid('Book', {KEY}), ValidateForeignKey('Book', 'book_author')"
NOT_JUDGED = "Locks, rewrites and dropped data are not judged: "
PLANS = {
    "new tables": (BOOK.replace("Book", "Page"), "safe", "Safe to migrate.", set()),
    "a key in two steps": (TWO_STEPS, "safe", "Safe to migrate.", set()),
    "the state alone": (
        "migrations.AlterModelOptions('Book', {'verbose_name': 'x'}), migrations.AlterField('Author', 'age', "
        "models.IntegerField(null=True, help_text='x')), migrations.SeparateDatabaseAndState(state_operations=["
        "migrations.DeleteModel('Book')]), migrations.RunPython(*[migrations.RunPython.noop] * 2), "
        "migrations.RunSQL('', '')",
        "safe", "Safe to migrate.", set(),
    ),
    "a new column": (
        "migrations.AddField('Book', 'pages', models.IntegerField(null=True)), "
        "migrations.AddIndex('Book', models.Index(fields=['author'], name='by_author'))",
        "attention", f"No foreign key is added. {NOT_JUDGED}2 operations.", {"plan.I001"},
    ),
    "a key in one step": (
        f"migrations.AddConstraint('Book', {KEY})",
        "attention", f"References are covered. {NOT_JUDGED}1 operation.", {"plan.I001"},
    ),
    "code": (
        "migrations.RunPython(print), migrations.RunSQL('SELECT 1'), migrations.RunSQL(['SELECT 1']), Elsewhere()",
        "attention", f"No foreign key is added. {NOT_JUDGED}4 operations. Read the warnings first.", {"plan.W001"},
    ),
    "a table with rows goes": (
        "migrations.DeleteModel('Book')",
        "blocked", "Blocked: do not migrate yet.",
        {"data.E009", "plan.I001"},
    ),
    "a column with values goes": (
        "migrations.RemoveField('Author', 'age')",
        "blocked", "Blocked: do not migrate yet.",
        {"data.E010", "plan.I001"},
    ),
    "changes of what the plan makes itself": (
        "migrations.CreateModel('Page', [" + ID + "]), migrations.AddField('Page', 'number', models.IntegerField()), "
        "migrations.RenameModel('Page', 'Sheet'), migrations.RemoveField('Sheet', 'number'), "
        "migrations.DeleteModel('Sheet')",
        "safe", "Safe to migrate.", set(),
    ),
    "through several of them": (
        "migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL('SELECT 1'), "
        "migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField('Author', 'age')])])",
        "blocked", "Blocked: do not migrate yet.",
        {"plan.W001", "data.E010", "plan.I001"},
    ),
}  # fmt: skip


def closing(report):
    """The last line of the text, without the seconds."""
    last = text.precheck(report, seconds=1.0, width=200, colour=False).splitlines()[-1]
    return re.sub(r" \(1\.0 s\)$", "", last)


@pytest.mark.parametrize("shape", PLANS)
def test_a_plan_is_called_safe_only_where_all_of_it_was_looked_at(ward, shape):
    operations, verdict, said, found = PLANS[shape]
    ward.starts_with(f"{AUTHOR}, {OPEN_BOOK}", ROWS)
    ward.migration(operations, before=IMPORTS, atomic=False)

    report = ward.look()

    assert ids(report) == found
    assert (report.verdict, closing(report)) == (verdict, said)


def test_code_and_all_other_operations_are_told_by_kind(ward):
    ward.starts_with(f"{AUTHOR}, {OPEN_BOOK}", ROWS)
    ward.migration(f"{PLANS['code'][0]}, {PLANS['a new column'][0]}", before=IMPORTS)

    told = [f"{one.subject} {one.message}" for one in ward.look().findings if one.id != "plan.W014"]

    assert told == [
        "the plan runs code that was not checked: 1 Elsewhere, 1 RunPython, 2 RunSQL.",
        "the plan has 2 operations whose locks, rewrites and losses are not judged: 1 AddField, 1 AddIndex.",
    ]


@pytest.mark.parametrize("operation", ["DeleteModel('Book')", "RemoveField('Author', 'age')"])
def test_what_is_dropped_and_holds_nothing_is_no_loss(ward, operation):
    ward.starts_with(f"{AUTHOR}, {OPEN_BOOK}", "INSERT INTO ward_author (age) VALUES (NULL)")
    ward.migration(f"migrations.{operation}")

    assert ids(ward.look()) == {"plan.I001"}


@pytest.mark.parametrize("operation", ["DeleteModel('Book')", "RemoveField('Author', 'age')"])
def test_what_is_dropped_without_a_look_is_said(ward, operation):
    ward.starts_with(f"{AUTHOR}, {OPEN_BOOK}")
    ward.migration(f"migrations.{operation}")

    assert ids(ward.look(depth=Depth.CATALOG)) == {"plan.W006", "plan.I001"}


def test_without_data_each_key_is_named_as_not_looked_at(ward):
    ward.starts_with(f"{AUTHOR}, {OPEN_BOOK}", ROWS)
    ward.migration(TWO_STEPS, before=IMPORTS, atomic=False)

    report = ward.look(depth=Depth.CATALOG)

    found = [one for one in report.findings if one.id != "application.I001"]
    assert [f"{one.id} {one.subject} {one.message}" for one in found] == [
        'references.W006 ward_book."author_id" gets a foreign key to ward_author, but its future values were not '
        "checked: --no-data."
    ]
    assert (report.verdict, closing(report)) == (
        "attention",
        "Nothing in the catalog blocks; whether the data allows it is unknown (--no-data). Read the warnings first.",
    )


@pytest.mark.parametrize(
    ("operation", "counts"),
    [
        (f"AddField('Author', 'book', {OPEN.replace('db_constraint=False, ', '')})", {"add_foreign_key": 1}),
        ("AddField('Author', 'books', models.ManyToManyField('ward.Book'))", {"create_table": 1}),
        (f"AlterField('Book', 'author', {OPEN.replace('db_constraint=False, ', '')})", {"add_foreign_key": 1}),
        (f"AlterField('Book', 'author', {OPEN.replace('null=True', 'null=False')})", {"other": 1}),
        ("RenameField('Book', 'author', 'writer')", {"other": 1}),
    ],
)  # fmt: skip
def test_an_operation_that_adds_a_key_counts_as_one(ward, operation, counts):
    ward.starts_with(f"{AUTHOR}, {OPEN_BOOK}")
    ward.migration(f"migrations.{operation}")

    assert {kind: number for kind, number in ward.look().plan.operations.items() if number} == counts


def test_a_column_whose_key_another_app_declares_is_not_called_undeclared(hospital, in_process, tmp_path):
    hospital.execute('CREATE TABLE visits (id int, "patientId" bigint)')
    key = "models.ForeignKey('ward.Patient', models.DO_NOTHING, null=True, db_constraint={})"
    with ward_installed(tmp_path, hospital, in_process(hospital)) as ward:
        ward.starts_with(
            f"migrations.CreateModel('Patient', [{ID}]), "
            f"migrations.CreateModel('Result', [{ID}, ('patient', {key.format(False)})])"
        )
        ward.migration(f"migrations.AlterField('Result', 'patient', {key.format(True)})")

        found = [one.subject for one in ward.look().findings if one.id == "references.W004"]

    assert found == ['visits."patientId"']
