"""The findings as SARIF: what code scanning shows of them, and by what it knows one again."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path, PurePath

from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.precheck.report import Known
from migrations_safety.rendering import sarif
from migrations_safety.rendering.ci_of_precheck import of_precheck
from tests.support.reports import hostile_report, large_report, report_of, unaccepted, without_findings

AT = datetime(2026, 11, 27, 3, 30, tzinfo=timezone(timedelta(hours=1)))
SMALL = report_of(["shop_order"], ["shop.0004_total"], columns=["total"], database="shop")


def run(report=SMALL, root=None):
    drawn = sarif.draw(of_precheck(report, root=root or Path.cwd()), seconds=60.5, at=AT)
    return json.loads(drawn)["runs"][0]


def result(id, report=SMALL, **values):
    return next(one for one in run(report, **values)["results"] if one["ruleId"] == id)


def test_a_result_says_what_where_and_what_helps():
    found = result("locks.E002", unaccepted(SMALL))

    assert found["level"] == "error"
    assert found["message"]["text"].startswith("shop_order is locked by shop.0004_total, operation 3")
    assert found["message"]["text"].endswith(" AddIndexConcurrently.")
    assert found["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "shop/migrations/0004_total.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 13},
            },
            "logicalLocations": [{"fullyQualifiedName": "shop.0004_total", "kind": "module"}],
        }
    ]
    assert "fixes" not in found


def test_every_result_has_a_path_because_github_refuses_a_file_with_one_that_has_none():
    elsewhere = run(SMALL, root=PurePath("/nowhere"))["results"]
    uris = {(where["uriBaseId"], where["uri"]) for one in elsewhere for where in [artifact(one)]}

    assert uris == {("SITE_PACKAGES", "shop/migrations/0004_total.py"), ("DATABASE", "shop")}
    assert {base for base, _ in uris} < set(run()["originalUriBaseIds"])
    assert all(one["locations"][0]["logicalLocations"] for one in elsewhere)


def artifact(result):
    return result["locations"][0]["physicalLocation"]["artifactLocation"]


def test_a_rule_has_the_words_of_the_catalogue_and_the_level_of_its_id():
    driver = run()["tool"]["driver"]
    rule = driver["rules"][result("data.E001", large_report(migrations=3))["ruleIndex"]]

    assert [one["id"] for one in driver["rules"]] == [
        id for id in CATALOGUE if id in {one.id for one in SMALL.findings}
    ]
    assert rule["help"]["markdown"] == rule["fullDescription"]["text"] == CATALOGUE[rule["id"]].help
    assert rule["defaultConfiguration"] == {"level": {"E": "error", "W": "warning"}[rule["id"].partition(".")[2][0]]}
    for one in run()["results"]:
        assert driver["rules"][one["ruleIndex"]]["id"] == one["ruleId"]


def test_a_fingerprint_outlives_new_lines_counts_and_words_and_not_another_operation():
    known = result("locks.E002")["partialFingerprints"]
    one = next(one for one in SMALL.findings if one.id == "locks.E002")

    def fingerprints(**values):
        return result("locks.E002", replace(SMALL, findings=(replace(one, **values),)))["partialFingerprints"]

    assert fingerprints(message="is locked otherwise.", rows=5, hint="") == known
    assert fingerprints(operation=1) != known
    assert fingerprints(subject="shop_item") != known
    assert fingerprints(migration="shop.0005_more") != known
    assert set(known) == {"migrationOperationRule/v1"}


def test_github_gets_our_fingerprint_where_it_would_take_two_findings_for_one_or_has_no_file():
    one = next(one for one in SMALL.findings if one.id == "locks.E002")
    two = run(replace(SMALL, findings=(one, replace(one, subject="shop_item"))))["results"]

    [[first, githubs], [second, other]] = [list(one["partialFingerprints"].values()) for one in two]
    assert (first, second) == (githubs, other)
    assert first != second
    assert "primaryLocationLineHash" in result("drift.W001")["partialFingerprints"]
    assert "primaryLocationLineHash" in result("locks.E002", root=PurePath("/nowhere"))["partialFingerprints"]


def test_an_accepted_finding_is_suppressed_with_its_reason_and_is_no_error():
    accepted = [one for one in run()["results"] if "suppressions" in one]

    assert len(accepted) == len([one for one in SMALL.findings if one.accepted]) > 0
    assert {one["level"] for one in accepted} == {"note"}
    [suppression] = accepted[0]["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("inSource", "accepted")
    assert suppression["justification"].startswith("Accepted in shop.0004_total until 2026-12-31: Nobody writes")


def test_a_run_says_when_it_was_and_of_which_database():
    found = run()

    assert found["invocations"] == [
        {
            "executionSuccessful": True,
            "startTimeUtc": "2026-11-27T02:28:59Z",
            "endTimeUtc": "2026-11-27T02:30:00Z",
            "toolExecutionNotifications": [],
        }
    ]
    assert found["automationDetails"] == {"id": "precheck/default/"}
    assert (found["properties"]["verdict"], found["properties"]["database"]["name"]) == ("blocked", "shop")


def test_more_results_than_github_takes_are_left_out_the_least_first(monkeypatch):
    monkeypatch.setattr(sarif, "MOST", 3)
    found = run(large_report(migrations=4))

    assert [one["level"] for one in found["results"]] == ["error"] * 3
    [notification] = found["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "23 findings left out: a run may have 3 results."


def test_what_a_baseline_holds_is_no_result_and_is_told():
    known = Known(file="known.json", findings=SMALL.findings[1:], gone=())

    found = run(replace(SMALL, findings=SMALL.findings[:1], known=known))

    [notification] = found["invocations"][0]["toolExecutionNotifications"]
    assert len(found["results"]) == 1
    assert notification["level"] == "note"
    assert notification["message"]["text"] == "4 known findings are in the baseline known.json and not told again."


def test_what_nothing_speaks_against_has_no_results():
    assert run(without_findings(SMALL))["results"] == []


def test_names_make_no_link_no_placeholder_and_no_line():
    texts = [one["message"]["text"] for one in run(hostile_report(("[a](http://x)", "{0}", "a\n\u202eb")))["results"]]

    assert [text for text in texts if "](" in text] == []
    assert [text for text in texts if "{0}" in text.replace("{{0}}", "")] == []
    assert [text for text in texts if not text.isprintable()] == []


def test_paths_are_uris():
    uris = {artifact(one)["uri"] for one in run(hostile_report())["results"]}

    assert [uri for uri in uris if not uri.isascii() or set(uri) & set(" <>\"'`|\n")] == []


def test_two_thousand_findings_are_all_drawn():
    report = large_report()

    assert len(run(report)["results"]) == len(report.findings)
