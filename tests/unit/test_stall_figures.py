"""The benchmark's arithmetic, and the kill harness's idea of a commit."""

import pytest

from tests.benchmarks.application import Timings
from tests.benchmarks.figures import figures, growth, percentile, targets
from tests.torture.kills import committing


@pytest.mark.parametrize(
    ("values", "expected"), [([], []), ([1.0], [1.0]), ([float(n) for n in range(1, 101)], [99.0])]
)
def test_the_99th_percentile_is_a_value_that_was_measured(values, expected):
    assert percentile(values, 99) == expected


def test_reads_of_patients_are_kept_apart_from_writes():
    found = figures(
        [
            Timings(role="bills", seconds=[0.3, 0.001], failed=["40P01"]),
            Timings(role="patients", seconds=[0.5]),
            Timings(role="observer", waits={"Lock relation": 0.02, "Lock extend": 0.4, "IO DataFileRead": 0.5}),
        ]
    )

    assert (found["longest_write_ms"], found["longest_read_ms"], found["writes_over_limit"]) == (300.0, 500.0, 1)
    assert found["longest_lock_wait_ms"] == 20.0
    assert (found["failed_statements"], found["failed_by_sqlstate"]) == (1, {"40P01": 1})


def ours(rows, longest, **others):
    kept = {"valid_keys": 15, "failed_statements": 0, "seconds": 1.0, "p99_write_ms": 1.0, "longest_lock_wait_ms": 10}
    return {"name": "d", "rows": rows, "longest_write_ms": longest} | kept | others


@pytest.mark.parametrize(
    ("large", "broken"),
    [
        (ours(10, 99.0), None),
        (ours(10, 251.0), "longest write wait under 250 ms"),
        (ours(10, 160.0, longest_lock_wait_ms=150), "the wait for locks is flat from the fewest rows to the most"),
        (ours(10, 50.0, failed_statements=1), "no failed statement of the application"),
        (ours(10, 50.0, valid_keys=14), "all fifteen keys are there and valid"),
    ],
)
def test_each_target_can_be_missed(large, broken):
    kept = targets([ours(1, 50.0), large])

    assert broken is None or not kept[broken]
    assert broken is not None or all(kept.values())


def test_growth_waits_for_both_sizes():
    assert growth([ours(1, 50.0), {"name": "-", "rows": 10}])["times"] == {}
    assert growth([ours(1, 50.0), ours(10, 100.0)])["times"]["d"]["longest_write_ms"] == 2.0


def test_what_commits_is_a_commit_after_writes_or_a_write_outside_a_transaction():
    statements = [
        "SELECT 1", "BEGIN", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", "SELECT 1", "COMMIT",
        "BEGIN", "ALTER TABLE bills …", "COMMIT", "CREATE TEMPORARY TABLE pg_temp.work", "INSERT INTO runs", "SELECT 1",
    ]  # fmt: skip

    assert committing(statements) == [8, 10]
