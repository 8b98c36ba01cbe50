"""Draws the page of a command that is not `precheck`."""

from __future__ import annotations

from migrations_safety.audit.report import AuditReport
from migrations_safety.rendering import html_parts
from migrations_safety.rendering.document.account import Account
from migrations_safety.rendering.html import FIRST, page
from migrations_safety.rendering.run_timeline import RunTimeline, run_timeline

RUNS = "runs"
"""The table of which a page draws a timeline instead."""


def account(written: Account) -> str:
    """Return the page of a written report."""
    return _drawn(written, RunTimeline())


def audit(written: Account, report: AuditReport) -> str:
    """Return the page of the record of runs, which are drawn as a timeline."""
    return _drawn(written, run_timeline(report.runs))


def _drawn(written: Account, picture: RunTimeline) -> str:
    found = html_parts.findings(written.findings, completed=lambda hint: "")
    risks = [one for one in found if one.group in written.risks]
    return page(
        "account/page",
        account=written,
        sentence=_sentence(written),
        first=risks[:FIRST],
        more_first=max(len(risks) - FIRST, 0),
        findings=found,
        tables=[one for one in written.tables if not (picture.runs and one.anchor == RUNS)],
        picture=picture,
    )


def _sentence(written: Account) -> str:
    """Return the sentence of the verdict without the word that stands above it."""
    rest = written.sentence.removeprefix(f"{written.word}: ")
    return rest[:1].upper() + rest[1:]
