"""Makes the written report of `diagnose`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.humanize import format_seconds
from migrations_safety.recovery.diagnosis.report import DiagnosisReport, NextStep, StepsOfMigration
from migrations_safety.rendering.document import commands
from migrations_safety.rendering.document.account import NAME, TEXT, Account, Table, filled, table_of
from migrations_safety.rendering.document.database import facts
from migrations_safety.rendering.document.findings import in_groups
from migrations_safety.rendering.document.values import Fact, Step

VERDICTS = {
    "nothing to do": "Nothing to do.",
    "something to do": "Something to do: the next commands are below, in their order.",
}
WORDS = {"nothing to do": "Nothing to do", "something to do": "Something to do"}


def diagnosis(report: DiagnosisReport, *, seconds: float, at: datetime) -> Account:
    """Return the written report; `seconds` is the duration of the command, and `at` when it ended."""
    has_work = report.verdict == "something to do"
    tables = (
        _steps(report, "forward", "Forward", "What ends the deploy, in this order.", report.forward),
        _steps(report, "back", "Back", "What gives the deploy up, in this order.", report.back),
        _areas(report),
        *map(_half, report.halves),
    )
    return Account(
        command="diagnose",
        title=f"Diagnosis: {report.target.name}",
        verdict=report.verdict,
        word=WORDS[report.verdict],
        is_refused=has_work,
        sentence=VERDICTS[report.verdict],
        next=_next(report),
        facts=(*facts(report.target, at=at), Fact(label="Took", value=format_seconds(seconds))),
        tables=filled(*tables),
        areas={one.name: "" if one.is_known else one.state for one in report.areas},
        findings=in_groups(report.findings, blocking=[one for one in report.findings if one.level is not Level.INFO]),
    )


def typed(report: DiagnosisReport, step: NextStep) -> str:
    """Return what a person types for a step; empty where there is nothing to type."""
    if step.command:
        return commands.on(report.target, *step.command)
    return step.sql


def _next(report: DiagnosisReport) -> Step:
    if not report.forward:
        return Step(words="Nothing to do.")
    first = report.forward[0]
    return (
        Step(words=first.why, command=commands.on(report.target, *first.command))
        if first.command
        else Step(words=f"{first.why} {first.sql}".strip())
    )


def _steps(report: DiagnosisReport, anchor: str, title: str, caption: str, steps: Iterable[NextStep]) -> Table:
    return table_of(
        anchor, title, caption, {"why": TEXT, "what to type": NAME}, ((one.why, typed(report, one)) for one in steps)
    )


def _areas(report: DiagnosisReport) -> Table:
    return table_of(
        "areas",
        "What was looked at",
        "Each area, also those in which nothing is wrong.",
        {"area": TEXT, "state": TEXT},
        ((one.name, one.state) for one in report.areas),
    )


def _half(half: StepsOfMigration) -> Table:
    how = "recorded as applied" if half.is_recorded else "not recorded"
    return table_of(
        f"half-{half.migration}",
        f"Applied in part: {half.migration}",
        f"Its operations, and what the database has of each; the migration is {how}.",
        {"operation": TEXT, "what": NAME, "in the database": TEXT},
        ((str(one.number or "at its end"), one.what, one.state) for one in half.steps),
    )
