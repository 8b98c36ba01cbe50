"""The statements of a running release, from a file and from pg_stat_statements: those that a plan breaks are found."""

import pytest

from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.measurement.statement_texts import statements_of_file, without_values
from migrations_safety.messages.refusals.application import StatementsRefused
from tests.support.measured_app import ROWS, write

UNDEFINED_COLUMN, UNDEFINED_TABLE, UNDEFINED_FUNCTION = "42703", "42P01", "42883"
RELEASE = """
    SELECT "ward_bed"."id", "ward_bed"."number", "ward_bed"."gone" FROM "ward_bed" WHERE "ward_bed"."slug" = 'Ann';
    SELECT count(*) FROM ward_bed WHERE number > 417518263;
    INSERT INTO ward_ward (name, beds, price) VALUES ('Ann', 1, 2.5), ('Eve', 3, 4) RETURNING id;
    UPDATE ward_ward SET beds = beds + 1 WHERE name LIKE 'A%' AND now() - interval '1 day' < now();
    SELECT beds FROM ward_ward AS w JOIN ward_clinic AS c ON c.id = w.clinic_id WHERE c.code IN ('a', 'b') LIMIT 10;
    INSERT INTO ward_clinic (code) VALUES ('x') ON CONFLICT (code) DO UPDATE SET code = excluded.code;
    SELECT EXTRACT(YEAR FROM now()), 1 + 1, price::numeric(8, 2) FROM ward_ward ORDER BY 1;
    DELETE FROM ward_bed WHERE id = 7;
    BEGIN; SET search_path = public; COMMIT
"""
PLANS = {
    "a column is dropped": ('migrations.RemoveField("bed", "gone")', [(0, UNDEFINED_COLUMN)]),
    "a column is renamed": (
        'migrations.RenameField("bed", "number", "place")', [(0, UNDEFINED_COLUMN), (1, UNDEFINED_COLUMN)],
    ),
    "a column is renamed by SQL": (
        'migrations.RunSQL("ALTER TABLE ward_ward RENAME beds TO places")',
        [(2, UNDEFINED_COLUMN), (3, UNDEFINED_COLUMN), (4, UNDEFINED_COLUMN)],
    ),
    "a table is renamed": (
        'migrations.AlterModelTable("bed", "beds")', [(0, UNDEFINED_TABLE), (1, UNDEFINED_TABLE), (7, UNDEFINED_TABLE)],
    ),
    "a number becomes text": (
        'migrations.AlterField("ward", "beds", models.TextField(null=True))', [(3, UNDEFINED_FUNCTION)],
    ),
    "a number that is compared becomes text": (
        'migrations.AlterField("bed", "number", models.TextField())', [(1, UNDEFINED_FUNCTION)],
    ),
    "a text without a limit": ('migrations.AlterField("bed", "slug", models.CharField(max_length=99))', []),
    "what must be unique is not any more": (
        'migrations.AlterField("clinic", "code", models.CharField(max_length=9))', [(5, "42P10")],
    ),
    "a column that makes a name ambiguous": (
        'migrations.AddField("clinic", "beds", models.TextField(null=True))', [(4, "42702")],
    ),
    "another column": ('migrations.AddField("bed", "note", models.TextField(null=True))', []),
    "a wider type": ('migrations.AlterField("bed", "number", models.BigIntegerField())', []),
    "a new table": ('migrations.CreateModel("House", [("id", models.AutoField(primary_key=True))])', []),
    "an index": ('migrations.AddIndex("bed", models.Index(fields=["number"], name="by_number"))', []),
    "a table that keeps its name as a view": (
        'migrations.RunSQL("ALTER TABLE ward_bed RENAME TO beds; CREATE VIEW ward_bed AS SELECT * FROM beds")', [],
    ),
}  # fmt: skip


@pytest.fixture
def release(tmp_path):
    """The statements of the running release, without values."""
    file = tmp_path / "statements.sql"
    file.write_text(RELEASE)
    return without_values(statements_of_file(str(file)))


