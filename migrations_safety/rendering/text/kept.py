"""Builds the text that `restore_dropped` and `purge_dropped` print."""

from __future__ import annotations

from migrations_safety.recovery.kept.report import KeptReport
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.document.kept_account import HEADINGS, VERDICTS, next_step, row
from migrations_safety.rendering.text.page import Page

STYLES = {"refused": "bold red", "in part": "bold red", "kept": "yellow"}


def kept(report: KeptReport, *, seconds: float, width: int, colour: bool) -> str:
    """Return the text, wrapped at `width` characters; `seconds` is the duration of the command."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    if report.things:
        page.line()
        headings = [(name, "right" if name in ("number", "rows") else "left") for name in HEADINGS]
        page.table(headings, [["" if value is None else str(value) for value in row(one)] for one in report.things])
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    run = f", run {report.run_id}" if report.run_id else ""
    page.line(f"{VERDICTS[report.verdict]} ({seconds:.1f} s{run})", style=STYLES.get(report.verdict, "bold green"))
    if command := next_step(report).command:
        page.line(f"{next_step(report).words} {command}")
    return page.text()
