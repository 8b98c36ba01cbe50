"""Plans that fill a column or a parent before the key between them comes: nobody knows beforehand what it meets."""

import pytest

from migrations_safety.precheck.report import Depth
from tests.support.authors_and_books import AUTHOR, BOOKS, ID, OPEN, ORPHANS, ROWS, book, counted, ids, to


@pytest.mark.parametrize(("rows", "warned"), [("INSERT INTO ward_book DEFAULT VALUES", True), ("", False)])
def test_a_new_column_with_a_default_is_a_key_that_nobody_looked_at(ward, rows, warned):
    ward.starts_with(f"{AUTHOR}, migrations.CreateModel('Book', [{ID}])", rows)
    ward.migration(f"migrations.AddField('Book', 'author', {to(options='default=1')}, preserve_default=False)")

    report, unread = ward.look(), ward.look(depth=Depth.CATALOG)

    assert ("references.W006" in ids(report)) is warned
    assert "references.W006" in ids(unread)
    assert report.plan.operations["add_foreign_key"] == 1
    assert report.verdict == unread.verdict == "attention"
    assert (ward.apply() is not None) is warned


CORRECTS = """
def correct(apps, schema_editor):
    apps.get_model("ward", "Book").objects.filter(author__gt=2).update(author=None)
"""
FILLS = """
def correct(apps, schema_editor):
    for one in apps.get_model("ward", "Book").objects.all():
        apps.get_model("ward", "Author").objects.get_or_create(pk=one.author)
"""
NUMBER = book("models.IntegerField(null=True)")
COUNTS_OTHERS = "def correct(apps, schema_editor):\n    len('nothing of the kind')\n"


@pytest.mark.parametrize(
    ("code", "is_known"), [(CORRECTS, False), (COUNTS_OTHERS, True)], ids=["of these rows", "of others"]
)
def test_orphans_that_code_of_the_plan_may_correct_do_not_block(ward, code, is_known):
    ward.starts_with(f"{AUTHOR}, {NUMBER}", ORPHANS.replace("author_id", "author"))
    ward.migration("migrations.RunPython(correct)", before=code)
    ward.migration(f"migrations.AlterField('Book', 'author', {to()})")

    report = ward.look()

    assert bool(report.blocking) is is_known
    assert ("references.W007" in ids(report)) is not is_known
    assert counted(report)['ward_book."author"'] == 3
    assert (ward.apply() is not None) is is_known


def test_a_parent_that_the_plan_makes_and_fills_is_not_known_to_lack_rows(ward):
    ward.starts_with(NUMBER, "INSERT INTO ward_book (author) VALUES (7), (8)")
    ward.migration(f"{AUTHOR}, migrations.RunPython(correct)", before=FILLS)
    ward.migration(f"migrations.AlterField('Book', 'author', {to()})")

    report = ward.look()

    assert report.blocking == []
    assert "references.W007" in ids(report)
    assert ward.apply() is None


COPIES = """
def correct(apps, schema_editor):
    for one in apps.get_model("ward", "Book").objects.all():
        one.author_id = one.number
        one.save()
"""
ADDS_AND_FILLS = {
    "with its key, at the end of one migration": [
        f"migrations.AddField('Book', 'author', {to()}), migrations.RunPython(correct)"
    ],
    "and gets its key later": [
        f"migrations.AddField('Book', 'author', {OPEN})",
        "migrations.RunPython(correct)",
        f"migrations.AlterField('Book', 'author', {to()})",
    ],
}


@pytest.mark.parametrize("shape", ADDS_AND_FILLS)
def test_a_column_that_code_fills_is_a_key_that_nobody_looked_at(ward, shape):
    ward.starts_with(
        f"{AUTHOR}, {book('models.IntegerField(null=True)', 'number')}",
        ROWS + "INSERT INTO ward_book (number) VALUES (1), (77)",
    )
    for operations in ADDS_AND_FILLS[shape]:
        ward.migration(operations, before=COPIES)

    report = ward.look()

    assert report.blocking == []
    assert "references.W006" in ids(report)
    assert ward.apply() is not None


def test_a_key_of_another_type_that_is_copied_over_is_no_orphan(ward):
    ward.starts_with(
        f"{AUTHOR}, {book('models.IntegerField(null=True)', 'number')}", BOOKS.replace("author_id", "number")
    )
    ward.migration(f"migrations.AddField('Book', 'author', {to()})")
    ward.migration("migrations.RunPython(correct)", before=COPIES)
    ward.migration(
        "migrations.RemoveField('Book', 'number'), migrations.RenameField('Book', 'author', 'number'), "
        f"migrations.AlterField('Book', 'number', {to(options='null=True, db_index=False')})"
    )

    report = ward.look()

    assert report.blocking == []
    assert counted(report) == {}
    assert ward.apply() is None


def test_a_parent_that_the_plan_makes_and_nobody_fills_lacks_them_all(ward):
    ward.starts_with(NUMBER, "INSERT INTO ward_book (author) VALUES (7), (8)")
    ward.migration(f"{AUTHOR}, migrations.AlterField('Book', 'author', {to()})")

    report = ward.look()

    assert counted(report) == {'ward_book."author"': 2}
    assert report.verdict == "blocked"
    assert ward.apply().__cause__.sqlstate == "23503"
