"""Makes the written report of `audit_runs`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from migrations_safety.audit.report import AuditReport, ForecastAndFact, RecordedRun
from migrations_safety.messages.humanize import format_range, format_seconds, pluralize
from migrations_safety.rendering.document.account import NAME, TEXT, Account, Table, filled, table_of
from migrations_safety.rendering.document.database import facts
from migrations_safety.rendering.document.findings import in_groups
from migrations_safety.rendering.document.values import Fact, Step

VERDICTS = {
    "holds": "The record holds: nothing in it was changed, removed or reordered.",
    "broken": "The record was changed.",
}
NO_RECORD = "There is no record: no run changed this database, or the tables of the record were dropped."
WORDS = {"holds": "Holds", "broken": "Broken"}
DID = {
    "applied": "applied",
    "unapplied": "unapplied",
    "taken_back": "unapplied",  # the word in the records of older runs
    "recorded": "recorded without running",
    "forgotten": "removed from the record without running",
}


def audit(report: AuditReport, *, seconds: float, at: datetime) -> Account:
    """Return the written report; `seconds` is the duration of the command, and `at` when it ended."""
    return Account(
        command="audit_runs",
        title=f"Record of runs: {report.target.name}",
        verdict=report.verdict,
        word=WORDS[report.verdict] if report.exists else "No record",
        is_refused=bool(report.changes),
        is_certain=report.exists,
        sentence=f"{pluralize(len(report.runs), 'run')}. {VERDICTS[report.verdict] if report.exists else NO_RECORD}",
        next=Step(words=_next(report)),
        facts=(*facts(report.target, at=at), Fact(label="Took", value=format_seconds(seconds))),
        tables=filled(_runs(report), _forecasts(report)),
        findings=in_groups(report.findings, blocking=report.changes),
    )


def outcome(run: RecordedRun) -> str:
    """Return how a run ended, with its verdict where that says more."""
    return f"{run.outcome}: {run.verdict}" if run.verdict and run.verdict != run.outcome else run.outcome


def details(run: RecordedRun) -> Iterator[str]:
    """Yield what is known of a run, one line each: arguments, counts, what it did, its error."""
    for label, values in (("arguments", run.arguments), ("counts", run.counts)):
        told = {name: value for name, value in values.items() if (label, name) != ("counts", "forecast")}
        given = [f"{name} {value}" for name, value in told.items() if value not in (None, {}, [], False)]
        if given:
            yield f"{label}: {', '.join(given)}"
    for name, behind in run.stands_on.items():
        yield f"stands on the {name} {stood_on(behind)}"
    if facts := run.forecasts:
        met = sum(one.is_met for one in facts)
        yield f"forecast: {met:,} of {pluralize(len(facts), 'step')} within the range"
    for name, labels in run.did.items():
        yield f"{DID[name]}: {', '.join(labels)}"
    if run.error:
        yield f"failed with {run.error}{f' in {run.at}' if run.at else ''}"


def forecast_and_fact(one: ForecastAndFact) -> tuple[str, str, str, str, str]:
    """Return the step, how long it took on the copy, what was expected, how long it took, and what that says."""
    expected, took = format_range(one.least, one.most), format_seconds(one.took)
    said = "as expected" if one.is_met else "longer" if one.took > one.most else "shorter"
    return one.step, format_seconds(one.measured), expected, took, said


def stood_on(behind: dict[str, Any]) -> str:
    """Return in words the backup or the rehearsal that stood behind a run."""
    checksum = f"SHA-256 {behind['checksum']}" if behind.get("checksum") else None
    taken_at = f"taken at {behind['taken_at']}" if behind.get("taken_at") else None
    words = [behind.get("kind"), taken_at, behind.get("proof"), behind.get("verdict"), checksum]
    return f"{behind.get('name')} ({', '.join(str(word) for word in words if word)})"


def _next(report: AuditReport) -> str:
    if report.changes:
        return report.changes[0].hint
    if not report.exists:
        return "If runs are missing, look into a backup."
    last = report.runs[-1] if report.runs else None
    if last and last.finished_at is None:
        return f"The last run ({last.command}) has no end: if it is not at work, run the same command again."
    return "Nothing to do."


def duration(run: RecordedRun) -> str:
    """Return how long a run took; empty where it has no end."""
    return format_seconds((run.finished_at - run.started_at).total_seconds()) if run.finished_at else ""


def who(run: RecordedRun) -> str:
    """Return who ran a command, and from where."""
    return f"{run.role} from {run.client} ({run.host}), version {run.version}"


def _forecasts(report: AuditReport) -> Table:
    return table_of(
        "forecasts",
        "Forecast and fact",
        "How long each migration took that was rehearsed, and migrate as a whole; newest run first.",
        {"run began": TEXT, "step": NAME, "on the copy": TEXT, "expected": TEXT, "took": TEXT, "that is": TEXT},
        (
            (f"{run.started_at:%Y-%m-%d %H:%M:%S %Z}", *forecast_and_fact(one))
            for run in reversed(report.runs)
            for one in run.forecasts
        ),
    )


def _runs(report: AuditReport) -> Table:
    rows = (
        (
            f"{run.started_at:%Y-%m-%d %H:%M:%S %Z}",
            run.command,
            outcome(run),
            duration(run),
            who(run),
            "; ".join(details(run)),
            run.run_id,
        )
        for run in reversed(report.runs)
    )
    return table_of(
        "runs",
        "Runs",
        "Every run that changed something, newest first.",
        {"began": TEXT, "command": TEXT, "outcome": TEXT, "took": TEXT, "who": TEXT, "what": TEXT, "run": NAME},
        rows,
    )
