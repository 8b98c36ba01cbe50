"""Builds the text that a rollback prints."""

from __future__ import annotations

from migrations_safety.messages.humanize import pluralize
from migrations_safety.recovery.rollback.report import RollbackReport
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.document.rollback_account import (
    VERDICTS,
    done,
    kept,
    locks,
    next_command,
    notes,
    statements,
)
from migrations_safety.rendering.text.page import Page

STYLES = {
    "rolled back": "bold green", "stopped": "bold red", "refused": "bold red", "dry-run": "yellow",
    "nothing to do": "bold green",
}  # fmt: skip


def rollback(report: RollbackReport, *, seconds: float, width: int, colour: bool) -> str:
    """Return the text of a rollback, wrapped at `width` characters; `seconds` is the duration of the command."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    _plan(page, report)
    if shown := list(kept(report)):
        page.line()
        page.line("Kept instead of dropped:")
        page.table([("number", "right"), ("what", "left"), ("kept as", "left")], shown)
    _measured(page, report)
    for what, table, number in done(report):
        page.line(f"{what}{f', {table}' if table else ''}: {number:,}")
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    run = f", run {report.undone.run_id}" if report.undone else ""
    page.line(f"{VERDICTS[report.verdict]} ({seconds:.1f} s{run})", style=STYLES[report.verdict])
    if report.verdict == "dry-run":
        page.line(f"To roll back: {next_command(report)}")
    return page.text()


def _plan(page: Page, report: RollbackReport) -> None:
    if report.unapplied:
        word = "Unapplied" if report.undone else "Would unapply"
        page.line(f"{word}, in this order: {', '.join(report.unapplied)}.")
    if report.tables:
        verb = "Keeps" if report.keep_dropped else "Drops"
        page.line(f"{verb} {pluralize(len(report.tables), 'table')}: {', '.join(report.tables)}.")
    if report.unapplied and not report.losses:
        page.line("Nothing would be lost." if not report.undone else "Nothing was lost.")


def _measured(page: Page, report: RollbackReport) -> None:
    if shown := list(locks(report)):
        page.line()
        page.line("Locks on existing tables, as measured:")
        page.table([("migration", "left"), ("table", "left"), ("lock", "left")], shown)
        page.line("SQL:")
        for _, text in statements(report):
            page.line(f"    {text}")
    for sentence in notes(report):
        page.line(sentence)
