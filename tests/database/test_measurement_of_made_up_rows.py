"""Made-up rows that a migration forbids are taken away from their own table, and the others go on showing scans."""

import pytest

from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from tests.support.measured_app import write

REFERENCING = ("bills", "insurance_policies", "medical_records", "patient_consent_instances", "surgical_cases")


def test_rows_without_a_parent_go_from_the_tables_that_refer_and_from_no_other(hospital, make, in_process):
    connection = in_process(hospital)

    plan = measure(connection, options=MeasureOptions(scratch_url=make("empty").url))

    assert plan.error is None
    assert sorted(plan.left_out) == [
        f"rows in {table}: the made-up ones did not fit a migration" for table in REFERENCING
    ]


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize(
    "statement",
    [
        'ALTER TABLE "ward_bed" ALTER gone TYPE int USING gone::int',
        "UPDATE Ward_Bed SET number = 1 / (length(slug) - length(slug))",
        "DO $$BEGIN PERFORM slug::int FROM ward_bed; END$$",
    ],
)
def test_where_the_error_names_no_table_those_of_the_statement_are_emptied(measured, make, statement, atomic):
    app, _, connection = measured
    write(app, [f"""migrations.RunSQL({statement!r})"""], atomic=atomic)

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=make("empty").url))

    assert (plan.error, plan.left_out) == (None, ("rows in ward_bed: the made-up ones did not fit a migration",))
