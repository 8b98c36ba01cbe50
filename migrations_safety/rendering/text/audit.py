"""Builds the text that `audit_runs` prints."""

from __future__ import annotations

from migrations_safety.audit.report import AuditReport, RecordedRun
from migrations_safety.messages.humanize import pluralize
from migrations_safety.rendering.document.audit_account import NO_RECORD, VERDICTS, details, forecast_and_fact, outcome
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.text.page import Page


def audit(report: AuditReport, *, width: int, colour: bool) -> str:
    """Return the text of `audit_runs`, wrapped at `width` characters."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    for run in report.runs:
        page.line()
        _run(page, run)
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    words, style = VERDICTS[report.verdict], STYLES[report.verdict]
    if not report.exists:
        words, style = NO_RECORD, "yellow"
    page.line(f"{pluralize(len(report.runs), 'run')}. {words}", style=style)
    return page.text()


def _run(page: Page, run: RecordedRun) -> None:
    took = f"{(run.finished_at - run.started_at).total_seconds():.1f} s" if run.finished_at else ""
    page.line(f"{run.started_at:%Y-%m-%d %H:%M:%S %Z}  {run.command}  {outcome(run)}  {took}")
    page.line(f"    {run.role} from {run.client} ({run.host}), version {run.version}, run {run.run_id}")
    for line in details(run):
        page.line(f"    {line}")
    for step, measured, expected, took, said in map(forecast_and_fact, run.forecasts):
        page.line(f"        {step}: {measured} on the copy, {expected} expected, took {took}: {said}")


STYLES = {"holds": "bold green", "broken": "bold red"}
