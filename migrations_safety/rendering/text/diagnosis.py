"""Builds the text that `diagnose` prints: the areas, what was found, and the next commands forward and back."""

from __future__ import annotations

from collections.abc import Sequence

from migrations_safety.recovery.diagnosis.report import DiagnosisReport, NextStep
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.document.diagnosis_account import VERDICTS, typed
from migrations_safety.rendering.text.page import Page

STYLES = {"nothing to do": "bold green", "something to do": "bold red"}


def diagnosis(report: DiagnosisReport, *, seconds: float, width: int, colour: bool) -> str:
    """Return the text of `diagnose`, wrapped at `width` characters."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    page.line()
    page.table((("area", "left"), ("state", "left")), [(one.name, one.state) for one in report.areas])
    for half in report.halves:
        page.line()
        page.line(f"{half.migration}, {'recorded' if half.is_recorded else 'not recorded'}:")
        for step in half.steps:
            page.line(f"  {step.number or 'end'}. {step.what}: {step.state}")
    if report.findings:
        page.line()
        page.findings(report.findings)
    _way(page, report, "Forward:", report.forward)
    _way(page, report, "Back:", report.back)
    page.line()
    page.line(f"{VERDICTS[report.verdict]} ({seconds:.1f} s)", style=STYLES[report.verdict])
    return page.text()


def _way(page: Page, report: DiagnosisReport, heading: str, steps: Sequence[NextStep]) -> None:
    if not steps:
        return
    page.line()
    page.line(heading)
    for number, step in enumerate(steps, start=1):
        comment = f"{'--' if step.sql else '#'} {number}. {step.why}"
        page.to_copy("  " + "   ".join(filter(None, (typed(report, step), comment))))
