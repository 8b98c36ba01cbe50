"""The range of a forecast: from the runs on the copy, moved by the errors of earlier deploys, longer where it grew."""

import pytest

from migrations_safety.recovery.rehearsal.forecast import EarlierDeploy, learned, only_wider, range_of
from migrations_safety.recovery.rehearsal.report import NOTHING_LEARNED


def deploys(*factors: float, place: str = "server") -> list[EarlierDeploy]:
    return [EarlierDeploy(place=place, measured=2.0, took=2.0 * factor) for factor in factors]


def test_nothing_is_learned_from_a_copy_at_another_place():
    assert learned(deploys(4.0, place="embedded"), place="server") == NOTHING_LEARNED


def test_the_last_ten_deploys_count_each_once_and_none_beyond_ten_times():
    found = learned(deploys(*[2.0] * 5, *[0.5] * 5, 1000.0), place="server")

    assert found.deploys == 10
    assert found.factor == pytest.approx(1.0)
    assert (found.least, found.most) == (0.5, 2.0)
    assert learned(deploys(1000.0), place="server").factor == pytest.approx(10.0)


@pytest.mark.parametrize(("factors", "growth", "least", "most"), [
    ((), 1, 4 * 0.5, 6 * 2),
    ((3.0,), 1, 4 * 1.5, 6 * 6),
    ((0.25,), 1, 4 * 0.125, 6 * 0.5),
    ((1.0, 9.0), 1, 4 * 1, 6 * 9),
    ((), 3, 4 * 0.5, 6 * 6),
])  # fmt: skip
def test_a_range_moves_by_the_errors_holds_each_of_them_and_ends_later_where_the_database_is_larger(
    factors, growth, least, most
):
    found = range_of("migrate", [4.0, 6.0], learned(deploys(*factors), place="server"), growth=growth, slack=0.25)

    assert (found.measured, found.least, found.most) == (5.0, least - 0.25, most + 0.25)


@pytest.mark.parametrize(("factors", "least", "most"), [((0.5,), 4 * 0.25, 6 * 2), ((3.0,), 4 * 0.5, 6 * 6)])
def test_the_range_of_a_command_without_recorded_facts_only_becomes_wider(factors, least, most):
    known = only_wider(learned(deploys(*factors), place="server"))

    found = range_of("precheck", [4.0, 6.0], known, growth=1, slack=0.0)

    assert (found.least, found.most) == (least, most)
