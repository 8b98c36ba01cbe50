"""The way back through code that renames, makes and drops: what precheck says, plain Django then does."""

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from tests.support.precheck_findings import told
from tests.support.rollback import BED, TABLES, back, refused

COT = BED.replace("Bed", "Cot")
TABLE = "migrations.RunSQL('ALTER TABLE ward_bed RENAME TO ward_cot', 'ALTER TABLE ward_cot RENAME TO ward_bed'{})"
COLUMN = "migrations.RunSQL('ALTER TABLE ward_bed RENAME name TO title', 'ALTER TABLE ward_bed RENAME title TO name'{})"
MODEL, FIELD = "migrations.RenameModel('Bed', 'Cot')", "migrations.RenameField('Bed', 'name', 'title')"
STATE = ", state_operations=[{}]"
PYTHON = """
def rename(names):
    return lambda apps, editor: editor.execute("ALTER TABLE %s RENAME TO %s" % names)
"""
RENAMED = {
    "the state beside the SQL": (TABLE.format(STATE.format(MODEL)), "ward_cot"),
    "the state around the SQL": (f"migrations.SeparateDatabaseAndState([{TABLE.format('')}], [{MODEL}])", "ward_cot"),
    "the table alone": (
        TABLE.format(STATE.format("migrations.AlterModelTable('Bed', 'ward_cot')")), "ward_cot",
    ),
    "Django, beside other SQL": (
        "migrations.SeparateDatabaseAndState([migrations.RunSQL('SELECT 1', 'SELECT 1'), "
        f"{MODEL}], [{MODEL}])", "ward_cot",
    ),
    "a column": (COLUMN.format(STATE.format(FIELD)), 'ward_bed'),
    "a column by Django, beside other SQL": (
        f"migrations.SeparateDatabaseAndState([{FIELD}, migrations.RunSQL('SELECT 1', 'SELECT 1')], [{FIELD}])",
        'ward_bed',
    ),
}  # fmt: skip


def story(ward, *steps, before=""):
    """One migration for each."""
    names = [f"{number:04}_step" for number in range(1, len(steps) + 1)]
    for number, (name, operations) in enumerate(zip(names, steps, strict=True)):
        ward.migration(name, operations, after=("ward", names[number - 1]) if number else None, before=before)
    return names


def go_back(target=None):
    """As plain Django does."""
    MigrationExecutor(connections["default"]).migrate([("ward", target)])


@pytest.mark.parametrize("how", RENAMED)
@pytest.mark.parametrize("registered", [False, True])
def test_what_code_has_renamed_is_found_under_its_name_of_now(ward, at, how, registered):
    operation, table = RENAMED[how]
    column = "title" if "title" in operation else "name"
    story(ward, BED, operation)
    with at(ward, registered=registered) as database:
        database.execute(f"INSERT INTO {table} ({column}) VALUES ('one'), ('two')")

        found = back()

        id = "tables.E007" if registered else "tables.W003"
        assert [(one.subject, "2 rows" in one.message) for one in found[id]] == [(table, True)]
        assert set(found) == {id, "rollback.W005"}
        assert refused("zero") is registered
        if registered:
            assert database.value(f"SELECT count(*) FROM {table}") == 2
            go_back()
        assert database.rows(TABLES) == []


def test_the_values_of_a_column_that_code_has_renamed_are_counted(ward, at):
    _, _, last = story(
        ward,
        "migrations.CreateModel('Bed', [('id', models.BigAutoField(primary_key=True))])",
        "migrations.AddField('Bed', 'name', models.TextField(null=True))",
        COLUMN.format(STATE.format(FIELD)),
    )
    with at(ward) as database:
        database.execute("INSERT INTO ward_bed (title) VALUES ('one'), (NULL)")

        assert told(back("0001"), "rollback.W001") == [
            'ward_bed."title" holds values in 1 row that the rollback drops with the column.'
        ]
        assert last == "0003_step"
        go_back("0001_step")
        assert database.rows("SELECT * FROM ward_bed ORDER BY id") == [(1,), (2,)]


MISSING = "{} does not exist, but the rollback has to change or drop it"
HIDDEN = f"migrations.SeparateDatabaseAndState([{BED}])"
SHORT = f"{BED}, migrations.AlterField('Bed', 'name', models.CharField(max_length=9))"
COMES = {
    "a table, by SQL": (HIDDEN, TABLE.format(""), "ward_cot (name)", "ward_bed"),
    "a table, by Python": (
        HIDDEN, "migrations.RunPython(rename(('ward_bed', 'ward_cot')), rename(('ward_cot', 'ward_bed')))",
        "ward_cot (name)", "ward_bed",
    ),
    "a column": (SHORT, COLUMN.format(""), "ward_bed (title)", 'ward_bed."name"'),
}  # fmt: skip


@pytest.mark.parametrize("how", COMES)
def test_what_code_may_bring_back_before_it_is_needed_does_not_block(ward, at, how):
    made, renamed, place, subject = COMES[how]
    story(ward, made, renamed, before=PYTHON)
    with at(ward) as database:
        database.execute(f"INSERT INTO {place} VALUES ('one')")

        found = back()

        assert told(found, "rollback.W008") == [
            f"{MISSING.format(subject)}. Whether the code of ward.0002_step creates it before is unknown."
        ]
        assert "rollback.E009" not in found
        go_back()
        assert database.rows(TABLES) == []


EXTRA = "migrations.AddField('Bed', 'extra', models.TextField(null=True))"
NOTHING = "migrations.RunSQL('SELECT 1', 'SELECT 1')"


@pytest.mark.parametrize(
    ("steps", "blocks"),
    [([BED, EXTRA, NOTHING], False), ([BED, NOTHING, EXTRA], True), ([BED, EXTRA, "migrations.RunSQL('', '')"], True)],
    ids=["before", "after", "code that does nothing"],
)
def test_only_code_that_is_taken_back_before_the_need_can_bring_something(ward, at, steps, blocks):
    story(ward, *steps)
    with at(ward) as database:
        database.execute("ALTER TABLE ward_bed DROP extra")

        found = back("0001")

        assert ("rollback.E009" in found, "rollback.W008" in found) == (blocks, not blocks)
        subject = MISSING.format('ward_bed."extra"')
        assert told(found, "rollback.E009" if blocks else "rollback.W008")[0].startswith(subject)


MAKES = "migrations.RunSQL('CREATE TABLE ward_cot ()', 'DROP TABLE ward_cot')"


@pytest.mark.parametrize(
    ("code", "told_as"),
    [(MAKES, "rollback.W009"), (NOTHING, "rollback.W009"), ("migrations.RunSQL('SELECT 1', '')", "rollback.E008")],
    ids=["that frees it", "that may", "that does nothing back"],
)
def test_a_name_that_code_may_free_before_it_is_needed_does_not_block(ward, at, code, told_as):
    story(ward, f"{BED}, {COT}", "migrations.DeleteModel('Cot')", code)
    with at(ward) as database:
        database.execute("CREATE TABLE IF NOT EXISTS ward_cot ()")

        found = back("0001")

        assert {told_as} == {one for one in found if one in ("rollback.E008", "rollback.W009")}
        assert [one.subject for one in found[told_as]] == ["ward_cot"]
        if code is MAKES:
            go_back("0001_step")
            assert database.value("SELECT count(*) FROM ward_cot") == 0
