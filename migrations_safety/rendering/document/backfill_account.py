"""Makes the written report of `backfill_placeholders`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from migrations_safety.backfill.report import BackfillReport
from migrations_safety.messages.class_reasons import reason_of
from migrations_safety.messages.humanize import format_seconds
from migrations_safety.rendering.document import commands
from migrations_safety.rendering.document.account import NAME, NUMBER, TEXT, Account, Table, filled, table_of
from migrations_safety.rendering.document.database import facts
from migrations_safety.rendering.document.values import Fact, Step

COMMAND = "backfill_placeholders"
VERDICTS = {
    "covered": "Every reference is covered.",
    "restored": "Restored.",
    "refused": "Some references were refused; they are unchanged.",
    "dry-run": "Nothing was written (--dry-run).",
}
WORDS = {"covered": "Covered", "restored": "Restored", "refused": "Refused", "dry-run": "Dry run"}


def backfill(report: BackfillReport, *, seconds: float, at: datetime) -> Account:
    """Return the written report; `seconds` is the duration of the command, and `at` when it ended."""
    return Account(
        command=COMMAND,
        title=f"Backfill of placeholders: {report.target.name}",
        verdict=report.verdict,
        word=WORDS[report.verdict],
        is_refused=report.is_refused,
        is_certain=not report.dry_run,
        sentence=VERDICTS[report.verdict],
        next=_next(report),
        facts=(*facts(report.target, at=at), *_about(report), Fact(label="Took", value=format_seconds(seconds))),
        tables=filled(_done(report), _refused(report), _kept(report)),
        notes=tuple(_notes(report)),
    )


def applied(report: BackfillReport) -> str:
    """Return which pending migrations were applied first; empty if none."""
    return f"The tables were pending; applied {', '.join(report.applied)}." if report.applied else ""


def why_not_restored(report: BackfillReport, table: str) -> str:
    """Return why references were not restored, and what restores those that a foreign key forbids."""
    gone = "the row changed or is gone, or the old value does not fit the column."
    keys = report.held_by.get(table)
    if not keys:
        return gone
    again = "Create the missing parent rows, then python manage.py backfill_placeholders --restore-nullified again."
    return f"{' or '.join(keys)} forbids a value without a parent row, or {gone} They stay kept. {again}"


def _next(report: BackfillReport) -> Step:
    if report.refused:
        words = "Correct what was refused in the application, or decide on it; precheck shows the tables:"
        return Step(words=words, command=commands.on(report.target, "precheck"))
    if report.dry_run:
        return Step(words="To write it:", command=commands.on(report.target, COMMAND))
    if report.not_restored:
        return Step(words="Read below why some references were not restored.")
    return Step(words="Check the plan:", command=commands.on(report.target, "precheck"))


def _about(report: BackfillReport) -> Iterator[Fact]:
    if report.run_id:
        yield Fact(label="Run", value=report.run_id)
    if report.batches:
        yield Fact(label="Transactions", value=f"{report.batches:,}")


def _notes(report: BackfillReport) -> Iterator[str]:
    if sentence := applied(report):
        yield sentence
    if report.nullified:
        yield "References that were set to NULL are kept; --restore-nullified restores them."


def _done(report: BackfillReport) -> Table:
    would = "would be " if report.dry_run else ""
    rows: list[tuple[str, str, int]] = []
    if not report.is_restore:
        rows.append((f"placeholders {would}created", "", report.created))
        rows.append(("values that already had a parent", "", report.already_present))
    rows += [(f"references {would}set to NULL", table, number) for table, number in report.nullified.items()]
    rows += [("references restored", table, number) for table, number in report.restored.items()]
    return table_of(
        "done",
        "What would be done" if report.dry_run else "What was done",
        "Placeholders are counted as values, references as rows.",
        {"what": TEXT, "table": NAME, "number": NUMBER},
        rows,
    )


def _refused(report: BackfillReport) -> Table:
    return table_of(
        "refused",
        "Refused",
        "Distinct values that got no placeholder, by the class of identifier. Their rows are as they were.",
        {"class": NAME, "values": NUMBER, "why": TEXT},
        ((name, number, reason_of(name, values=number)) for name, number in report.refused.items()),
    )


def _kept(report: BackfillReport) -> Table:
    rows = ((table, number, why_not_restored(report, table)) for table, number in report.not_restored.items())
    return table_of(
        "not-restored",
        "Not restored",
        "The old values of these references stay kept.",
        {"table": NAME, "references": NUMBER, "why": TEXT},
        rows,
    )
