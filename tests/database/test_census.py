from migrations_safety import precheck
from tests.factories import refer

ONE, TWO, THREE = (f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000{digit}" for digit in (1, 2, 3))


def counted(report, table):
    return next(one for census in report.censuses for one in census.references if one.key.table == table)


def test_each_reference_is_counted_in_rows_values_and_orphans(hospital, in_process):
    refer(hospital, "bills", ONE, ONE, TWO, None)
    in_process(hospital)

    bills = counted(precheck.run(using="default"), "bills")

    assert (bills.total_rows, bills.non_null, bills.distinct_values, bills.most_rows) == (4, 3, 2, 2)
    assert (bills.orphan_values, bills.orphan_rows) == (2, 3)
