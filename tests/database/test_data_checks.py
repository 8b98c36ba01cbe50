"""Rows that forbid a migration are counted exactly, good rows pass without a word, and plain Django agrees."""

from typing import Any

import pytest

from tests.support.data_checks import counts, ids, judge, plain_migrate
from tests.support.measured_app import write

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
    "foreign key": (
        ["migrations.RunSQL('ALTER TABLE ward_ward ADD FOREIGN KEY (clinic_number) REFERENCES ward_clinic (id)')"],
        "INSERT INTO ward_clinic (id, code) VALUES (1, 'x');" + WARD + "('a', 1, 1, 1), ('a', 1, 1, NULL)",
        WARD + "('b', 1, 1, 9), ('b', 1, 1, 9)",
        [("foreign_key", "ward_ward clinic_number", 2, None)], ["data.E005"], "23503",
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

    assert [(kind, columns, rows or 0) for kind, columns, rows, _ in counts(clean)] == [
        (kind, columns, 0) for kind, columns, *_ in expected
    ]
    assert clean.findings == ()
    assert (counts(judged), ids(judged)) == (expected, found)
    assert plain_migrate(connection) == state
