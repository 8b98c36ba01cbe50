"""The text of `audit_runs`."""

from __future__ import annotations

from migrations_safety.audit.report import AuditReport, RecordedRun
from migrations_safety.messages.humanize import pluralize
from migrations_safety.rendering.text.page import Page, database


def audit(report: AuditReport, *, width: int, colour: bool) -> str:
    """The text of `audit_runs`."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    for one in report.runs:
        page.line()
        outcome = f"{one.outcome}: {one.verdict}" if one.verdict and one.verdict != one.outcome else one.outcome
        page.line(f"{one.started_at:%Y-%m-%d %H:%M:%S %Z}  {one.command}  {outcome}  {_took(one)}")
        page.line(f"    {one.role} from {one.client} ({one.host}), version {one.version}, run {one.run_id}")
        for label, values in (("arguments", one.arguments), ("counts", one.counts)):
            told = ", ".join(f"{name} {value}" for name, value in values.items() if value not in (None, {}, [], False))
            if told:
                page.line(f"    {label}: {told}")
        for name, labels in one.did.items():
            page.line(f"    {DID[name]}: {', '.join(labels)}")
        if one.error:
            page.line(f"    failed with {one.error}{f' in {one.at}' if one.at else ''}")
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    words, style = AUDIT_VERDICTS[report.verdict] if report.exists else NO_RECORD
    page.line(f"{pluralize(len(report.runs), 'run')}. {words}", style=style)
    return page.text()


def _took(one: RecordedRun) -> str:
    return f"{(one.finished_at - one.started_at).total_seconds():.1f} s" if one.finished_at else ""


DID = {
    "applied": "applied",
    "unapplied": "unapplied",
    "taken_back": "unapplied",  # as older runs are recorded
    "recorded": "recorded without running",
    "forgotten": "removed from the record without running",
}
AUDIT_VERDICTS = {
    "holds": ("The record holds: nothing in it was changed, removed or reordered.", "bold green"),
    "broken": ("The record was changed.", "bold red"),
}
NO_RECORD = ("There is no record: no run changed this database, or the tables of the record were dropped.", "yellow")
