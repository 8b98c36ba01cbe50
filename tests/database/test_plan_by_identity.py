"""Plans that rename, swap, drop and make again, in tables with rows: what precheck says, plain Django then does."""

import pytest

from migrations_safety.precheck.report import Depth

ID = "('id', models.BigAutoField(primary_key=True))"
AUTHOR = f"migrations.CreateModel('Author', [{ID}])"


def book(field, name="author"):
    return f"migrations.CreateModel('Book', [{ID}, ('{name}', {field})])"


def to(model="ward.Author", options="null=True"):
    return f"models.ForeignKey('{model}', models.CASCADE, {options})"


OPEN = to(options="null=True, db_constraint=False")
ROWS = "INSERT INTO ward_author DEFAULT VALUES; INSERT INTO ward_author DEFAULT VALUES;"
BOOKS = ROWS + "INSERT INTO ward_book (author_id) VALUES (1), (2), (2), (NULL)"
ORPHANS = ROWS + "INSERT INTO ward_book (author_id) VALUES (1), (77), (78), (78)"


def ids(report):
    return {one.id for one in report.findings}


def counted(report):
    """Subject, and rows without a parent, of each reference that was counted."""
    return {one.key.subject: one.orphan_rows for census in report.data.censuses for one in census.references}


RENAME_MODEL = "migrations.RenameModel('Author', 'Person')"
MANY = f"migrations.CreateModel('Book', [{ID}, ('authors', models.ManyToManyField('ward.Author'))])"
MANY_ROWS = (
    ROWS + "INSERT INTO ward_book DEFAULT VALUES; INSERT INTO ward_book_authors (book_id, author_id) VALUES (1, 2)"
)
SELF = "models.ForeignKey('self', models.CASCADE, null=True)"
SELF_ROWS = "INSERT INTO ward_book (author_id) VALUES (NULL), (1), (2)"
FRIENDS = f"migrations.CreateModel('Author', [{ID}, ('friends', models.ManyToManyField('self'))])"
FRIENDS_ROWS = ROWS + "INSERT INTO ward_author_friends (from_author_id, to_author_id) VALUES (1, 2), (2, 1)"
CHILD = (
    f"{AUTHOR}, migrations.CreateModel('Writer', [('author_ptr', models.OneToOneField('ward.Author', models.CASCADE, "
    "parent_link=True, primary_key=True, auto_created=True, serialize=False))], bases=('ward.author',))"
)
STEPS = """
from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.operations import AddForeignKeyNotValid, ValidateForeignKey
"""
OBEYED = {
    "rename parent": (f"{AUTHOR}, {book(to())}", BOOKS, RENAME_MODEL),
    "rename child": (f"{AUTHOR}, {book(to())}", BOOKS, "migrations.RenameModel('Book', 'Volume')"),
    "rename both": (f"{AUTHOR}, {book(to())}", BOOKS, f"migrations.RenameModel('Book', 'Volume'), {RENAME_MODEL}"),
    "rename twice": (f"{AUTHOR}, {book(to())}", BOOKS, f"{RENAME_MODEL}, migrations.RenameModel('Person', 'Human')"),
    "move table": (f"{AUTHOR}, {book(to())}", BOOKS, "migrations.AlterModelTable('Author', 'people')"),
    "rename parent's key": (f"{AUTHOR}, {book(to())}", BOOKS, "migrations.RenameField('Author', 'id', 'number')"),
    "column of parent's key": (
        f"{AUTHOR}, {book(to())}", BOOKS,
        "migrations.AlterField('Author', 'id', models.BigAutoField(primary_key=True, db_column='author_no'))",
    ),
    "rename child's field": (f"{AUTHOR}, {book(to())}", BOOKS, "migrations.RenameField('Book', 'author', 'writer')"),
    "column of child's field": (
        f"{AUTHOR}, {book(to())}", BOOKS,
        f"migrations.AlterField('Book', 'author', {to(options='null=True, db_column=chr(97)')})",
    ),
    "everything renamed": (
        f"{AUTHOR}, {book(to())}", BOOKS,
        f"{RENAME_MODEL}, migrations.RenameField('Book', 'author', 'writer'), "
        "migrations.RenameField('Person', 'id', 'number'), migrations.AlterModelTable('Book', 'volumes')",
    ),
    "itself": (book(SELF), SELF_ROWS, "migrations.RenameModel('Book', 'Volume')"),
    "many to many, target": (f"{AUTHOR}, {MANY}", MANY_ROWS, RENAME_MODEL),
    "many to many, source": (f"{AUTHOR}, {MANY}", MANY_ROWS, "migrations.RenameModel('Book', 'Volume')"),
    "many to many, field": (f"{AUTHOR}, {MANY}", MANY_ROWS, "migrations.RenameField('Book', 'authors', 'writers')"),
    "many to many, table": (
        f"{AUTHOR}, {MANY}", MANY_ROWS,
        "migrations.AlterField('Book', 'authors', models.ManyToManyField('ward.Author', db_table='written'))",
    ),
    "many to many, itself": (FRIENDS, FRIENDS_ROWS, RENAME_MODEL),
    "inherited": (
        CHILD, "INSERT INTO ward_author DEFAULT VALUES; INSERT INTO ward_writer VALUES (1)",
        "migrations.AlterModelTable('Author', 'people'), migrations.RenameModel('Writer', 'Poet')",
    ),
    "swap": (
        f"{AUTHOR}, migrations.CreateModel('Person', [{ID}]), {book(to())}", BOOKS,
        "migrations.RenameModel('Person', 'Other'), migrations.RenameModel('Author', 'Person'), "
        "migrations.RenameModel('Other', 'Author')",
    ),
    "swap by table": (
        f"{AUTHOR}, migrations.CreateModel('Person', [{ID}]), {book(to())}", BOOKS,
        "migrations.AlterModelTable('Person', 'other'), migrations.AlterModelTable('Author', 'ward_person'), "
        "migrations.AlterModelTable('Person', 'ward_author')",
    ),
    "null to not null": (
        f"{AUTHOR}, {book(to())}", BOOKS.replace(", (NULL)", ""),
        f"migrations.AlterField('Book', 'author', {to(options='')})",
    ),
    "a new key beside a rename": (
        f"{AUTHOR}, {book(OPEN)}", BOOKS,
        f"{RENAME_MODEL}, migrations.AlterField('Book', 'author', {to('ward.Person')})",
    ),
    "a key, then a rename": (
        f"{AUTHOR}, {book(OPEN)}", BOOKS,
        f"migrations.AlterField('Book', 'author', {to()}), {RENAME_MODEL}, migrations.RenameModel('Book', 'Volume')",
    ),
    "a number": (
        f"{AUTHOR}, {book('models.IntegerField(null=True)')}", BOOKS.replace("author_id", "author"),
        f"migrations.AlterField('Book', 'author', {to()})",
    ),
    "one to one": (
        f"{AUTHOR}, {book('models.IntegerField(null=True)')}", ROWS + "INSERT INTO ward_book (author) VALUES (1), (2)",
        "migrations.AlterField('Book', 'author', models.OneToOneField('ward.Author', models.CASCADE, null=True))",
    ),
    "by state, the database by SQL": (
        f"{AUTHOR}, {book(OPEN)}", BOOKS,
        "migrations.RunSQL('ALTER TABLE ward_author RENAME TO ward_person', "
        f"state_operations=[{RENAME_MODEL}]), migrations.AlterField('Book', 'author', {to('ward.Person')})",
    ),
    "in the state alone": (
        f"{AUTHOR}, {book(OPEN)}", BOOKS,
        "migrations.SeparateDatabaseAndState(state_operations=[migrations.AlterModelTable('Author', 'ward_author'), "
        f"{RENAME_MODEL}]), migrations.AlterField('Book', 'author', {to('ward.Person')})",
    ),
    "in the database alone": (
        f"{AUTHOR}, {book(OPEN)}", BOOKS,
        "migrations.SeparateDatabaseAndState(database_operations=[migrations.AlterModelTable('Author', 'people')]), "
        "migrations.SeparateDatabaseAndState(state_operations=[migrations.AlterModelTable('Author', 'people')]), "
        f"migrations.AlterField('Book', 'author', {to()})",
    ),
    "a table made under the freed name": (
        f"{AUTHOR}, {book(to())}", BOOKS,
        f"migrations.RenameModel('Author', 'Person'), {AUTHOR}, migrations.AddField('Book', 'other', {to()})",
    ),
    "a column made under the freed name": (
        f"{AUTHOR}, {book(to(options='null=True, db_index=False'))}", "CREATE INDEX ON ward_book (author_id);" + BOOKS,
        f"migrations.RenameField('Book', 'author', 'writer'), migrations.AddField('Book', 'author', {to()})",
    ),
    "through a proxy": (
        f"{AUTHOR}, migrations.CreateModel('Proxy', [], dict(proxy=True), bases=('ward.author',)), "
        f"{book('models.IntegerField(null=True)')}", BOOKS.replace("author_id", "author"),
        f"migrations.AlterField('Book', 'author', {to('ward.Proxy')})",
    ),
    "in two steps, of what is renamed": (
        f"{AUTHOR}, {book(OPEN)}", BOOKS,
        f"{RENAME_MODEL}, migrations.RenameField('Book', 'author', 'writer'), "
        "AddForeignKeyNotValid('Book', ForeignKeyConstraint(field='writer', name='k', on_delete='CASCADE')), "
        "migrations.RenameModel('Book', 'Volume'), ValidateForeignKey('Volume', 'k')",
    ),
    "in two steps, then renamed": (
        f"{AUTHOR}, {book(OPEN)}", BOOKS,
        "AddForeignKeyNotValid('Book', ForeignKeyConstraint(field='author', name='k', on_delete='CASCADE')), "
        f"ValidateForeignKey('Book', 'k'), {RENAME_MODEL}, migrations.AlterModelTable('Book', 'volumes')",
    ),
    "to a table that Django does not manage": (
        f"migrations.CreateModel('Author', [{ID}], dict(managed=False, db_table='authors')), "
        "migrations.RunSQL('CREATE TABLE authors (id bigint primary key)'), " + book("models.IntegerField(null=True)"),
        "INSERT INTO authors VALUES (1), (2); INSERT INTO ward_book (author) VALUES (1), (2), (NULL)",
        f"migrations.AlterField('Book', 'author', {to()})",
    ),
    "columns that change places": (
        f"{AUTHOR}, migrations.CreateModel('Book', [{ID}, ('author', {to()}), ('editor', models.IntegerField())])",
        ROWS + "INSERT INTO ward_book (author_id, editor) VALUES (1, 77), (2, 78)",
        "migrations.RenameField('Book', 'editor', 'other'), migrations.RenameField('Book', 'author', 'editor'), "
        "migrations.RenameField('Book', 'other', 'author')",
    ),
    "a wider number at both ends": (
        "migrations.CreateModel('Author', [('id', models.AutoField(primary_key=True))]), " + book(to()), BOOKS,
        "migrations.AlterField('Author', 'id', models.BigAutoField(primary_key=True))",
    ),
    "through a table of its own": (
        f"{AUTHOR}, {MANY}", MANY_ROWS,
        "migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL("
        "'ALTER TABLE ward_book_authors RENAME TO ward_written')], state_operations=["
        f"migrations.CreateModel('Written', [{ID}, ('author', {to(options='')}), ('book', {to('ward.Book', '')})]), "
        "migrations.AlterField('Book', 'authors', models.ManyToManyField('ward.Author', through='ward.Written'))]), "
        "migrations.AddField('Written', 'first', models.BooleanField(default=False))",
    ),
    "to a column that is no primary key": (
        f"migrations.CreateModel('Author', [{ID}, ('code', models.IntegerField(unique=True))]), "
        + book("models.IntegerField(null=True)"),
        "INSERT INTO ward_author (code) VALUES (10), (20); INSERT INTO ward_book (author) VALUES (10), (20)",
        "migrations.RenameField('Author', 'code', 'number'), migrations.AlterField('Book', 'author', "
        + to(options="null=True, to_field='number'") + ")",
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", OBEYED)
def test_rows_that_obey_their_key_are_no_orphans_whatever_is_renamed(ward, shape):
    first, rows, then = OBEYED[shape]
    ward.starts_with(first, rows)
    ward.migration(then, before=STEPS)

    report = ward.look()

    assert [f"{one.id} {one.subject} {one.message}" for one in report.blocking] == []
    assert not any(counted(report).values())
    assert not ids(report) & {"tables.W001", "references.W003", "references.W004"}
    assert ward.apply() is None


DISOBEYED = {
    "a number": (
        f"{AUTHOR}, {book('models.IntegerField(null=True)')}", ORPHANS.replace("author_id", "author"),
        f"migrations.AlterField('Book', 'author', {to()})", 'ward_book."author"',
    ),
    "text": (
        f"{AUTHOR}, {book('models.CharField(max_length=9, null=True)')}", ORPHANS.replace("author_id", "author"),
        f"migrations.AlterField('Book', 'author', {to()})", 'ward_book."author"',
    ),
    "renamed field": (
        f"{AUTHOR}, {book(OPEN, 'old')}", ORPHANS.replace("author_id", "old_id"),
        f"migrations.RenameField('Book', 'old', 'author'), migrations.AlterField('Book', 'author', {to()})",
        'ward_book."old_id"',
    ),
    "renamed parent": (
        f"{AUTHOR}, {book(OPEN)}", ORPHANS,
        f"{RENAME_MODEL}, migrations.AlterField('Book', 'author', {to('ward.Person')})", 'ward_book."author_id"',
    ),
    "renamed after the key": (
        f"{AUTHOR}, {book(OPEN)}", ORPHANS,
        f"migrations.AlterField('Book', 'author', {to()}), migrations.RenameModel('Book', 'Volume'), "
        "migrations.RenameField('Volume', 'author', 'writer')", 'ward_book."author_id"',
    ),
    "key dropped again": (
        f"{AUTHOR}, {book(OPEN)}", ORPHANS,
        f"migrations.AlterField('Book', 'author', {to()}), migrations.RemoveField('Book', 'author')",
        'ward_book."author_id"',
    ),
    "swapped parents": (
        f"{AUTHOR}, migrations.CreateModel('Person', [{ID}]), {book(OPEN)}", BOOKS,
        "migrations.RenameModel('Person', 'Other'), migrations.RenameModel('Author', 'Person'), "
        "migrations.RenameModel('Other', 'Author'), "
        f"migrations.AlterField('Book', 'author', {to()})", 'ward_book."author_id"',
    ),
    "another parent": (
        f"{AUTHOR}, migrations.CreateModel('Person', [{ID}]), {book(to())}", BOOKS,
        f"migrations.AlterField('Book', 'author', {to('ward.Person')})", 'ward_book."author_id"',
    ),
    "loaded past its key": (
        f"{AUTHOR}, {book(to())}", "SET session_replication_role = replica;" + ORPHANS, RENAME_MODEL,
        'ward_book."author_id"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", DISOBEYED)
def test_rows_that_disobey_are_counted_where_they_are_now(ward, shape):
    first, rows, then, subject = DISOBEYED[shape]
    ward.starts_with(first, rows)
    ward.migration(then)

    report = ward.look()

    assert report.verdict == "blocked"
    assert counted(report)[subject] == 3
    assert ward.apply().__cause__.sqlstate == "23503"


def test_a_column_that_is_dropped_and_made_again_is_another_one(ward):
    ward.starts_with(f"{AUTHOR}, {book(to())}", BOOKS)
    ward.migration(
        f"migrations.RemoveField('Book', 'author'), migrations.AddField('Book', 'author', {to(options='null=True')})"
    )

    report = ward.look()

    assert counted(report) == {}
    assert (report.verdict, ids(report)) == ("attention", {"plan.W003", "plan.I001"})
    assert [f"{one.subject} {one.message}" for one in report.findings if one.id == "plan.W003"] == [
        'ward_book."author_id" holds values, and ward.0002_step drops it and then creates another column, which '
        "holds its default or NULL."
    ]
    assert ward.apply() is None
    assert ward.database.value("SELECT count(author_id) FROM ward_book") == 0


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

    assert ids(report) == {"plan.W002", "plan.I001"}
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

    assert ward.look().verdict == "safe"
