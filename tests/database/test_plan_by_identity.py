"""Plans that rename and swap what holds rows: a key is followed to where it is now, and plain Django then agrees."""

import pytest

from tests.support.authors_and_books import AUTHOR, BOOKS, ID, OPEN, ORPHANS, RENAME_MODEL, ROWS, book, counted, ids, to

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
