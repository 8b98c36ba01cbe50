"""Pages in Debian's Chromium, as a reader has them: from a file, and without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.opened_page import OpenedPage

CHROMIUM = "/usr/bin/chromium"
PHONE = ViewportSize(width=360, height=740)
SCREEN = ViewportSize(width=1280, height=800)
Open = Callable[..., OpenedPage]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, tmp_path: Path) -> Iterator[Open]:
    """`open_page(html, viewport=PHONE, color_scheme="dark")`: the page, opened from a file in a window of its own."""
    windows = []

    def opened(html: str, **options: Any) -> OpenedPage:
        file = tmp_path / f"review-{len(windows)}.html"
        file.write_text(html, encoding="utf-8")
        windows.append(chromium.new_context(**{"viewport": SCREEN, **options}))
        return OpenedPage.open(windows[-1].new_page(), file)

    yield opened
    for window in windows:
        window.close()
