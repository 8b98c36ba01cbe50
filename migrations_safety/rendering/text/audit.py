"""Builds the text that `audit_runs` prints."""

from __future__ import annotations

from migrations_safety.audit.report import AuditReport, RecordedRun
from migrations_safety.messages.humanize import pluralize
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
    words, style = AUDIT_VERDICTS[report.verdict] if report.exists else NO_RECORD
    page.line(f"{pluralize(len(report.runs), 'run')}. {words}", style=style)
    return page.text()


def _run(page: Page, run: RecordedRun) -> None:
    outcome = f"{run.outcome}: {run.verdict}" if run.verdict and run.verdict != run.outcome else run.outcome
    page.line(f"{run.started_at:%Y-%m-%d %H:%M:%S %Z}  {run.command}  {outcome}  {_duration(run)}")
    page.line(f"    {run.role} from {run.client} ({run.host}), version {run.version}, run {run.run_id}")
    for label, values in (("arguments", run.arguments), ("counts", run.counts)):
        given = [f"{name} {value}" for name, value in values.items() if value not in (None, {}, [], False)]
        if given:
            page.line(f"    {label}: {', '.join(given)}")
    for name, labels in run.did.items():
        page.line(f"    {DID[name]}: {', '.join(labels)}")
    if run.error:
        page.line(f"    failed with {run.error}{f' in {run.at}' if run.at else ''}")


def _duration(run: RecordedRun) -> str:
    return f"{(run.finished_at - run.started_at).total_seconds():.1f} s" if run.finished_at else ""


DID = {
    "applied": "applied",
    "unapplied": "unapplied",
    "taken_back": "unapplied",  # the word in the records of older runs
    "recorded": "recorded without running",
    "forgotten": "removed from the record without running",
}
AUDIT_VERDICTS = {
    "holds": ("The record holds: nothing in it was changed, removed or reordered.", "bold green"),
    "broken": ("The record was changed.", "bold red"),
}
NO_RECORD = ("There is no record: no run changed this database, or the tables of the record were dropped.", "yellow")
