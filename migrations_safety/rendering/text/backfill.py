"""Builds the text that `backfill_placeholders` prints."""

from __future__ import annotations

from migrations_safety.backfill.report import BackfillReport
from migrations_safety.messages.class_reasons import reason_of
from migrations_safety.messages.humanize import pluralize
from migrations_safety.rendering.document.backfill_account import VERDICTS, applied, why_not_restored
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.text.page import Page


def backfill(report: BackfillReport, *, seconds: float, width: int, colour: bool) -> str:
    """Return the text of `backfill_placeholders`, wrapped at `width` characters.

    `seconds` is the duration of the command.
    """
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    _done(page, report)
    _refused(page, report)
    page.line()
    words, style = VERDICTS[report.verdict], STYLES[report.verdict]
    run = f", run {report.run_id}" if report.run_id else ""
    page.line(f"{words} ({seconds:.1f} s{run})", style=style)
    return page.text()


def _done(page: Page, report: BackfillReport) -> None:
    if sentence := applied(report):
        page.line(sentence)
    would = "would be " if report.dry_run else ""
    if not report.is_restore:
        page.line(
            f"{pluralize(report.created, 'placeholder')} {would}created; "
            f"{pluralize(report.already_present, 'value')} already had a parent."
        )
    for table, rows in report.nullified.items():
        page.line(f"{pluralize(rows, 'reference')} of {table} {would}set to NULL; --restore-nullified restores them.")
    for table, rows in report.restored.items():
        page.line(f"{pluralize(rows, 'reference')} of {table} restored.")


def _refused(page: Page, report: BackfillReport) -> None:
    for table, rows in report.not_restored.items():
        page.line(
            f"{pluralize(rows, 'reference')} of {table} not restored: {why_not_restored(report, table)}", style="yellow"
        )
    for name, values in report.refused.items():
        figures = f"{pluralize(values, 'value')} (class {name})"
        page.line(f"Refused: {figures}. {reason_of(name, values=values)}", style="bold red")
    if report.refused:
        page.line("python manage.py precheck shows their tables.")


STYLES = {"covered": "bold green", "restored": "bold green", "refused": "bold red", "dry-run": "yellow"}
