"""GitLab's Code Quality report: what it must have to be taken, and that no finding hides another."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.rendering import gitlab
from migrations_safety.rendering.ci_of_precheck import of_precheck
from tests.support.reports import hostile_report, large_report, report_of, unaccepted, without_findings

AT = datetime(2026, 11, 27, tzinfo=UTC)
SMALL = report_of(["shop_order"], ["shop.0004_total"], columns=["total"], database="shop")


def issues(report=SMALL):
    return json.loads(gitlab.draw(of_precheck(report, root=Path.cwd()), seconds=1, at=AT))


def issue(id, report=SMALL):
    return next(one for one in issues(report) if one["check_name"] == id)


def test_an_issue_has_what_gitlab_demands():
    found = issue("locks.E002", unaccepted(SMALL))

    assert found["location"] == {"path": "shop/migrations/0004_total.py", "lines": {"begin": 13}}
    assert found["description"].startswith("shop_order is locked by shop.0004_total")
    assert found["description"].endswith(" AddIndexConcurrently.")
    for one in issues(hostile_report()):
        assert one["location"]["path"] and not one["location"]["path"].startswith(("/", "./"))
        assert one["location"]["lines"]["begin"] >= 1
        assert one["description"].isprintable()


def test_what_blocks_is_a_blocker_and_what_is_accepted_an_info():
    assert issue("locks.E002", unaccepted(SMALL))["severity"] == "blocker"
    assert issue("drift.W001")["severity"] == "major"
    assert issue("drift.W001", replace(SMALL, fail_level=Level.WARNING))["severity"] == "blocker"
    accepted = [one for one in issues() if "Accepted in shop.0004_total until 2026-12-31" in one["description"]]
    assert {one["severity"] for one in accepted} == {"info"}


def test_no_fingerprint_is_there_twice_because_gitlab_shows_the_first_alone():
    found = [one["fingerprint"] for one in issues(large_report())]
    twice = [one["fingerprint"] for one in issues(replace(SMALL, findings=SMALL.findings * 2))]

    assert len(set(found)) == len(found) >= 2000
    assert len(set(twice)) == len(twice)
    assert twice[: len(SMALL.findings)] == [one["fingerprint"] for one in issues()]


def test_without_findings_it_is_an_empty_list():
    assert issues(without_findings(SMALL)) == []
