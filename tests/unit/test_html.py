"""The page of precheck: names do nothing but show, nothing is asked for, and a large plan is drawn in no time."""

import re
import time
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from migrations_safety.measurement.report import NOT_ASKED, not_measured
from migrations_safety.postgresql.application_statements import FROM_SERVER, ApplicationStatements
from migrations_safety.precheck.report import Data, Depth, Review
from migrations_safety.rendering import html
from migrations_safety.rendering.percent import percent
from tests.support.commands import ROOT
from tests.support.reports import HOSTILE, hostile_report, large_report, without_findings

SMALL = large_report(migrations=3, tables=3)
AT = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
VOID = {"meta", "link", "br", "path", "rect", "line", "circle", "stop"}


class Elements(HTMLParser):
    """The elements of a page with the names of their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def values(self, attribute):
        return [attributes[attribute] or "" for _, attributes in self.found if attribute in attributes]


def page(report):
    return html.precheck(report, seconds=3.14, at=AT)


@pytest.fixture(scope="module")
def drawn():
    return page(large_report(migrations=12, tables=9))


@pytest.fixture(scope="module")
def hostile():
    return page(hostile_report())


def test_every_element_is_closed(drawn, hostile):
    assert Elements(drawn).open == []
    assert Elements(hostile).open == []


def test_hostile_names_make_no_element_and_no_attribute(hostile):
    harmless = page(hostile_report(["first", "second", "third"]))

    def shape(drawn):
        return Counter((tag, *sorted(attributes)) for tag, attributes in Elements(drawn).found)

    assert shape(hostile) == shape(harmless)


def test_hostile_names_are_shown_as_they_are(hostile):
    text = "".join(Elements(hostile).text)

    assert HOSTILE[0] in text
    assert HOSTILE[2] in text
    assert "\\u202eevil\\u2066" in text


def test_no_character_of_the_page_is_unseen(hostile):
    assert html.UNSEEN.search(hostile) is None
    assert html.UNSEEN.findall("\x1b\u202e\u200b\ufeff\u2028 \n\té病") == list("\x1b\u202e\u200b\ufeff\u2028")


def test_the_policy_allows_the_style_of_the_page_by_its_hash_and_nothing_else(drawn):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', drawn)
    style = re.search(r"<style>(.*?)</style>", drawn, re.DOTALL)
    assert policy and style
    digest = b64encode(sha256(style[1].encode()).digest()).decode()

    assert policy[1] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_nothing_is_loaded_and_nothing_runs(hostile, drawn):
    for one in (Elements(hostile), Elements(drawn)):
        assert all(address.startswith(("#", "data:image/svg+xml,")) for address in one.values("href"))
        assert one.values("src") == one.values("style") == one.values("action") == []
        assert {tag for tag, _ in one.found}.isdisjoint({"script", "iframe", "object", "embed", "form", "base", "img"})
        assert not [name for _, attributes in one.found for name in attributes if name.startswith("on")]


def test_every_link_leads_to_a_place_on_the_page_and_no_place_has_two_names(drawn, hostile):
    for one in (Elements(drawn), Elements(hostile)):
        places = one.values("id")
        led_to = {address[1:] for address in one.values("href") if address.startswith("#")}

        assert led_to <= set(places)
        assert set(one.values("aria-labelledby")) <= set(places)
        assert len(places) == len(set(places))


def test_headings_leave_out_no_level(drawn):
    levels = [int(tag[1]) for tag, _ in Elements(drawn).found if re.fullmatch(r"h\d", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_title_begins_with_the_verdict(drawn):
    clean = page(without_findings(large_report(migrations=3, tables=3)))

    assert "<title>Blocked: " in drawn
    assert "<title>Safe: " in clean


def test_a_plan_that_was_not_measured_is_not_called_free_of_locks():
    report = without_findings(large_report(migrations=3, tables=3))
    drawn = page(replace(report, review=Review(measured=not_measured(NOT_ASKED), findings=())))

    assert "The plan was not measured: --no-measure." in drawn
    assert "No lock on an existing table" not in drawn


@pytest.mark.parametrize(
    ("changes", "word", "band"),
    [
        ({}, "Safe", "safe"),
        ({"data": Data(depth=Depth.CATALOG)}, "Nothing blocks", "attention"),
        ({"target": replace(SMALL.target, in_recovery=True)}, "Nothing blocks", "attention"),
        ({"plan": replace(SMALL.plan, migrations=())}, "Nothing to do", "safe"),
        ({"plan": replace(SMALL.plan, migrations=(), unapplied=SMALL.plan.migrations)}, "Nothing blocks", "safe"),
    ],
)
def test_the_word_of_the_verdict_says_no_more_than_was_looked_at(changes, word, band):
    drawn = page(replace(without_findings(SMALL), **changes))

    assert f'<header class="verdict {band}">' in drawn
    assert f"<span>{word}</span></h1>" in drawn
    assert f"<title>{word}: " in drawn


def test_statements_that_nobody_read_are_not_counted_as_parsed():
    unread = ApplicationStatements(source=FROM_SERVER, reason="the extension is missing")
    measured = replace(SMALL.review.measured, statements=unread, application=())
    drawn = page(replace(SMALL, review=replace(SMALL.review, measured=measured)))

    assert "No statement of the application was examined" in drawn


def test_what_changed_below_the_plan_stands_on_the_first_screen(drawn):
    assert drawn.index('class="notes"') < drawn.index("<nav")


def test_every_finding_opens_to_what_it_means_and_what_to_do(drawn):
    findings = re.findall(r'<details class="finding".*?</details></li>', drawn, re.DOTALL)

    assert len(findings) > 3
    for finding in findings:
        assert "What it means" in finding
        assert ("What to do" in finding) is not ("accepted " in finding)


def test_what_blocks_is_open_and_the_others_are_not(drawn):
    parts = re.findall(r'<li class="(\w+)"><details class="finding"( open)?>', drawn)

    assert {level for level, is_open in parts if is_open} == {"error"}
    assert {level for level, is_open in parts if not is_open} == {"warning", "accepted"}


def test_pictures_have_their_figures_as_text(drawn):
    assert all(attributes.get("aria-hidden") == "true" for tag, attributes in Elements(drawn).found if tag == "svg")
    lanes = re.findall(r'<svg class="lane".*?</svg>\s*<p class="figures">(.*?)</p>', drawn, re.DOTALL)
    assert len(lanes) == drawn.count('<svg class="lane"')
    assert all(re.search(r"writers wait .*\.", one) for one in lanes)


def test_500_migrations_with_2000_findings_are_drawn_in_under_two_seconds():
    report = large_report()
    began = time.process_time()

    drawn = page(report)

    assert time.process_time() - began < 2
    assert len(drawn) < 4_000_000


def test_no_number_is_written_in_the_language_of_the_user(settings):
    settings.USE_THOUSAND_SEPARATOR = True
    report = large_report(migrations=12, tables=9)
    before = page(report)

    settings.LANGUAGE_CODE = "de"

    assert page(report) == before


def test_no_template_switches_escaping_off():
    files = sorted((ROOT / "migrations_safety/rendering/templates/html").rglob("*.html"))
    safe = {file.name for file in files if re.search(r"\|\s*safe\b|autoescape|safeseq", file.read_text())}

    assert safe == {"base.html"}  # the style


def test_attributes_are_quoted():
    for file in (ROOT / "migrations_safety/rendering/templates/html").rglob("*.html"):
        assert not re.search(r"\s[\w-]+=(?!\")", re.sub(r"{%.*?%}|\"[^\"]*\"", '""', file.read_text())), file


@pytest.mark.parametrize(("part", "length"), [(0, "0%"), (1, "0.5%"), (5000, "50%"), (20_000, "100%")])
def test_lengths_of_bars(part, length):
    assert percent(part, 10_000) == length
