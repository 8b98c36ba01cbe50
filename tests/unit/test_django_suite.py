"""What the runner of Django's own tests takes for a difference, and for one that is expected."""

import pytest

from tests.django_suite.expected import DIFFERENCES
from tests.django_suite.outcomes import PASSED, compare


@pytest.mark.parametrize(
    ("plain", "ours", "new"),
    [
        (PASSED, PASSED, False),
        (PASSED, "skipped", True),
        (PASSED, "AssertionError: no", True),
        (PASSED, None, True),
        ("skipped", "skipped", False),
        ("AssertionError: no", "AssertionError: no", False),
        ("AssertionError: no", PASSED, False),
    ],
)
def test_what_passes_with_plain_django_must_pass_with_ours(plain, ours, new):
    found = compare({"a": plain}, {"a": ours} if ours else {}, [])

    assert found.new == ({"a"} if new else set())
    assert [line.split(":")[0] for line in found.lines()] == ["DIFFERS"] * new


@pytest.mark.parametrize(("ours", "gone"), [("AssertionError: no", False), (PASSED, True)])
def test_a_difference_that_is_expected_is_told_when_it_has_gone(ours, gone):
    found = compare({"a": PASSED, "b": PASSED}, {"a": ours, "b": PASSED}, ["a"])

    assert (found.new, found.gone) == (set(), {"a"} if gone else set())
    assert found.summary().endswith(f"{0 if gone else 1} differ as documented.")


def test_each_expected_difference_has_its_reason():
    assert all(reason.endswith(".") and len(reason) > 40 for reason in DIFFERENCES.values())
