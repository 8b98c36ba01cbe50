"""Annotations of GitHub Actions: ten of each level and no more, and names that give no command to the runner."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrations_safety.messages.wording import data
from migrations_safety.precheck.report import Known
from migrations_safety.rendering import github
from migrations_safety.rendering.ci_of_precheck import of_precheck
from tests.support.markdown import raw_html, tables
from tests.support.reports import HOSTILE, hostile_report, large_report, report_of, unaccepted, without_findings

COMMAND = re.compile(r"::(error|warning) ([^:]*)::(.*)")
SMALL = report_of(["shop_order"], ["shop.0004_total"], columns=["total"], database="shop")
AT = datetime(2026, 11, 27, tzinfo=UTC)
LIMIT = 1024 * 1024


def drawn(report):
    return github.draw(of_precheck(report, root=Path.cwd()), seconds=1, at=AT)


def commands(report):
    """The commands as the runner reads them: name, properties, message."""
    found = []
    for line in drawn(report).splitlines():
        match = COMMAND.fullmatch(line)
        assert match, line
        properties = dict(one.split("=", 1) for one in match[2].split(","))
        found.append((match[1], {name: plain(value) for name, value in properties.items()}, plain(match[3])))
    return found


def plain(text):
    for written, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(written, meant)
    return text


def test_an_annotation_stands_at_the_operation_and_says_what_helps():
    locks = next(one for one in commands(unaccepted(SMALL)) if "locks.E002" in one[1]["title"])

    assert locks[:2] == (
        "error",
        {
            "file": "shop/migrations/0004_total.py",
            "line": "13",
            "title": "locks.E002: Lock is held longer than --max-stall",
        },
    )
    assert locks[2].startswith("shop_order is locked by shop.0004_total")
    assert locks[2].endswith("\nAddIndexConcurrently.")


def test_what_stands_in_no_file_of_the_repository_has_no_file():
    drift = next(one for one in commands(SMALL) if "drift.W001" in one[1]["title"])

    assert list(drift[1]) == ["title"]


def test_of_many_there_are_ten_of_each_level_and_the_last_says_how_many_more():
    found = commands(large_report())

    assert [one[0] for one in found] == ["error"] * 10 + ["warning"] * 10
    assert found[9][1:] == (
        {"title": "precheck: blocked"},
        "791 more errors are not shown here. The summary of this step has them, and so has --format json.",
    )
    assert found[-1][2].startswith("801 more warnings are not shown here.")


@pytest.mark.parametrize(("number", "last"), [(10, "data.E001"), (11, "precheck")])
def test_exactly_ten_are_all_shown(number, last):
    found = tuple(data.nulls(f"bed_{rows}", rows=rows, migration="shop.0004_total") for rows in range(1, number + 1))
    shown = commands(replace(SMALL, findings=found))

    assert len(shown) == 10
    assert shown[-1][1]["title"].startswith(last)
    assert shown[0][2].startswith(f"bed_{number} is NULL in {number} rows")


def test_each_rule_is_seen_before_a_second_finding_of_the_same():
    titles = [one[1]["title"].partition(":")[0] for one in commands(large_report())]

    assert titles[:2] == ["data.E001", "locks.E002"]
    assert titles[10:13] == ["application.W001", "drift.W001", "plan.W014"]


def test_what_is_accepted_and_what_informs_is_not_annotated():
    accepted = tuple(one for one in SMALL.findings if one.accepted)

    assert accepted
    assert drawn(replace(SMALL, findings=accepted)) == drawn(without_findings(SMALL)) == ""


@pytest.mark.parametrize("name", [*HOSTILE, "a,line=1::x", "%0A::error::", "\u2028::error::", "::stop-commands::x"])
def test_no_name_gives_a_command(name):
    report = hostile_report((name, name, name))

    found = commands(report)

    assert {frozenset(one[1]) for one in found} <= {
        frozenset({"title"}), frozenset({"file", "title"}), frozenset({"file", "line", "title"}),
    }  # fmt: skip
    assert {one[1].get("line") for one in found} <= {None, "11", "13"}
    assert [line for line in drawn(report).splitlines() if not line.isprintable()] == []


def test_a_percent_sign_is_shown_as_itself():
    messages = [one[2] for one in commands(hostile_report(("50%0A", "bed", "stay")))]

    assert any(message.startswith('"50%0A"."50%0A" is NULL') for message in messages)


def summary(report, limit=LIMIT):
    return github.summary(of_precheck(report, root=Path.cwd()), limit)


def test_the_summary_has_every_finding_with_its_place():
    [table] = tables(summary(SMALL))

    assert summary(SMALL).startswith("### precheck of `shop`: Blocked: do not migrate yet.\n")
    assert len(table.rows) == len(SMALL.findings)
    assert table.rows[0][:2] == ["error", "data.E001"]
    assert {row[3] for row in table.rows} == {
        "shop/migrations/0004_total.py", "shop/migrations/0004_total.py:11", "shop/migrations/0004_total.py:13",
        "index shop_order_idx",
    }  # fmt: skip
    assert [row[0] for row in table.rows if row[4].startswith("Accepted in ")] == ["accepted error"]


@pytest.mark.parametrize("limit", [LIMIT, 100_000, 1_000])
def test_a_summary_that_would_be_too_large_says_how_many_findings_it_lacks(limit):
    report = large_report()
    drawn = summary(report, limit)

    assert len(drawn.encode()) <= limit
    rows = sum(len(table.rows) for table in tables(drawn))
    left = re.search(r"([\d,]+) more findings, which", drawn)
    assert rows + (int(left[1].replace(",", "")) if left else 0) == len(report.findings)
    assert bool(left) == (limit < LIMIT)


def test_the_summary_says_what_is_not_told_again():
    known = Known(file="known.json", findings=SMALL.findings, gone=())

    drawn = summary(replace(without_findings(SMALL), known=known))

    assert "5 known findings are in the baseline known.json and not told again." in drawn
    assert tables(drawn) == []


def test_where_nothing_fits_nothing_is_written():
    assert summary(large_report(), 10) == summary(large_report(), -5) == ""


def test_names_break_out_of_no_cell():
    drawn = summary(hostile_report())

    [table] = tables(drawn)
    assert {len(row) for row in table.rows} == {table.headings} == {5}
    assert raw_html(drawn) == []
