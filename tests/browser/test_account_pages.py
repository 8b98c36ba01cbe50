"""The pages of the other commands in a real browser: as that of precheck."""

import pytest

from tests.browser.conftest import PHONE, SCREEN
from tests.support.reports import HOSTILE
from tests.unit.test_account_reports import PAGES, TAME

SCHEMES = ("light", "dark")
VIEWPORTS = {"phone": PHONE, "screen": SCREEN}
EVERY = pytest.mark.parametrize("command", PAGES)


@EVERY
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_axe_finds_no_violation(open_page, command, scheme, viewport):
    opened = open_page(PAGES[command](TAME), viewport=VIEWPORTS[viewport], color_scheme=scheme)
    opened.open_all()

    assert opened.violations() == []


@EVERY
@pytest.mark.parametrize("names", [TAME, HOSTILE], ids=["tame", "hostile"])
def test_nothing_is_asked_for_and_it_never_scrolls_sideways(open_page, command, names):
    opened = open_page(PAGES[command](names), viewport=PHONE)
    opened.open_all()

    assert opened.requests_elsewhere == []
    assert opened.complaints == []
    assert opened.overflow <= 0


@EVERY
def test_the_verdict_and_the_next_step_are_on_the_first_screen(open_page, command):
    opened = open_page(PAGES[command](TAME), viewport=PHONE)
    first = opened.page.locator(".verdict h1, section[aria-labelledby=next]")

    assert max(box["y"] + box["height"] for one in first.all() if (box := one.bounding_box())) <= PHONE["height"]
