from datetime import date, datetime
from typing import Any

import pytest

from migrations_safety.acceptances import AcceptedFinding, accepted_by
from migrations_safety.messages.findings import finding
from migrations_safety.messages.refusals.acceptance import AcceptanceRefused
from migrations_safety.plan.planned_migration import PlannedMigration
from migrations_safety.precheck.acceptance import accept

TODAY = date(2026, 11, 26)
EVERY_AREA = frozenset({"plan", "data", "locks", "application", "drift"})


class Migration:
    app_label = "shop"
    name = "0004_x"
    accepted_findings: Any = ()


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"id": "plan.W999"}, "no finding has this id"),
        ({"id": "target.E001"}, "only findings of the areas"),
        ({"id": "plan.W013"}, "a finding about an acceptance"),
        ({"id": None}, "no finding has this id"),
        ({"reason": " "}, "reason="),
        ({"reason": None}, "reason="),
        ({"subject": ""}, "subject="),
        ({"until": "2027-01-01"}, "until="),
        ({"until": datetime(2027, 1, 1)}, "until="),
        ({"max_rows": -1}, "max_rows="),
        ({"max_rows": True}, "max_rows="),
    ],
)
def test_an_acceptance_that_cannot_be_meant_says_why(values, problem):
    words = {"id": "plan.W006", "reason": "Nobody reads it.", **values}

    with pytest.raises(AcceptanceRefused, match=problem) as refused:
        AcceptedFinding(words.pop("id"), **words)

    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize("listed", ["plan.W006", ["plan.W006"], None, AcceptedFinding("plan.W006", reason="x")])
def test_a_migration_must_list_acceptances(listed):
    migration = Migration()
    migration.accepted_findings = listed

    with pytest.raises(AcceptanceRefused, match=r"shop\.0004_x cannot be used: accepted_findings must be a list"):
        accepted_by(migration)


def test_a_migration_without_a_list_accepts_nothing():
    assert accepted_by(object()) == ()


def planned(*accepts):
    return PlannedMigration(
        app="shop", name="0004_x", atomic=True, creates=(), others=(), enums=(), checksum="", is_baseline=False,
        accepts=accepts,
    )  # fmt: skip


def dropped(migration="shop.0004_x", rows=None):
    return finding("plan.W006", 'shop_order."note"', "is dropped.", "Keep it.", migration=migration, rows=rows)


def accepted(found, *, judged=EVERY_AREA, **how):
    acceptance = AcceptedFinding(how.pop("id", "plan.W006"), reason="Nobody reads it.", **how)
    result = accept([found], [planned(acceptance)], judged=judged, today=TODAY)
    return [(one.id, str(one.accepted) if one.accepted else None) for one in result]


WITH_REASON = ("plan.W006", "Accepted in shop.0004_x: Nobody reads it.")


@pytest.mark.parametrize("how", [{}, {"subject": 'shop_order."note"'}, {"max_rows": 9}])
def test_an_accepted_finding_has_its_reason(how):
    assert accepted(dropped(rows=9), **how) == [WITH_REASON]
    assert accepted(dropped(migration="", rows=9), **how) == [WITH_REASON]


def test_an_acceptance_holds_to_the_end_of_its_last_day():
    assert accepted(dropped(), until=TODAY) == [
        ("plan.W006", "Accepted in shop.0004_x until 2026-11-26: Nobody reads it.")
    ]
    assert accepted(dropped(), until=date(2026, 11, 25)) == [("plan.W006", None), ("plan.W011", None)]


@pytest.mark.parametrize("rows", [10, None])
def test_more_rows_than_accepted_or_an_unknown_number_count_again(rows):
    assert accepted(dropped(rows=rows), max_rows=9) == [("plan.W006", None), ("plan.W012", None)]


@pytest.mark.parametrize("how", [{"subject": "shop_order"}, {"id": "plan.W007"}])
def test_an_acceptance_of_something_else_is_a_finding(how):
    assert accepted(dropped(), **how) == [("plan.W006", None), ("plan.W013", None)]


def test_a_migration_accepts_no_finding_of_another_one():
    assert accepted(dropped(migration="shop.0005_y")) == [("plan.W006", None), ("plan.W013", None)]


def test_what_depends_on_the_database_may_be_absent_here():
    assert accepted(dropped(), id="locks.W001") == [("plan.W006", None), ("plan.I010", None)]


def test_where_nobody_looked_no_acceptance_is_blamed():
    assert accepted(dropped(), id="plan.W007", judged=frozenset()) == [("plan.W006", None)]
