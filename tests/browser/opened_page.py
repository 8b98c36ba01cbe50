"""A page in a browser, with all that it asked for and complained about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedPage:
    """`complaints` are the messages of the console and the errors of scripts; `requests` are addresses."""

    page: Page
    file: Path
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, page: Page, file: Path) -> OpenedPage:
        opened = cls(page=page, file=file)
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("request", lambda request: opened.requests.append(request.url))
        page.goto(file.as_uri())
        return opened

    @property
    def requests_elsewhere(self) -> list[str]:
        """What it asked for beside itself and the pictures that it holds."""
        return [one for one in self.requests if one != self.file.as_uri() and not one.startswith("data:")]

    def violations(self) -> list[str]:
        """What axe-core finds: the rule, and the first places."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {[node['target'] for node in one['nodes']][:5]}" for one in found]

    def open_all(self) -> None:
        """Open everything that opens."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))
