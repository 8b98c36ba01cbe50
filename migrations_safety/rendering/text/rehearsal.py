"""Builds the text that `rehearse` prints."""

from __future__ import annotations

from collections.abc import Iterable

from migrations_safety.recovery.rehearsal.report import RehearsalReport
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.document.rehearsal_account import forecasts, locks, notes, sentence, stalls, steps
from migrations_safety.rendering.text.page import Page

STYLES = {"passed": "bold green", "failed": "bold red", "nothing to rehearse": "bold green"}
LEFT, RIGHT = "left", "right"


def rehearsal(report: RehearsalReport, *, seconds: float, width: int, colour: bool) -> str:
    """Return the text of a rehearsal, wrapped at `width` characters; `seconds` is the duration of the command."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    for note in notes(report):
        page.line(note)
    _table(page, ("step", "ended", "took", "rows", "WAL", "temporary"), steps(report))
    _table(page, ("lock in", "table", "lock", "held", "waited for"), locks(report))
    _table(page, ("table", "writes", "longest wait", "failed"), stalls(report))
    _table(page, ("step", "on the copy", "forecast"), forecasts(report))
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    page.line(f"{sentence(report)} ({seconds:.1f} s)", style=STYLES[report.verdict])
    return page.text()


def _table(page: Page, headings: tuple[str, ...], rows: Iterable[tuple[str | int, ...]]) -> None:
    if shown := [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]:
        page.line()
        page.table([(one, LEFT) for one in headings], shown)
