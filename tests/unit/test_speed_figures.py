"""The benchmark's arithmetic, and that each of its targets can be missed."""

import pytest

from tests.benchmarks.speed.hospitals import Hospital
from tests.benchmarks.speed.measures import quotients, spread, targets

CENSUS = {
    "measure": "census",
    "rows": 10_000_000,
    "peak_mb": 60,
    "times_as_fast_as_the_review": {"median": 8.0},
    "times_the_floor": {"median": 3.0},
}
BACKFILL = {"measure": "backfill", "longest_batch_ms": 300, "times_the_single_insert": {"median": 0.9}}


def test_a_spread_has_its_median_and_ratios_go_round_by_round():
    assert spread([3.0, 1.0, 2.0]) == {"min": 1.0, "median": 2.0, "max": 3.0}
    assert quotients([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


@pytest.mark.parametrize(
    ("result", "missed"),
    [
        (CENSUS, None),
        (CENSUS | {"times_as_fast_as_the_review": {"median": 3.9}}, "at least 4 times as fast as the review"),
        (CENSUS | {"times_the_floor": {"median": 5.1}}, "at most 5 times the floor"),
        (CENSUS | {"peak_mb": 151}, "the client under 150 MB"),
        (BACKFILL, None),
        (BACKFILL | {"times_the_single_insert": {"median": 1.1}}, "no slower than the single INSERT"),
        (BACKFILL | {"longest_batch_ms": 501}, "no transaction longer than 500 ms"),
        ({"measure": "verify", "schema_ms": {"median": 301.0}}, "the schema in under 300 ms"),
        (
            {"measure": "start-up", "more_ms": {"precheck --help": {"median": 301.0}}},
            "precheck --help at most 300 ms more than check",
        ),
    ],
)
def test_each_target_can_be_missed(result, missed):
    kept = targets(result)

    assert kept
    assert [target for target, met in kept.items() if not met] == ([missed] if missed else [])


def test_a_small_hospital_has_no_target_of_ten_million_rows():
    assert list(targets(CENSUS | {"rows": 20_000})) == ["the client under 150 MB"]


def test_few_ids_come_twenty_times_and_many_twice():
    shapes = [Hospital(rows=1_000_000, id_type="uuid", distinct=one, indexed="yes") for one in ("few", "many")]

    assert [one.patients for one in shapes] == [50_000, 500_000]
