"""Plans whose tables, columns and indexes are taken, missing, dropped or made again, as plain Django finds them."""

import pytest

from tests.support.authors_and_books import AUTHOR, BOOKS, ID, OPEN, RENAME_MODEL, ROWS, book, counted, ids, to


def test_a_column_that_is_dropped_and_made_again_is_another_one(ward):
    ward.starts_with(f"{AUTHOR}, {book(to())}", BOOKS)
    ward.migration(
        f"migrations.RemoveField('Book', 'author'), migrations.AddField('Book', 'author', {to(options='null=True')})"
    )

    report = ward.look()

    assert counted(report) == {}
    assert (report.verdict, ids(report)) == ("blocked", {"data.E010", "plan.I001"})
    assert [f"{one.subject} {one.message}" for one in report.findings if one.id == "data.E010"] == [
        'ward_book."author_id" holds values in 3 rows, and ward.0002_step drops it and then creates another '
        "column, which holds its default or NULL."
    ]
    assert ward.apply() is None
    assert ward.database.value("SELECT count(author_id) FROM ward_book") == 0


INDEXED = (
    f"migrations.CreateModel('Book', [{ID}, ('a', models.IntegerField()), ('b', models.IntegerField(null=True))], "
    "dict(indexes=[models.Index(fields=['a'], name='book_a')], "
    "constraints=[models.UniqueConstraint(fields=['b'], name='book_b')]))"
)


@pytest.mark.parametrize(("old", "new"), [("a", "c"), ("b", "c")], ids=["index", "constraint"])
def test_a_bare_rename_of_a_field_that_an_index_names_is_looked_at(ward, old, new):
    ward.starts_with(INDEXED, "INSERT INTO ward_book (a, b) VALUES (1, 1)")
    ward.migration(f"migrations.RenameField('Book', '{old}', '{new}')")

    assert ward.look().blocking == []
    assert ward.apply() is None


def test_a_model_that_is_deleted_and_made_again_with_its_index_is_no_conflict(ward):
    ward.starts_with(INDEXED, "INSERT INTO ward_book (a, b) VALUES (1, 1)")
    ward.migration(f"migrations.DeleteModel('Book'), {INDEXED}")

    report = ward.look()

    assert ids(report) == {"data.E009", "plan.I001"}
    assert ward.apply() is None


def test_an_index_that_moves_to_a_new_table_is_no_conflict(ward):
    ward.starts_with(INDEXED)
    ward.migration(
        "migrations.RemoveIndex('Book', 'book_a'), migrations.CreateModel('Page', "
        f"[{ID}, ('a', models.IntegerField())], dict(indexes=[models.Index(fields=['a'], name='book_a')]))"
    )

    assert ward.look().blocking == []
    assert ward.apply() is None


def test_a_table_that_takes_a_name_in_use_is_found_before_django_meets_it(ward):
    ward.starts_with(AUTHOR)
    ward.database.execute("CREATE TABLE ward_person (id int)")
    ward.migration(RENAME_MODEL)

    report = ward.look()

    assert [one.id for one in report.blocking] == ["tables.E008"]
    assert "--fake" not in report.blocking[0].hint
    assert ward.apply().__cause__.sqlstate == "42P07"


def test_a_name_that_sql_of_the_plan_frees_is_not_known_to_be_taken(ward):
    ward.starts_with(AUTHOR)
    ward.database.execute("CREATE TABLE ward_book (id int)")
    ward.migration(f"migrations.RunSQL('ALTER TABLE ward_book RENAME TO old_book'), {book(to())}")

    report = ward.look()

    assert report.blocking == []
    assert ids(report) == {"plan.W001", "plan.W004"}
    assert ward.apply() is None


def test_a_table_that_sql_of_the_plan_makes_is_not_known_to_be_missing(ward):
    ward.starts_with(AUTHOR, ROWS)
    ward.migration(
        "migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL("
        "'CREATE TABLE ward_book (id bigint primary key, author_id bigint)')], "
        f"state_operations=[{book(OPEN)}]), migrations.AlterField('Book', 'author', {to()})"
    )

    report = ward.look()

    assert report.blocking == []
    assert ids(report) == {"plan.W001", "references.W006"}
    assert ward.apply() is None


def test_a_plan_that_makes_an_index_on_what_it_renames_knows_that_it_is_coming(ward):
    ward.starts_with(f"{AUTHOR}, {book(to(options='null=True, db_constraint=False, db_index=False'))}", BOOKS)
    ward.migration(
        "migrations.AddIndex('Book', models.Index(fields=['author'], name='book_author')), "
        "migrations.RenameField('Book', 'author', 'writer'), "
        f"migrations.AlterField('Book', 'writer', {to(options='null=True, db_index=False')})"
    )

    assert "references.W003" not in ids(ward.look())


ADDS = "AddField('Book', 'z', models.IntegerField(null=True))"


@pytest.mark.parametrize(
    ("damage", "operation", "subject", "fails"),
    [
        ("ALTER TABLE ward_book DROP COLUMN a", "AlterField('Book', 'a', models.BigIntegerField())", '."a"', True),
        ("ALTER TABLE ward_book DROP COLUMN a", "RenameField('Book', 'a', 'z')", '."a"', True),
        ("ALTER TABLE ward_book DROP COLUMN b", "RemoveField('Book', 'b')", '."b"', True),
        ("DROP TABLE ward_book", ADDS, "", True),
        ("DROP TABLE ward_book", "DeleteModel('Book')", "", True),
        ("DROP TABLE ward_book", "RenameModel('Book', 'Volume')", "", True),
        ("ALTER TABLE ward_book SET SCHEMA elsewhere", ADDS, "", True),
        ("DROP TABLE ward_book; CREATE VIEW ward_book AS SELECT 1 AS id", ADDS, "", True),
        ("DROP TABLE ward_book", "AlterField('Book', 'a', models.IntegerField(help_text='x'))", None, False),
        ("DROP TABLE ward_book", "AlterModelOptions('Book', {'verbose_name': 'x'})", None, False),
        ("DROP TABLE ward_book", "CreateModel('Page', [" + ID + "])", None, False),
    ],
)  # fmt: skip
def test_what_a_plan_alters_has_to_be_there_and_nothing_else_has(ward, damage, operation, subject, fails):
    ward.starts_with(INDEXED.partition(", dict(")[0] + ")")
    ward.database.execute("CREATE SCHEMA elsewhere")
    ward.database.execute(damage)
    ward.migration(f"migrations.{operation}")

    report = ward.look()

    assert [(one.id, one.subject) for one in report.blocking] == (
        [("plan.E001", f"ward_book{subject}")] if fails else []
    )
    assert (ward.apply() is not None) is fails


def test_with_nothing_pending_a_table_that_is_gone_ends_no_look(ward):
    ward.starts_with(f"{AUTHOR}, {book(to())}", BOOKS)
    ward.database.execute("DROP TABLE ward_book")

    report = ward.look()

    assert report.verdict == "attention"
    assert [(one.id, one.subject) for one in report.findings] == [("drift.W001", "ward_book")]
