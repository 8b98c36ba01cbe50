"""Locks on tables of the setting MIGRATIONS_SAFETY_HOT_TABLES are errors, however short."""

import pytest

from migrations_safety.checks.held_locks import check_hot_tables
from tests.support.held_locks import LONG, NOTE, SHORT, check


@pytest.mark.parametrize("name", ["ward_bed", "public.ward_bed", '"public"."ward_bed"'])
def test_a_lock_on_a_hot_table_is_an_error(plan, name):
    found = check(plan(NOTE), max_stall=SHORT, hot=(name, "elsewhere"))

    assert list(found) == ["locks.E003 ward_bed"]
    assert "is a hot table and is locked by ward.0002_next" in found["locks.E003 ward_bed"].message


def test_a_weak_lock_on_a_hot_table_is_none(plan):
    assert check(plan('migrations.AlterModelTableComment("bed", "beds")'), max_stall=LONG, hot=("ward_bed",)) == {}


def test_a_hot_table_of_the_same_name_in_another_schema_is_another(plan):
    assert list(check(plan(NOTE), max_stall=SHORT, hot=("other.ward_bed",))) == ["locks.I001 ward_bed"]


def test_a_hot_table_that_is_nowhere_is_named(plan, measured):
    _, _, connection = measured
    made, _ = plan('migrations.CreateModel("Visit", [("id", models.AutoField(primary_key=True))])')
    hot = frozenset({"ward_bed", "public.ward_bed", '"ward_visit"', "public.ward_visit", "ward.Bed", "other.ward_bed"})

    found = check_hot_tables(connection, made, hot=hot)

    assert [(one.id, one.subject) for one in found] == [("locks.I002", "other.ward_bed"), ("locks.I002", "ward.Bed")]
