"""The written reports of the commands other than precheck: what they say, and that no name breaks out of them."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrations_safety.rendering import html, html_account, markdown
from migrations_safety.rendering.document import audit_account, backfill_account, verification_account
from migrations_safety.rendering.run_timeline import MOST_RUNS, NARROWEST, run_timeline
from migrations_safety.rendering.template_engine import NOTHING
from tests.support.account_reports import START, audit_report, backfill_report, verification_report
from tests.support.markdown import headings, links, raw_html, tables, tokens
from tests.support.reports import HOSTILE
from tests.unit.test_html import Elements
from tests.unit.test_markdown import OURS

AT = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
TAME = ("bed", "ward", "hospital")


def verification(report):
    return verification_account.verification(report, command="verify_schema", seconds=1.2, at=AT)


def backfill(report):
    return backfill_account.backfill(report, seconds=1.2, at=AT)


def audit(report):
    return audit_account.audit(report, seconds=1.2, at=AT)


ACCOUNTS = {
    "verification": lambda names: verification(verification_report(names)),
    "backfill": lambda names: backfill(backfill_report(names)),
    "audit": lambda names: audit(audit_report(names)),
}
PAGES = {
    "verification": lambda names: html_account.account(verification(verification_report(names))),
    "backfill": lambda names: html_account.account(backfill(backfill_report(names))),
    "audit": lambda names: html_account.audit(audit(audit_report(names)), audit_report(names)),
}
EVERY = pytest.mark.parametrize("command", ACCOUNTS)


@EVERY
@pytest.mark.parametrize("names", [HOSTILE, *[(name,) * 3 for name in HOSTILE], ("`", "``x`", "a\\|b")], ids=repr)
def test_names_break_out_of_no_markdown(command, names):
    document = markdown.account(ACCOUNTS[command](names))

    assert all(len(row) == table.headings for table in tables(document) for row in table.rows)
    assert [one for one in raw_html(document) if OURS.sub("", one).strip()] == []
    assert links(document) == []
    assert "\u202e" not in document


@EVERY
def test_hostile_names_change_no_shape(command):
    kinds = ("heading_open", "table_open", "tr_open", "fence", "list_item_open")

    def shape(names):
        return [token.type for token in tokens(markdown.account(ACCOUNTS[command](names))) if token.type in kinds]

    def elements(names):
        return Counter((tag, *sorted(attributes)) for tag, attributes in Elements(PAGES[command](names)).found)

    assert shape(HOSTILE) == shape(TAME)
    assert elements(HOSTILE) == elements(TAME)


@EVERY
def test_a_page_is_closed_asks_for_nothing_and_shows_names_as_they_are(command):
    page = PAGES[command](HOSTILE)
    elements = Elements(page)
    places = elements.values("id")

    assert elements.open == []
    assert html.UNSEEN.search(page) is None
    assert all(address.startswith(("#", "data:image/svg+xml,")) for address in elements.values("href"))
    assert elements.values("src") == elements.values("style") == []
    assert {tag for tag, _ in elements.found}.isdisjoint({"script", "iframe", "object", "form", "img"})
    assert {one[1:] for one in elements.values("href") if one.startswith("#")} <= set(places)
    assert len(places) == len(set(places))
    assert HOSTILE[0] in "".join(elements.text)


@EVERY
def test_each_begins_with_its_marker_the_title_and_the_verdict(command):
    written = ACCOUNTS[command](TAME)
    first = markdown.account(written).splitlines()

    assert first[0] == f"<!-- migrations_safety: {written.command} -->"
    assert first[1:3] == [f"# {written.title}", ""]
    assert first[3] == f"**{written.sentence}**"
    assert f"<title>{written.word}: {written.title}</title>" in PAGES[command](TAME)


def test_what_is_declared_stands_beside_what_was_found():
    document = markdown.account(verification(verification_report()))
    numbers, differences = [one for one in tables(document) if one.headings == 4][:2]

    assert "Declared beside found" in headings(document)
    assert numbers.rows[1] == ["columns", "20", "18", "2"]
    assert differences.rows == [
        ["bed", "a table", "does not exist", "schema.E001"],
        ["ward", "integer", "hospital", "schema.E005"],
        ["hospital", "bed", "does not exist", "schema.E013"],
        ["bed", "nothing", "ward", "schema.E010"],
    ]


def test_a_number_that_nobody_counted_is_not_said_to_be_none():
    report = replace(verification_report(), counted_keys=0, uncounted_keys=3, orphan_rows=0, findings=())

    document = markdown.account(verification(report))

    assert "Rows without a parent: not counted (0 of 3 foreign keys)." in document
    assert "every reference has its parent" not in document


def test_a_backfill_says_what_was_done_and_what_was_refused():
    document = markdown.account(backfill(backfill_report()))

    assert f"| placeholders created | {NOTHING} | 1,234 |" in document
    assert "| `sentinel_word` | 2 |" in document
    assert "precheck --expect-database hospital" in document


def test_a_dry_run_is_not_green():
    written = backfill(replace(backfill_report(), dry_run=True, refused={}, not_restored={}))

    assert written.tone == "attention"
    assert "What would be done" in headings(markdown.account(written))


def test_a_record_that_does_not_exist_is_not_green():
    report = replace(audit_report(), exists=False, runs=(), findings=())

    assert audit(report).tone == "attention"
    assert "There is no record" in markdown.account(audit(report))


def test_runs_are_drawn_at_their_time_newest_first():
    report = audit_report(runs=6)

    picture = run_timeline(report.runs)

    assert [run.state for run in picture.runs] == ["open", "failed", "finished"] * 2
    assert [run.datetime for run in picture.runs][-1] == START.isoformat()
    places = [float(run.bar.x.rstrip("%")) for run in picture.runs]
    assert places == sorted(places, reverse=True)
    assert places[-1] == 0
    assert min(float(run.bar.width.rstrip("%")) for run in picture.runs) >= NARROWEST
    assert [mark.label for mark in picture.marks][::4] == ["11-01 02:00", "11-06 02:05"]


def test_every_bar_ends_within_the_picture():
    for number in (1, 2, 5, 40):
        for run in run_timeline(audit_report(runs=number).runs).runs:
            assert float(run.bar.x.rstrip("%")) + float(run.bar.width.rstrip("%")) <= 100.01


def test_of_a_long_record_the_newest_runs_are_drawn_and_the_others_counted():
    report = audit_report(runs=5_000)

    page = html_account.audit(audit(report), report)
    document = markdown.account(audit(report))

    assert run_timeline(report.runs).left_out == 5_000 - MOST_RUNS
    assert "4,800 older runs are not drawn" in page
    assert "4,950 more" in document
    assert len(document) < 65_536
