"""Made-up rows that a migration forbids are taken away from their own table, and the others go on showing scans."""

from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions

REFERENCING = ("bills", "insurance_policies", "medical_records", "patient_consent_instances", "surgical_cases")


def test_rows_without_a_parent_go_from_the_tables_that_refer_and_from_no_other(hospital, make, in_process):
    connection = in_process(hospital)

    plan = measure(connection, options=MeasureOptions(scratch_url=make("empty").url))

    assert plan.error is None
    assert sorted(plan.left_out) == [
        f"rows in {table}: the made-up ones did not fit a migration" for table in REFERENCING
    ]
