"""Builds the text that `backup_database` prints."""

from __future__ import annotations

from migrations_safety.backup.report import BackupReport
from migrations_safety.rendering.document.backup_account import VERDICTS, archive, lacking, notes
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.text.page import Page

STYLES = {
    "compared": "bold green", "restored": "bold green", "read": "yellow", "written": "yellow", "failed": "bold red",
}  # fmt: skip


def backup(report: BackupReport, *, seconds: float, width: int, colour: bool) -> str:
    """Return the text of `backup_database`, wrapped at `width` characters."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    page.line(f"Archive: {archive(report)}")
    for where, what in lacking(report):
        page.line(f"{where.capitalize()}: {what}.")
    for sentence in notes(report):
        page.line(sentence)
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    run = f", run {report.run_id}" if report.run_id else ""
    page.line(f"{VERDICTS[report.verdict]} ({seconds:.1f} s{run})", style=STYLES[report.verdict])
    return page.text()
