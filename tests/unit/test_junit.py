"""The precheck as JUnit XML: one case for each migration and area, so that what passes shows, too."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from migrations_safety.measurement.report import NOTHING_TO_LOCK, not_measured
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.wording import locks
from migrations_safety.precheck.report import Depth
from migrations_safety.rendering import junit
from migrations_safety.rendering.ci_of_precheck import of_precheck
from tests.support.reports import hostile_report, large_report, report_of, without_findings

AT = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
LABELS = ["shop.0004_total", "shop.0005_more"]
SMALL = report_of(["shop_order"], LABELS, columns=["total"], database="shop")
OF_THE_DATABASE = ["target", "privilege", "tables", "types", "references", "partition", "drift"]


def suites(report=SMALL):
    return ElementTree.fromstring(junit.draw(of_precheck(report, root=Path.cwd()), seconds=1.5, at=AT))


def cases(report=SMALL):
    found = suites(report).findall("testsuite/testcase")
    return {(one.get("classname"), one.get("name")): one for one in found}


def test_there_is_a_case_for_each_area_of_the_database_and_of_each_migration():
    of_migrations = [(label, area) for label in LABELS for area in ("plan", "data", "locks", "application")]

    assert list(cases(without_findings(SMALL))) == [("database shop", area) for area in OF_THE_DATABASE] + of_migrations
    assert [list(one) for one in cases(without_findings(SMALL)).values()] == [[]] * 15


def test_an_adopted_migration_has_a_case_for_the_plan_alone():
    plan = replace(SMALL.plan, adopted=SMALL.plan.migrations[:1], migrations=())

    found = cases(without_findings(replace(SMALL, plan=plan)))

    assert [area for label, area in found if label == "shop.0004_total"] == ["plan"]


def test_a_rollback_has_areas_of_its_own():
    plan = replace(SMALL.plan, unapplied=SMALL.plan.migrations, migrations=())

    found = cases(without_findings(replace(SMALL, plan=plan)))

    assert [area for label, area in found if label == "shop.0004_total"] == ["rollback", "locks", "application"]


def test_an_error_is_a_failure_with_its_rule_its_file_and_what_helps():
    case = cases()["shop.0004_total", "data"]
    failure = case.find("failure")

    assert failure is not None and failure.text is not None
    assert (failure.get("type"), case.get("file")) == ("data.E001", "shop/migrations/0004_total.py")
    assert failure.get("message", "").startswith('shop_order."total" is NULL in 12 rows')
    assert "error data.E001: " in failure.text
    assert "\n    Give them a value first: " in failure.text


def test_a_warning_is_output_of_a_case_that_passes():
    case = cases()["database shop", "drift"]

    assert [one.tag for one in case] == ["system-out"]
    assert case.findtext("system-out", "").startswith("warning drift.W001: index shop_order_idx does not exist")


def test_a_warning_is_a_failure_where_warnings_block():
    case = cases(replace(SMALL, fail_level=Level.WARNING))["database shop", "drift"]

    assert [one.tag for one in case] == ["failure"]


def test_an_accepted_finding_is_skipped_with_its_reason_unless_the_case_fails():
    accepted = [one for one in SMALL.findings if one.accepted]
    case = cases(replace(SMALL, findings=tuple(accepted)))["shop.0004_total", "locks"]
    skipped = case.find("skipped")

    assert skipped is not None
    assert skipped.get("message", "").startswith("Accepted in shop.0004_total until 2026-12-31: Nobody writes")
    assert [one.tag for one in case] == ["skipped"]


def test_a_case_that_fails_is_not_counted_as_skipped():
    [error] = [one for one in SMALL.findings if one.id == "data.E001" and one.migration == LABELS[0]]
    [accepted] = [one for one in SMALL.findings if one.accepted and one.migration == LABELS[0]]
    report = replace(SMALL, findings=(error, replace(error, accepted=accepted.accepted)))

    assert [one.tag for one in cases(report)["shop.0004_total", "data"]] == ["failure"]
    assert (suites(report).get("failures"), suites(report).get("skipped")) == ("1", "0")


def unlooked(report):
    found = {area: one.find("skipped") for (label, area), one in cases(report).items() if label != "database shop"}
    return {area: one.get("message") for area, one in found.items() if one is not None}


@pytest.mark.parametrize(
    ("depth", "words"),
    [
        (Depth.CATALOG, "not counted (--no-data)"),
        (Depth.ESTIMATE, "estimated, not counted (--approximate)"),
        (Depth.COUNT, None),
    ],
)
def test_rows_that_nobody_counted_do_not_pass(depth, words):
    report = without_findings(replace(SMALL, data=replace(SMALL.data, depth=depth)))

    assert unlooked(report) == ({"data": words} if words else {})
    skipped = cases(report)["database shop", "references"].find("skipped")
    assert (None if skipped is None else skipped.get("message")) == words


def test_locks_that_nobody_measured_do_not_pass():
    def of(reason):
        measured = replace(SMALL.review, measured=not_measured(reason), held=())
        return without_findings(replace(SMALL, review=measured))

    words = "not measured: the server lacks an extension"
    assert unlooked(of("the server lacks an extension")) == {"data": words, "locks": words}
    assert unlooked(of(NOTHING_TO_LOCK)) == {}


def test_what_the_sessions_hold_is_looked_at_though_no_migration_has_it():
    finding = locks.prepared_transaction("shop_order", seconds=4)
    warning = replace(finding, id="locks.W001", level=Level.WARNING)

    found = cases(replace(SMALL, findings=(warning,)))

    assert [one.tag for one in found["database shop", "locks"]] == ["system-out"]
    assert list(found)[7] == ("database shop", "locks")


def test_a_migration_that_the_measurement_did_not_reach_does_not_pass():
    measured = replace(SMALL.review.measured, transactions=SMALL.review.measured.transactions[:1], error="42601")
    report = without_findings(replace(SMALL, review=replace(SMALL.review, measured=measured)))

    skipped = [place for place, case in cases(report).items() if case.find("skipped") is not None]
    assert skipped == [("shop.0005_more", "data"), ("shop.0005_more", "locks")]


def test_the_numbers_are_those_of_the_cases():
    root = suites(large_report())
    found = cases(large_report()).values()

    assert root.get("tests") == str(len(found)) == "2007"
    assert root.get("failures") == str(len([one for one in found if one.find("failure") is not None])) != "0"
    assert root.get("skipped") == str(len([one for one in found if one.find("skipped") is not None])) != "0"
    [suite] = root.findall("testsuite")
    assert (suite.get("time"), suite.get("timestamp")) == ("1.500", "2026-11-27T02:30:00")
    assert suite.get("name") == "precheck of hospital: blocked"


@pytest.mark.parametrize("name", ["]]>", "<!--", "\x01\x00", "\ufffe", "\ud800", "\u202e", "\r\n", "a\tb"])
def test_no_name_breaks_the_xml(name):
    drawn = junit.draw(of_precheck(hostile_report((name, name, name)), root=Path.cwd()), seconds=1, at=AT)

    assert len(ElementTree.fromstring(drawn).findall("testsuite/testcase")) > 7
    assert not set(drawn) & set("\x00\x01\ufffe\u202e\r\t")
