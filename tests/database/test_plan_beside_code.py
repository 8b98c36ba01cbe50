"""Plans with code beside Django's operations: what precheck says of rows and names, plain Django then does."""

import pytest

from migrations_safety.precheck.report import Depth
from tests.database.test_plan_judged import closing
from tests.support.authors_and_books import ids

ID = "('id', models.BigAutoField(primary_key=True))"
TO = "models.ForeignKey('ward.{}', models.CASCADE, null=True{})"
OPEN = TO.format("Author", ", db_constraint=False")
AUTHOR = f"migrations.CreateModel('Author', [{ID}])"
BOOK = f"migrations.CreateModel('Book', [{ID}, ('author', {OPEN})])"
ROWS = "INSERT INTO ward_author DEFAULT VALUES; INSERT INTO ward_book (author_id) VALUES (1)"
KEY = f"migrations.AlterField('Book', 'author', {TO.format('Author', '')})"
OF_MODEL = """
def work(apps, schema_editor):
    for one in apps.get_model("ward", "{}").objects.all():
        one.{}
"""
DELETES = OF_MODEL.format("Author", "_meta.model.objects.filter(pk=one.pk)._raw_delete('default')")
PYTHON, RENAME = "migrations.RunPython(work)", "migrations.RenameModel('Author', 'Writer')"


def told(report, id):
    return [f"{one.subject} {one.message}" for one in report.findings if one.id == id]


DISTURBED = {
    "Python that names the parent": (f"{PYTHON}, {KEY}", DELETES),
    "Python that names a parent renamed later": (
        f"{PYTHON}, {RENAME}, migrations.AlterModelTable('Writer', 'writers'), {KEY.replace('Author', 'Writer')}",
        DELETES,
    ),
    "Python that names a parent renamed before": (
        f"{RENAME}, {PYTHON}, {KEY.replace('Author', 'Writer')}", DELETES.replace("Author", "Writer"),
    ),
    "SQL that names a table of halfway": (
        f"migrations.AlterModelTable('Author', 'halfway'), migrations.RunSQL('DELETE FROM halfway'), "
        f"migrations.AlterModelTable('Author', 'writers'), {KEY}", "",
    ),
    "Python that names the child": (
        f"{PYTHON}, {KEY}", OF_MODEL.format("Book", "_meta.model.objects.update(author=77)"),
    ),
    "SQL that names the parent": (f"migrations.RunSQL('DELETE FROM ward_author'), {KEY}", ""),
}  # fmt: skip


@pytest.mark.parametrize("how", DISTURBED)
def test_references_are_not_called_covered_where_code_before_the_key_is_about_their_rows(ward, how):
    operations, code = DISTURBED[how]
    ward.starts_with(f"{AUTHOR}, {BOOK}", ROWS)
    ward.migration(operations, before=code, atomic=False)

    report = ward.look()

    assert told(report, "references.W008") == [
        'ward_book."author_id" has a row in ward_author for each of its values now. '
        "Whether that is still so after the code of ward.0002_step is unknown."
    ]
    assert (report.blocking, report.verdict) == ([], "attention")
    assert closing(report).startswith("Nothing blocks, but not every reference could be counted.")
    assert ward.apply() is not None


def test_code_about_other_rows_leaves_references_covered(ward):
    ward.starts_with(f"{AUTHOR}, {BOOK}, {AUTHOR.replace('Author', 'Shelf')}", ROWS)
    ward.migration(f"{PYTHON}, {KEY}", before=OF_MODEL.format("Shelf", "delete()"))

    report = ward.look()

    assert ids(report) == {"plan.W001"}
    assert closing(report).startswith("References are covered.")
    assert ward.apply() is None


def test_orphans_are_told_once_and_not_called_covered(ward):
    ward.starts_with(f"{AUTHOR}, {BOOK}", ROWS + "; INSERT INTO ward_book (author_id) VALUES (7)")
    ward.migration(
        f"{PYTHON}, {KEY}", before="def work(apps, editor):\n    apps.get_model('ward', 'Author')(pk=7).save()"
    )

    report = ward.look()

    assert ids(report) & {"references.E001", "references.W007", "references.W008"} == {"references.W007"}
    assert ward.apply() is None


