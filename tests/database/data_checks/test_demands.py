"""Rows that forbid a migration are counted exactly, good rows pass without a word, and plain Django agrees."""

from typing import Any

import pytest

from tests.support.data_checks import counts, ids, judge, known_to, plain_migrate
from tests.support.measured_app import write

pytestmark = pytest.mark.slow

WARD = "INSERT INTO ward_ward (name, beds, price, clinic_number) VALUES "
BED = "INSERT INTO ward_bed (number, slug, gone) VALUES "
CASES: dict[str, Any] = {
    "NOT NULL": (
        ['migrations.AlterField("ward", "beds", models.IntegerField())'],
        WARD + "('a', 1, 1, 1)", WARD + "('b', NULL, 1, 1), ('c', NULL, 1, 1)",
        [("not_null", "ward_ward beds", 2, None)], ["data.E001"], "23502",
    ),
    "NOT NULL by SQL, oddly spelled": (
        ["migrations.RunSQL('alter  table only \"ward_ward\" alter beds\\tSET /* so */ not  null')"],
        WARD + "('a', 1, 1, 1)", WARD + "('b', NULL, 1, 1)",
        [("not_null", "ward_ward beds", 1, None)], ["data.E001"], "23502",
    ),
    "unique": (
        ['migrations.AddConstraint("bed", models.UniqueConstraint(fields=["number"], name="one_number"))'],
        BED + "(1, 'a', NULL), (2, 'a', NULL)", BED + "(1, 'b', NULL), (7, 'c', NULL), (7, 'd', NULL), (7, 'e', NULL)",
        [("unique", "ward_bed number", 5, 2)], ["data.E002"], "23505",
    ),
    "check": (
        ['migrations.AddConstraint("bed", models.CheckConstraint(condition=models.Q(number__gt=0), name="positive"))'],
        BED + "(1, 'a', NULL)", BED + "(0, 'b', NULL), (-7, 'c', NULL)",
        [("check", "ward_bed number", 2, None)], ["data.E003"], "23514",
    ),
    "check that the made-up rows violate": (
        ['migrations.AddConstraint("bed", models.CheckConstraint(condition=models.Q(slug__in=["a"]), name="known"))'],
        BED + "(1, 'a', NULL)", BED + "(0, 'b', NULL), (-7, 'c', NULL)",
        [("check", "ward_bed slug", 2, None)], ["data.E003"], "23514",
    ),
    "NOT NULL column without a default": (
        ["migrations.RunSQL('ALTER TABLE ward_bed ADD floor int NOT NULL')"],
        "SELECT 1", BED + "(1, 'a', NULL), (1, 'a', NULL)",
        [("not_null", "ward_bed floor", 2, None)], ["data.E012"], "23502",
    ),
    "two NOT NULL columns without a default in one migration": (
        ["migrations.RunSQL('ALTER TABLE ward_bed ADD floor int NOT NULL, ADD side int NOT NULL')"],
        "SELECT 1", BED + "(1, 'a', NULL), (1, 'a', NULL)",
        [("not_null", "ward_bed floor", 2, None), ("not_null", "ward_bed side", 2, None)],
        ["data.E012", "data.E012"], "23502",
    ),
    "NOT NULL column without a default in a table whose made-up rows are gone": (
        ["migrations.RunSQL('CREATE UNIQUE INDEX one ON ward_bed ((true)) WHERE number < 5')",
         "migrations.RunSQL('ALTER TABLE ward_bed ADD floor int NOT NULL')"],
        "SELECT 1", BED + "(1, 'a', NULL)",
        [("unique", "ward_bed number", 0, 0), ("not_null", "ward_bed floor", 1, None)], ["data.E012"], "23502",
    ),
    "one default in all rows of a unique column": (
        ['migrations.AddField("bed", "token", models.UUIDField(unique=True, default=__import__("uuid").uuid4))'],
        BED + "(1, 'a', NULL)", BED + "(1, 'a', NULL), (1, 'a', NULL)",
        [("unique", "ward_bed token", 3, 1)], ["data.E002"], "23505",
    ),
    "unique by an expression, a condition and a renamed column of a renamed table": (
        ['migrations.RenameField("bed", "slug", "sign"), migrations.RenameModel("Bed", "Place")',
         'migrations.AddConstraint("place", models.UniqueConstraint(models.functions.Lower("sign"), '
         'condition=models.Q(number__gt=0), name="one_sign"))'],
        BED + "(0, 'a', NULL), (0, 'A', NULL), (1, 'a', NULL), (1, 'b', NULL)", BED + "(2, 'B', NULL), (3, 'b', NULL)",
        [("unique", "ward_bed number slug", 3, 1)], ["data.E002"], "23505",
    ),
    "a unique constant": (
        ["migrations.RunSQL('CREATE UNIQUE INDEX one ON ward_bed ((true)) WHERE number > 5')"],
        BED + "(0, 'a', NULL), (0, 'A', NULL), (6, 'a', NULL)", BED + "(7, 'B', NULL)",
        [("unique", "ward_bed number", 2, 1)], ["data.E002"], "23505",
    ),
    "NULLs that are equal": (
        ["migrations.RunSQL('ALTER TABLE ward_bed ADD UNIQUE NULLS NOT DISTINCT (gone)')"],
        BED + "(0, 'a', NULL), (0, 'A', 'x')", BED + "(7, 'B', NULL)",
        [("unique", "ward_bed gone", 2, 1)], ["data.E002"], "23505",
    ),
    "NULLs that are not equal": (
        ["migrations.RunSQL('ALTER TABLE ward_bed ADD UNIQUE (gone)')"],
        BED + "(0, 'a', NULL), (0, 'A', 'x'), (0, 'A', NULL)", BED + "(7, 'B', 'x')",
        [("unique", "ward_bed gone", 2, 1)], ["data.E002"], "23505",
    ),
    "exclusion": (
        ["migrations.RunSQL('ALTER TABLE ward_bed ADD EXCLUDE USING gist (int4range(number, number + 5) WITH &&)')"],
        BED + "(0, 'a', NULL), (5, 'A', 'x')", BED + "(7, 'B', 'x'), (20, 'B', 'x')",
        [("exclusion", "ward_bed number", 2, None)], ["data.E004"], "23P01",
    ),
    "a text that Django casts": (
        ['migrations.AlterField("bed", "slug", models.CharField(max_length=3, default="x", db_index=True))'],
        BED + "(0, 'abc', NULL)", BED + "(7, 'abcd', 'x')",
        [("length", "ward_bed slug", 0, None), ("drop", "ward_bed slug", 1, None)], ["data.E011"], None,
    ),
    "fewer decimal places": (
        ['migrations.AlterField("ward", "price", models.DecimalField(max_digits=8, decimal_places=1, default=1))'],
        WARD + "('a', 1, 1.5, 1)", WARD + "('b', NULL, 1.55, 1)",
        [("cast", "ward_ward price", 0, None), ("drop", "ward_ward price", 1, None)], ["data.E011"], None,
    ),
    "fewer digits": (
        ['migrations.AlterField("ward", "price", models.DecimalField(max_digits=4, decimal_places=2, default=1))'],
        WARD + "('a', 1, 1.5, 1)", WARD + "('b', NULL, 100, 1), ('b', NULL, 99.99, 1)",
        [("cast", "ward_ward price", 1, None)], ["data.E007"], "22003",
    ),
    "a smaller integer": (
        ['migrations.AlterField("ward", "beds", models.SmallIntegerField(null=True))'],
        WARD + "('a', 1, 1.5, 1)", WARD + "('b', 32768, 1, 1), ('b', -32768, 1, 1)",
        [("cast", "ward_ward beds", 1, None)], ["data.E007"], "22003",
    ),
    "an enum without a label that is in use": (
        ["migrations.RunSQL(\"CREATE TYPE kind AS ENUM ('a', 'b'); \"\n"
         "\"ALTER TABLE ward_ward ALTER name TYPE kind USING name::kind\")"],
        WARD + "('a', 1, 1, 1), (NULL, 1, 1, 1)", WARD + "('c', 1, 1, 1)",
        [("enum", "ward_ward name", 1, None)], ["data.E008"], "22P02",
    ),
    "NOT VALID and then validated": (
        ["migrations.RunSQL('ALTER TABLE ward_bed ADD CONSTRAINT c CHECK (number > 0) NOT VALID')",
         "migrations.RunSQL('ALTER TABLE ward_bed VALIDATE CONSTRAINT c')"],
        BED + "(1, 'a', NULL)", BED + "(0, 'b', NULL)",
        [("check", "ward_bed number", 1, None)], ["data.E003"], "23514",
    ),
    "foreign key": (
        ["migrations.RunSQL('ALTER TABLE ward_ward ADD FOREIGN KEY (clinic_number) REFERENCES ward_clinic (id)')"],
        "INSERT INTO ward_clinic (id, code) VALUES (1, 'x');" + WARD + "('a', 1, 1, 1), ('a', 1, 1, NULL)",
        WARD + "('b', 1, 1, 9), ('b', 1, 1, 9)",
        [("foreign_key", "ward_ward clinic_number", 2, None)], ["data.E005"], "23503",
    ),
    "shorter": (
        ['migrations.AlterField("ward", "name", models.CharField(max_length=2, null=True))'],
        WARD + "('ab   ', 1, 1, 1), (NULL, 1, 1, 1)", WARD + "('abc', 1, 1, 1)",
        [("length", "ward_ward name", 1, None)], ["data.E006"], "22001",
    ),
    "cast": (
        ['migrations.AlterField("ward", "name", models.IntegerField(null=True))'],
        WARD + "(' 7', 1, 1, 1), (NULL, 1, 1, 1)", WARD + "('abc', 1, 1, 1)",
        [("cast", "ward_ward name", 1, None)], ["data.E007"], "22P02",
    ),
    "table dropped": (
        ['migrations.DeleteModel("Bed")'], "SELECT 1", BED + "(1, 'a', NULL)",
        [("drop", "ward_bed", 1, None)], ["data.E009"], None,
    ),
    "column dropped": (
        ['migrations.RemoveField("Bed", "gone")'], BED + "(1, 'a', NULL)", BED + "(1, 'a', 'x')",
        [("drop", "ward_bed gone", 1, None)], ["data.E010"], None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_rows_that_forbid_a_migration_are_counted_and_plain_django_agrees(measured, make, case):
    operations, good, bad, expected, found, state = CASES[case]
    app, database, connection = measured
    database.execute(good)
    write(app, operations)

    clean = judge(connection, make("empty"))
    database.execute(bad)
    judged = judge(connection, make("empty"))

    assert {place[:2] for place in counts(clean)} >= {place[:2] for place in expected}
    assert ({rows for *_, rows, _ in counts(clean)}, clean.findings) == ({0}, ())
    assert (counts(judged), ids(judged)) == (known_to(database, expected), found)
    assert plain_migrate(connection) == state
