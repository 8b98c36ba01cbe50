"""What is demanded of columns that the plan makes is judged by the values that they can hold."""

import pytest

from migrations_safety.messages.errors import sqlstate
from tests.support.data_checks import look, told

PROVEN = {
    "an identity": "ADD number int GENERATED ALWAYS AS IDENTITY UNIQUE",
    "random values": "ADD token uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE",
    "no values": "ADD size int CHECK (size > 0) UNIQUE, ADD other int REFERENCES ward_bed",
    "a constant that fits": "ADD size int NOT NULL DEFAULT 3 CHECK (size > 0)",
    "a default that is gone": "ADD size int NOT NULL DEFAULT 3; ALTER TABLE ward_bed ALTER size DROP DEFAULT",
}


@pytest.mark.parametrize("how", PROVEN)
def test_what_new_columns_can_only_hold_is_not_looked_for(ward, make, how):
    ward.migration(f"migrations.RunSQL('ALTER TABLE ward_bed {PROVEN[how]}')")

    report = look(ward, make)

    assert (report.review.data.checks, told(report)) == ((), [])
    assert ward.apply() is None


def test_a_new_column_that_is_filled_is_required_later_without_a_word(ward, make):
    ward.migration("migrations.AddField('Bed', 'size', models.IntegerField(null=True, default=3))")
    ward.migration("migrations.AlterField('Bed', 'size', models.IntegerField(default=3))")

    assert told(look(ward, make)) == []
    assert ward.apply() is None


def test_a_new_column_that_nobody_fills_forbids_not_null_later(ward, make):
    ward.migration("migrations.AddField('Bed', 'size', models.IntegerField(null=True))")
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ALTER size SET NOT NULL')")

    assert [one.id for one in look(ward, make).findings if one.id.startswith("data.")] == ["data.E012"]
    assert sqlstate(ward.apply()) == "23502"
