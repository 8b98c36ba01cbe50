"""Builds the text that `migrate` prints at its end; on a terminal Django's own lines stand before it."""

from __future__ import annotations

from migrations_safety.migrate.report import MigrateReport
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.text.page import Page
from migrations_safety.rendering.text.precheck import precheck

WITHOUT_WAY_BACK = "the backup that was asked for is missing, and nothing was changed"
IN_TRANSACTION = " in the open transaction; it is kept only if that commits"


def migrate(report: MigrateReport, *, width: int, colour: bool) -> str:
    """Return the text of `migrate`; if the precheck that runs first has blocked it, the text of that precheck."""
    if report.gate and report.is_refused:
        told = precheck(report.gate, seconds=report.seconds, width=width, colour=colour)
        return told + _ways_back(report, width=width, colour=colour)
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    page.line(f"Gate: {report.gate.verdict}." if report.gate else "Gate: not asked.")
    _done(page, report)
    page.findings((*(report.gate.findings if report.gate else ()), *report.ways_back))
    for sentence in lock_waits(report):
        page.line(sentence)
    words = MIGRATE_VERDICTS[report.verdict]
    style = "bold red" if report.is_refused else "bold green"
    page.line(f"{words[0].upper()}{words[1:]}. ({report.seconds:.1f} s)", style=style)
    return page.text()


def _ways_back(report: MigrateReport, *, width: int, colour: bool) -> str:
    """Return what a refusal says about the backup, after the text of the precheck; empty where there is nothing."""
    if not report.ways_back:
        return ""
    page = Page(width=width, colour=colour)
    page.line()
    page.findings(report.ways_back)
    page.line(f"Refused: {WITHOUT_WAY_BACK}.", style="bold red")
    return page.text()


def _done(page: Page, report: MigrateReport) -> None:
    if report.done is None:
        return
    for words, labels in (
        ("Applied {}.", report.done.applied),
        ("Unapplied {}.", report.done.unapplied),
        ("Recorded {} without running it.", report.done.recorded),
        ("Removed {} from the record without running it.", report.done.forgotten),
    ):
        for label in labels:
            page.line(words.format(label))
    for alias, label in report.done.elsewhere.items():
        page.line(f'{label} also wrote through the database alias "{alias}".', style="yellow")


def lock_waits(report: MigrateReport) -> list[str]:
    """Return one sentence about the lock waits that `migrate` caused; no sentence where they were not watched."""
    waits = report.known_lock_waits
    return ["Lock waits caused: {count} (longest: {longest_ms} ms).".format(**waits)] if waits else []


def closing(report: MigrateReport) -> str:
    """Return the last sentence, which tells the verdict."""
    is_kept_later = report.target.in_transaction and report.verdict not in {"nothing to do", "refused"}
    return f"migrate: {MIGRATE_VERDICTS[report.verdict]}{IN_TRANSACTION if is_kept_later else ''}."


MIGRATE_VERDICTS = {
    "applied": "applied",
    "unapplied": "unapplied",
    "recorded": "recorded; nothing was run",
    "nothing to do": "nothing to do",
    "refused": "refused by the gate; nothing was changed. Resolve the findings above, then run it again",
}
"""For each verdict what the last sentence says."""
