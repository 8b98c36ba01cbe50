"""The picture in the README shows docs/review.html; with REWRITE_PICTURE it is taken anew."""

import os
import struct

from tests.browser.conftest import SCREEN
from tests.support.commands import ROOT

PICTURE = ROOT / "docs" / "review.png"


def test_the_picture_is_one_of_the_page_in_the_documentation(open_page):
    opened = open_page((ROOT / "docs" / "review.html").read_text(), viewport=SCREEN)
    if "REWRITE_PICTURE" in os.environ:
        opened.page.screenshot(path=PICTURE)
    width, height = struct.unpack(">II", PICTURE.read_bytes()[16:24])

    assert (width, height) == (SCREEN["width"], SCREEN["height"])
    assert opened.complaints == opened.requests_elsewhere == []
    assert PICTURE.stat().st_size < 200_000
    assert PICTURE.name in (ROOT / "README.md").read_text()
