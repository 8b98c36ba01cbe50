"""What the plan drops is told once, with its rows, and however it is dropped."""

import pytest

from migrations_safety.rendering import serialization
from tests.support.data_checks import data_checks, look, told


def test_precheck_tells_a_drop_once_and_has_its_check(ward, make):
    ward.migration("migrations.RemoveField('Bed', 'note')")

    report = look(ward, make)

    assert told(report) == ['data.E010 ward_bed."note" holds values in 2 rows, and ward.0002_step drops it.']
    assert serialization.precheck(report, seconds=0)["data_checks"] == [
        {
            "kind": "drop", "table": "ward_bed", "columns": ("note",), "rows": 3, "violating_rows": 2, "groups": None,
            "demanded_by": "ward.0002_step", "reason": None,
        }
    ]  # fmt: skip


def test_a_drop_by_sql_is_judged_by_what_it_did(ward, make):
    ward.migration(
        "migrations.SeparateDatabaseAndState([migrations.RunSQL('ALTER TABLE ward_bed RENAME note TO remark')], "
        "[migrations.RemoveField('Bed', 'note')]), migrations.RunSQL('ALTER TABLE ward_bed DROP remark')"
    )

    report = look(ward, make)

    assert told(report) == ['data.E010 ward_bed."note" holds values in 2 rows, and ward.0002_step drops it.']
    assert "plan.W007" not in {one.id for one in report.findings}


COPIED = (
    "migrations.RunSQL('CREATE TABLE kept AS TABLE ward_bed'), migrations.DeleteModel('Bed')",
    "migrations.RunSQL('CREATE TABLE kept (LIKE ward_bed); INSERT INTO kept SELECT * FROM ward_bed'), "
    "migrations.DeleteModel('Bed')",
    "migrations.AddField('Bed', 'remark', models.TextField(null=True)), "
    "migrations.RunSQL('UPDATE ward_bed SET remark = note'), migrations.RemoveField('Bed', 'note')",
)


@pytest.mark.parametrize("operations", COPIED)
def test_what_the_plan_may_have_copied_before_a_drop_does_not_block(ward, make, operations):
    ward.migration(operations)

    assert [one.id for one in look(ward, make).findings if one.id.startswith("data.")] == ["data.W001"]


def test_what_the_way_back_loses_is_told_once(ward, make):
    ward.migration("migrations.AddField('Bed', 'size', models.IntegerField(null=True))")
    assert ward.apply() is None
    ward.database.execute("UPDATE ward_bed SET size = 1")

    report = look(ward, make, migration_name="0001")

    assert [one.id for one in report.findings if one.rows or one.id.startswith(("data.", "rollback.W"))] == [
        "rollback.W001"
    ]
    assert data_checks(report) == [("drop", "size", 3, None)]
