"""Draws reports as Markdown, as GitHub and GitLab show it: for a pull request, a ticket, or the record of a change."""

from __future__ import annotations

from datetime import datetime

from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering.document import Document, review
from migrations_safety.rendering.template_engine import render

SECTIONS = (
    "verdict", "blocking", "risks", "steps", "plan", "harmless", "checks", "values", "keys", "rollback",
    "verification", "notes", "accepted", "meanings", "sql",
)  # fmt: skip
"""The sections in their order, each a template of its own; one that has nothing to say is empty."""


def precheck(report: PrecheckReport, *, seconds: float, at: datetime) -> str:
    """Return the written review of a plan; `seconds` is the duration of the precheck, and `at` when it ended."""
    return drawn(review(report, seconds=seconds, at=at))


def drawn(document: Document) -> str:
    """Return a document as Markdown."""
    sections = (render(f"markdown/{name}.md", {"review": document}).strip() for name in SECTIONS)
    return "\n\n".join(section for section in sections if section) + "\n"
