"""The reports that the tests of all formats draw are as large and as hostile as they are said to be."""

import json

from migrations_safety.rendering import serialization, text
from tests.support.reports import CHINESE, HOSTILE, hostile_report, large_report, without_findings


def test_the_large_report_has_500_migrations_and_2000_findings():
    report = large_report()

    assert len(report.plan.migrations) == len(report.review.measured.transactions) == 500
    assert len(report.findings) >= 2000
    assert report.verdict == "blocked"


def test_the_hostile_report_is_full_of_hostile_names():
    report = hostile_report()

    written = json.dumps(serialization.precheck(report, seconds=1.0), ensure_ascii=False)
    assert len(CHINESE.encode()) == 63
    assert [name for name in HOSTILE if json.dumps(name, ensure_ascii=False)[1:-1] not in written] == []


def test_text_and_json_take_both():
    for report in (large_report(), hostile_report(), without_findings(large_report())):
        assert text.precheck(report, seconds=1.0, width=100, colour=False)
        assert serialization.precheck(report, seconds=1.0)["verdict"] == report.verdict
