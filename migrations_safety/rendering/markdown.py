"""Draws reports as Markdown, as GitHub and GitLab show it: for a pull request, a ticket, or the record of a change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering.document import Document, review
from migrations_safety.rendering.document.account import Account
from migrations_safety.rendering.template_engine import render

SECTIONS = (
    "verdict", "blocking", "risks", "steps", "plan", "harmless", "checks", "values", "keys", "rollback",
    "verification", "notes", "accepted",
)  # fmt: skip
"""The sections in their order, each a template of its own; one that has nothing to say is empty."""
APPENDIX = ("meanings", "sql")
COMMENT = 65_000
"""How many characters the sections may have together: a comment on GitHub has 65,536 at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much of long lists is shown: rows of a table, findings with one id, ids in a section."""

    rows: int
    told: int
    groups: int


LIMITS = (
    Limits(rows=50, told=10, groups=50),
    Limits(rows=20, told=5, groups=20),
    Limits(rows=5, told=2, groups=10),
    Limits(rows=2, told=1, groups=4),
)


def precheck(report: PrecheckReport, *, seconds: float, at: datetime) -> str:
    """Return the written review of a plan; `seconds` is the duration of the precheck, and `at` when it ended."""
    return drawn(review(report, seconds=seconds, at=at))


def drawn(document: Document) -> str:
    """Return a document as Markdown, of which all but the appendix fits into a comment on GitHub."""
    for limits in LIMITS:
        text = _sections(SECTIONS, document, limits)
        if len(text) <= COMMENT:
            break
    return (text + _sections(APPENDIX, document, LIMITS[0])).rstrip() + "\n"


def _sections(names: Iterable[str], document: Document, limits: Limits) -> str:
    values = {"review": document, "most": limits}
    return "".join(_section(name, **values) for name in names)


def account(written: Account) -> str:
    """Return the written report of another command as Markdown, of which all but the appendix fits into a comment."""
    for limits in LIMITS:
        text = _section("account/report", account=written)
        text += "".join(_section("account/table", table=table, most=limits) for table in written.tables)
        text += _section("account/findings", account=written, most=limits)
        if len(text) <= COMMENT:
            break
    return (text + _section("meanings", review=written)).rstrip() + "\n"


def _section(name: str, **values: Any) -> str:
    section = render(f"markdown/{name}.md", values).strip()
    return f"{section}\n\n" if section else ""
