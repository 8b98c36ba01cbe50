"""Says what the rollback of a measured plan does: which locks it takes, and what it loses."""

from __future__ import annotations

from migrations_safety.measurement.report import WayBack
from migrations_safety.rendering.document.rollback import not_measured, sentences, was_measured
from migrations_safety.rendering.text.page import Page


def way_back(page: Page, back: WayBack) -> None:
    """Add a paragraph about the rollback, where the plan was measured."""
    if words := not_measured(back):
        page.line(words, style="yellow")
    if was_measured(back):
        page.line(" ".join(sentences(back)))
