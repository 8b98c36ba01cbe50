"""Constraints that an earlier deploy has left NOT VALID are named, unless the plan validates or drops them."""

from typing import Any

import pytest

from migrations_safety.checks.not_valid import check_not_valid
from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.plan import migration_plan
from migrations_safety.plan.inspected_schema import inspect_plan
from migrations_safety.postgresql.target import connect
from tests.support.measured_app import write

LEFT = 'ALTER TABLE ward_bed ADD CONSTRAINT "Positive" CHECK (number > 0) NOT VALID'
POSTGRES = '__import__("django.contrib.postgres.operations", fromlist="x")'
NOTE = 'migrations.AddField("bed", "note", models.TextField(null=True))'
DECLARED = (
    'migrations.SeparateDatabaseAndState(state_operations=[migrations.AddConstraint("bed", '
    'models.CheckConstraint(condition=models.Q(number__gt=0), name="Positive"))])'
)


@pytest.fixture
def found(measured, make):
    """`found(*migrations)`: the findings over a plan of these operations, after `LEFT`."""
    app, database, connection = measured
    database.execute(LEFT)

    def check(*migrations: str) -> list[Any]:
        write(app, migrations)
        plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=make("empty").url))
        assert plan.error is None
        inspected = inspect_plan(
            connection, plan=migration_plan.read(connection, app_label="ward"), target=connect(connection)
        )
        return check_not_valid(connection, inspected, plan)

    return check


def test_a_check_that_is_not_valid_is_named_with_the_statement_that_validates_it(found, measured):
    _, database, _ = measured

    (one,) = found(NOTE)

    assert (one.id, one.subject) == ("tables.W011", "ward_bed")
    assert one.message.startswith('has the CHECK constraint "Positive", which is NOT VALID: older rows were never ')
    database.execute(one.hint.partition(";")[0])
    assert found(NOTE.replace("note", "other")) == []


def test_one_on_a_table_that_the_plan_does_not_touch_is_not_named(found):
    assert found(NOTE.replace('"bed"', '"ward"')) == []


@pytest.mark.parametrize(
    "operation",
    [
        f'{DECLARED}, {POSTGRES}.ValidateConstraint("bed", name="Positive")',
        f'{DECLARED}, migrations.RemoveConstraint("bed", name="Positive")',
        "migrations.RunSQL('ALTER TABLE ward_bed VALIDATE CONSTRAINT \"Positive\"')",
    ],
)
def test_one_that_the_plan_validates_or_drops_is_not_named(found, operation):
    assert found(operation) == []


def test_a_key_that_is_not_valid_is_named_and_a_not_enforced_one_is_not(found, measured):
    _, database, connection = measured
    database.execute("ALTER TABLE ward_bed ADD CONSTRAINT bed_key FOREIGN KEY (number) REFERENCES ward_ward NOT VALID")
    if connection.pg_version >= 180000:
        database.execute("ALTER TABLE ward_bed ADD CONSTRAINT unchecked CHECK (number > 5) NOT ENFORCED")

    told = [one.message.partition(",")[0] for one in found(NOTE)]

    assert told == ['has the CHECK constraint "Positive"', 'has the foreign key constraint "bed_key"']
