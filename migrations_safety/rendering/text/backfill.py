"""Builds the text that `backfill_placeholders` prints."""

from __future__ import annotations

from migrations_safety.backfill.report import BackfillReport
from migrations_safety.messages.class_reasons import reason_of
from migrations_safety.messages.humanize import pluralize
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
    words, style = BACKFILL_VERDICTS[report.verdict]
    run = f", run {report.run_id}" if report.run_id else ""
    page.line(f"{words} ({seconds:.1f} s{run})", style=style)
    return page.text()


def _done(page: Page, report: BackfillReport) -> None:
    if report.applied:
        page.line(f"The tables were pending; applied {', '.join(report.applied)}.")
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
        page.line(f"{pluralize(rows, 'reference')} of {table} not restored: {_reason(report, table)}", style="yellow")
    for name, values in report.refused.items():
        figures = f"{pluralize(values, 'value')} (class {name})"
        page.line(f"Refused: {figures}. {reason_of(name, values=values)}", style="bold red")
    if report.refused:
        page.line("python manage.py precheck shows their tables.")


def _reason(report: BackfillReport, table: str) -> str:
    """Return why references were not restored, and what restores those that a foreign key forbids."""
    gone = "the row changed or is gone, or the old value does not fit the column."
    keys = report.held_by.get(table)
    if not keys:
        return gone
    again = "Create the missing parent rows, then python manage.py backfill_placeholders --restore-nullified again."
    return f"{' or '.join(keys)} forbids a value without a parent row, or {gone} They stay kept. {again}"


BACKFILL_VERDICTS = {
    "covered": ("Every reference is covered.", "bold green"),
    "restored": ("Restored.", "bold green"),
    "refused": ("Some references were refused; they are unchanged.", "bold red"),
    "dry-run": ("Nothing was written (--dry-run).", "yellow"),
}
