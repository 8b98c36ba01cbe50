"""The page of precheck in a real browser: it asks for nothing, fits a phone, opens by keyboard, and passes axe-core."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering import html
from tests.browser.conftest import PHONE, SCREEN
from tests.support.reports import HOSTILE, hostile_report, large_report, without_findings

AT = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
REACHED = """(one => one.closest('.finding')?.querySelector('.body').id || one.className)(document.activeElement)"""
"""The id of the finding that has the focus, else the class of the element."""
SCHEMES = ("light", "dark")
VIEWPORTS = {"phone": PHONE, "screen": SCREEN}


def page(report: PrecheckReport) -> str:
    return html.precheck(report, seconds=3.1, at=AT)


SMALL = large_report(migrations=3, tables=3)
REPORTS = {
    "blocked": large_report(migrations=12, tables=9),
    "attention": replace(SMALL, findings=tuple(one for one in SMALL.findings if one.level is not Level.ERROR)),
    "hostile": hostile_report(),
    "clean": without_findings(SMALL),
}
EVERY_REPORT = pytest.mark.parametrize("name", REPORTS)
EVERY_SCHEME = pytest.mark.parametrize("scheme", SCHEMES)
EVERY_VIEWPORT = pytest.mark.parametrize("viewport", VIEWPORTS)


@EVERY_REPORT
@EVERY_SCHEME
@EVERY_VIEWPORT
def test_axe_finds_no_violation(open_page, name, scheme, viewport):
    opened = open_page(page(REPORTS[name]), viewport=VIEWPORTS[viewport], color_scheme=scheme)
    opened.open_all()

    assert opened.violations() == []


@EVERY_REPORT
def test_nothing_is_asked_for_and_nothing_is_complained_about(open_page, name):
    opened = open_page(page(REPORTS[name]))
    opened.open_all()

    assert opened.requests_elsewhere == []
    assert opened.complaints == []


def test_the_policy_of_the_page_forbids_what_it_does_not_hold(open_page):
    smuggled = '<img src="https://example.org/x.png"><script>document.title = "run"</script><p style="color: red">x</p>'
    opened = open_page(page(REPORTS["blocked"]).replace("<main", f"{smuggled}<main", 1))

    assert opened.page.title().startswith("Blocked")
    assert sum("Content Security Policy" in one for one in opened.complaints) == 3


@EVERY_REPORT
@pytest.mark.parametrize("width", [320, 360, 768, 1280, 1920])
def test_it_never_scrolls_sideways(open_page, name, width):
    opened = open_page(page(REPORTS[name]), viewport={"width": width, "height": 740})
    opened.open_all()

    assert opened.overflow <= 0


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_the_verdict_what_blocks_and_the_next_step_are_on_the_first_screen(open_page, viewport):
    opened = open_page(page(REPORTS["blocked"]), viewport=VIEWPORTS[viewport])
    first = opened.page.locator(".verdict h1, section[aria-labelledby=blocks], section[aria-labelledby=next]")

    assert [one.is_visible() for one in first.all()] == [True, True, True]
    assert (
        max(box["y"] + box["height"] for one in first.all() if (box := one.bounding_box()))
        <= (VIEWPORTS[viewport]["height"])
    )


def test_the_verdict_is_the_largest_text(open_page):
    opened = open_page(page(REPORTS["blocked"]), viewport=PHONE)
    sizes = opened.page.evaluate(
        "[...document.querySelectorAll('h1, h2, p')].map(one => parseFloat(getComputedStyle(one).fontSize))"
    )

    assert sizes.index(max(sizes)) == 1
    assert max(sizes) >= 40


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_every_finding_opens_and_closes_by_keyboard(open_page, key):
    opened = open_page(page(REPORTS["blocked"]))
    findings = opened.page.locator("details.finding")
    was_open = [one.get_attribute("open") is not None for one in findings.all()]
    assert len(was_open) > 3

    for finding in findings.all():
        finding.locator("summary").first.focus()
        opened.page.keyboard.press(key)

    assert [one.get_attribute("open") is not None for one in findings.all()] == [not one for one in was_open]


def test_the_tab_key_reaches_the_skip_link_first_and_then_every_finding(open_page):
    opened = open_page(page(REPORTS["blocked"]))
    reached = []
    for _ in range(80):
        opened.page.keyboard.press("Tab")
        reached.append(opened.page.evaluate(REACHED))

    assert reached[0] == "skip"
    anchors = [one.get_attribute("id") for one in opened.page.locator(".finding > .body").all()]
    assert set(anchors) <= set(reached)


def test_the_focus_is_seen(open_page):
    opened = open_page(page(REPORTS["blocked"]))
    opened.page.keyboard.press("Tab")

    assert opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert opened.page.locator(".skip").bounding_box()["y"] >= 0


@pytest.mark.parametrize("name", ["blocked", "attention"])
def test_a_link_of_the_first_screen_leads_to_its_finding_and_opens_it(open_page, name):
    opened = open_page(page(REPORTS[name]))
    opened.page.locator("section[aria-labelledby=blocks] a").first.click()

    target = opened.page.locator(".finding[open] > .body:target")
    assert target.count() == 1
    assert target.is_visible()
    assert opened.page.locator(".finding:has(:target) > summary").bounding_box()["y"] >= 0


def test_nothing_moves_for_a_reader_who_wants_no_motion(open_page):
    still, moving = (open_page(page(REPORTS["blocked"]), reduced_motion=one) for one in ("reduce", "no-preference"))
    behavior = "getComputedStyle(document.documentElement).scrollBehavior"

    assert (still.page.evaluate(behavior), moving.page.evaluate(behavior)) == ("auto", "smooth")


def test_it_is_read_without_script(open_page):
    opened = open_page(page(REPORTS["blocked"]), java_script_enabled=False)
    summary = opened.page.locator("details.finding:not([open]) > summary").first
    body = opened.page.locator("details.finding:not([open]) > .body").first
    assert not body.is_visible()

    summary.click()

    assert opened.page.locator("details.finding[open]").count() > 0
    assert "<script" not in page(REPORTS["blocked"])


def test_the_hostile_names_are_shown_and_do_nothing(open_page):
    opened = open_page(page(REPORTS["hostile"]))
    opened.open_all()
    shown = opened.page.inner_text("body")

    assert HOSTILE[0] in shown
    assert HOSTILE[2] in shown
    assert "\\u202eevil\\u2066" in shown
    assert opened.page.locator("script, iframe, object, img, form").count() == 0


def test_colours_follow_the_scheme(open_page):
    colours = {
        scheme: open_page(page(REPORTS["clean"]), color_scheme=scheme).page.evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in SCHEMES
    }

    assert colours["light"] != colours["dark"]


def test_on_paper_every_finding_is_open(open_page):
    opened = open_page(page(REPORTS["blocked"]))
    opened.page.emulate_media(media="print")
    closed = opened.page.locator("details.finding:not([open]) > .body")

    assert closed.count() > 0
    assert all(one.bounding_box() and one.bounding_box()["height"] > 0 for one in closed.all())
    assert not opened.page.locator("nav").is_visible()


def test_long_tables_scroll_inside_of_themselves_and_paper_has_all_rows(open_page):
    opened = open_page(page(large_report(migrations=50, tables=40)))
    hidden = "[...document.querySelectorAll('.scroll')].filter(one => one.scrollHeight > one.clientHeight + 1).length"

    assert opened.page.evaluate(hidden) > 0
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate(hidden) == 0


def test_a_page_of_2000_findings_stays_usable(open_page):
    opened = open_page(page(large_report()), viewport=PHONE)
    timing = opened.page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")

    opened.page.locator("details.finding:not([open]) > summary").first.click()

    assert timing < 5_000
    assert opened.page.evaluate("document.documentElement.scrollHeight") < 50 * PHONE["height"]
    assert opened.overflow <= 0