def test_a_look_without_counting_names_the_key_once(ward):
    ward.starts_with(f"{AUTHOR}, {BOOK}", ROWS)
    ward.migration(f"{PYTHON}, {KEY}", before=DELETES)

    found = ward.look(depth=Depth.CATALOG).findings

    assert [one.id for one in found if one.id.startswith("references.")] == ["references.W006"]


TWICE = {
    "a table": (RENAME, KEY.replace("Author", "Writer")),
    "a column": (
        "migrations.RenameField('Book', 'author', 'writer')", KEY.replace("'author'", "'writer'"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TWICE)
def test_a_rename_that_the_state_repeats_beside_code_is_one(ward, what):
    rename, key = TWICE[what]
    ward.starts_with(f"{AUTHOR}, {BOOK}", ROWS)
    ward.migration(f"migrations.SeparateDatabaseAndState([migrations.RunSQL('SELECT 1'), {rename}], [{rename}]), {key}")

    report = ward.look()

    (counted,) = [one for census in report.data.censuses for one in census.references]
    assert (counted.key.subject, counted.non_null, counted.orphan_rows) == ('ward_book."author_id"', 1, 0)
    assert ids(report) == {"plan.W001", "plan.I001"}
    assert ward.apply() is None


MANY = f"{AUTHOR}, migrations.CreateModel('Book', [{ID}, ('authors', models.ManyToManyField('ward.Author'))])"
MANY_ROWS = "INSERT INTO ward_author DEFAULT VALUES; INSERT INTO ward_book DEFAULT VALUES; "
MANY_ROWS += "INSERT INTO ward_book_authors (book_id, author_id) VALUES (1, 1)"
THROUGH = (
    f"migrations.CreateModel('Writing', [{ID}, ('book', models.ForeignKey('ward.Book', models.CASCADE)), "
    "('author', models.ForeignKey('ward.Author', models.CASCADE))])"
)
FIELD = "migrations.AlterField('Book', 'authors', models.ManyToManyField('ward.Author', through='ward.Writing'))"
RENAMES_TABLE = "migrations.RunSQL('ALTER TABLE ward_book_authors RENAME TO ward_writing')"
LAMP = f"migrations.CreateModel('Lamp', [{ID}, ('name', models.TextField())])"
LAMP_ROWS = "INSERT INTO ward_lamp (name) VALUES ('one')"
NAME, TITLE = "migrations.RemoveField('Lamp', 'name')", "migrations.AddField('Lamp', 'title', models.TextField())"
KEPT = {
    "a many-to-many field to a model": (
        MANY, MANY_ROWS,
        f"migrations.SeparateDatabaseAndState([{RENAMES_TABLE}], [{THROUGH}, {FIELD}])", "ward_writing",
    ),
    "a column": (
        LAMP, LAMP_ROWS,
        f"migrations.RunSQL('ALTER TABLE ward_lamp RENAME name TO title', state_operations=[{NAME}, {TITLE}])",
        "ward_lamp WHERE title = 'one'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", KEPT)
def test_what_code_renames_while_the_state_drops_it_is_no_loss(ward, what):
    made, rows, operation, kept = KEPT[what]
    ward.starts_with(made, rows)
    ward.migration(operation)

    report = ward.look()

    assert [one for one in ids(report) if one.startswith("plan.")] == ["plan.W001"]
    assert report.blocking == []
    assert ward.apply() is None
    assert ward.database.value(f"SELECT count(*) FROM {kept}") == 1


LOST = {
    "a table": ("DROP TABLE ward_lamp", "migrations.DeleteModel('Lamp')", "ward_lamp"),
    "a column": ("ALTER TABLE ward_lamp DROP name", NAME, 'ward_lamp."name"'),
}


@pytest.mark.parametrize("what", LOST)
@pytest.mark.parametrize("depth", [Depth.COUNT, Depth.CATALOG])
def test_what_code_may_drop_is_named(ward, what, depth):
    statement, operation, subject = LOST[what]
    ward.starts_with(LAMP, LAMP_ROWS)
    ward.migration(f"migrations.RunSQL('{statement}', state_operations=[{operation}])")

    report = ward.look(depth=depth)

    assert told(report, "plan.W007") == [
        f"{subject} leaves the models in ward.0002_step, whose code has a word for dropping. "
        "Whether its contents are lost is unknown."
    ]
    assert ids(report) == {"plan.W001", "plan.W007"}
    assert ward.apply() is None