@pytest.fixture
def scratch(make):
    return make("empty")


@pytest.mark.parametrize(("operation", "broken"), PLANS.values(), ids=PLANS)
def test_every_statement_that_breaks_is_found_and_no_other(measured, scratch, release, operation, broken):
    app, database, connection = measured
    database.execute(ROWS)
    write(app, [operation])

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url), statements=release)

    texts = [one.text for one in release.statements]
    assert (plan.measured, plan.error) == ("url", None)
    assert plan.statements == release
    assert [(texts.index(one.statement), one.breaks_with, one.because_of) for one in plan.application] == [
        (number, code, "ward.0002_next") for number, code in broken
    ]


def test_the_first_migration_that_breaks_a_statement_is_named(measured, scratch, release):
    app, _, connection = measured
    write(app, ['migrations.AddField("bed", "note", models.TextField(null=True))',
                'migrations.RemoveField("bed", "gone")', 'migrations.DeleteModel("Bed")'])  # fmt: skip

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url), statements=release)

    assert [(one.because_of, one.breaks_with) for one in plan.application] == [
        ("ward.0003_next", UNDEFINED_COLUMN), ("ward.0004_next", UNDEFINED_TABLE), ("ward.0004_next", UNDEFINED_TABLE),
    ]  # fmt: skip


def test_a_statement_that_cannot_be_parsed_is_only_counted(measured, scratch, tmp_path):
    app, _, connection = measured
    write(app, ['migrations.RemoveField("bed", "gone")'])
    file = tmp_path / "statements"
    file.write_text('SELECT gone FROM ward_bed WHERE slug = "Ann"; SELECT gone FROM ward_bed; SELECT FROM WHERE')

    plan = measure(
        connection,
        app_label="ward",
        options=MeasureOptions(scratch_url=scratch.url),
        statements=without_values(statements_of_file(str(file))),
    )

    assert plan.statements
    assert [one.text for one in plan.statements.statements] == ["SELECT gone FROM ward_bed"]
    assert plan.statements.left_out == (("that the scratch database could not parse before the plan", 2),)
    assert [one.statement for one in plan.application] == ["SELECT gone FROM ward_bed"]


def test_no_value_of_a_file_is_kept(release):
    texts = " ".join(one.text for one in release.statements)

    assert len(release.statements) == 8
    assert release.left_out == (("that PostgreSQL does not plan (BEGIN, SET, COPY, …)", 3),)
    for value in ("Ann", "Eve", "417518263", "2.5", "'"):
        assert value not in texts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT 'a;b' FROM t;\n-- c;\nSELECT 2;", ["SELECT $1 FROM t", "SELECT $1"]),
        ("SELECT a\nSELECT b\n", ["SELECT a", "SELECT b"]),
        ('["SELECT a", {"statement": "SELECT b WHERE c = $1 AND d = 5", "calls": 3}]',
         ["SELECT a", "SELECT b WHERE c = $1 AND d = $2"]),
        ("DECLARE x NO SCROLL CURSOR WITH HOLD FOR SELECT a FROM t WHERE b = 'Ann'", ["SELECT a FROM t WHERE b = $1"]),
    ],
)  # fmt: skip
def test_a_file_is_sql_or_json(tmp_path, text, found):
    file = tmp_path / "statements"
    file.write_text(text)

    assert [one.text for one in without_values(statements_of_file(str(file))).statements] == found


@pytest.mark.parametrize("text", ["", " \n-- nothing\n", "[]", "[1]", '[{"calls": 1}]', "[", '[{"statement": 1}]'])
def test_a_file_without_statements_is_refused(tmp_path, text):
    file = tmp_path / "statements"
    file.write_text(text)

    with pytest.raises(StatementsRefused, match=r"The statements in .* cannot be used: "):
        statements_of_file(str(file))


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "latin").write_bytes(b"SELECT '\xe9'")

    for name in ("missing", "latin", ""):
        with pytest.raises(StatementsRefused):
            statements_of_file(str(tmp_path / name))
