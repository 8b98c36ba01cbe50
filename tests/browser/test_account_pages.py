"""The pages of the commands other than precheck in a real browser, held to what the page of precheck is held to."""

import pytest

from tests.browser.conftest import PHONE, SCREEN
from tests.support.reports import HOSTILE
from tests.unit.test_account_reports import PAGES, TAME

NAMES = {"tame": TAME, "hostile": HOSTILE}
EVERY = pytest.mark.parametrize(("command", "names"), [(command, names) for command in PAGES for names in NAMES])


@EVERY
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, SCREEN], ids=["phone", "screen"])
def test_axe_finds_no_violation_and_the_page_asks_for_nothing(open_page, command, names, scheme, viewport):
    opened = open_page(PAGES[command](NAMES[names]), viewport=viewport, color_scheme=scheme)
    opened.open_all()

    assert opened.violations() == []
    assert opened.requests_elsewhere == []
    assert opened.complaints == []


@EVERY
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_it_never_scrolls_sideways(open_page, command, names, width):
    opened = open_page(PAGES[command](NAMES[names]), viewport={"width": width, "height": 740})
    opened.open_all()

    assert opened.overflow <= 0
