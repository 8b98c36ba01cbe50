"""Makes the written report on what was kept instead of dropped."""

from __future__ import annotations

from datetime import datetime

from migrations_safety.messages.humanize import format_seconds
from migrations_safety.recovery.kept.report import Held, KeptReport
from migrations_safety.rendering.document import commands
from migrations_safety.rendering.document.account import NAME, NUMBER, Account, Table, filled, table_of
from migrations_safety.rendering.document.database import facts
from migrations_safety.rendering.document.findings import in_groups
from migrations_safety.rendering.document.values import Fact, Step

VERDICTS = {
    "nothing kept": "Nothing is kept.",
    "kept": "Nothing was changed (--list).",
    "refused": "Refused; nothing was changed.",
    "in part": "Done in part: read below what is left.",
    "restored": "Put back, with all rows and values.",
    "purged": "Purged. What was kept is gone.",
}
WORDS = {
    "nothing kept": "Nothing kept", "kept": "Kept", "refused": "Refused", "in part": "In part", "restored": "Restored",
    "purged": "Purged",
}  # fmt: skip
HEADINGS = ("number", "what", "where", "dropped by", "kept since", "rows", "outcome")


def row(one: Held) -> tuple[str, str, str, str, str, int | None, str]:
    """Return one thing for a table, below HEADINGS."""
    since = f"{one.kept.kept_at:%Y-%m-%d %H:%M}"
    return str(one.kept.number), one.kept.subject, one.kept.place, one.kept.migration, since, one.rows, one.outcome


def kept(report: KeptReport, *, seconds: float, at: datetime) -> Account:
    """Return the written report; `seconds` is the duration of the command, and `at` when it ended."""
    return Account(
        command=report.command,
        title=f"Kept instead of dropped: {report.target.name}",
        verdict=report.verdict,
        word=WORDS[report.verdict],
        is_refused=report.is_refused,
        is_certain=True,
        sentence=VERDICTS[report.verdict],
        next=next_step(report),
        facts=(
            *facts(report.target, at=at),
            *((Fact(label="Run", value=report.run_id),) if report.run_id else ()),
            Fact(label="Took", value=format_seconds(seconds)),
        ),
        tables=filled(_things(report)),
        findings=in_groups(report.findings, blocking=list(report.findings)),
        notes=(),
    )


def next_step(report: KeptReport) -> Step:
    """Return what to type next."""
    if report.verdict == "kept":
        return Step(words="To put them back:", command=commands.on(report.target, "restore_dropped"))
    if report.is_refused:
        return Step(words="Read below what is in the way.")
    return Step(words="Nothing to do.")


def _things(report: KeptReport) -> Table:
    return table_of(
        "things",
        "What was kept",
        "Rows of a table, or those with a value in the column, where they were counted.",
        {one: NUMBER if one == "rows" else NAME for one in HEADINGS},
        (row(one) for one in report.things),
    )
