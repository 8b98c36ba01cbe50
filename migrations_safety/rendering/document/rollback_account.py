"""Makes the written report of a rollback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from migrations_safety.messages.humanize import format_seconds, listed, pluralize
from migrations_safety.messages.lock_words import mode
from migrations_safety.recovery.rollback.report import RollbackReport
from migrations_safety.rendering.document import commands
from migrations_safety.rendering.document.account import NAME, NUMBER, TEXT, Account, Table, filled, table_of
from migrations_safety.rendering.document.database import facts
from migrations_safety.rendering.document.findings import in_groups
from migrations_safety.rendering.document.values import Fact, Step

VERDICTS = {
    "rolled back": "Rolled back.",
    "stopped": "Stopped before anything was lost. What forbids the rest is named; correct that, then run it again.",
    "refused": "Refused; nothing was changed.",
    "dry-run": "Nothing was changed (--dry-run).",
    "nothing to do": "Nothing to do: none of these migrations is applied.",
}
WORDS = {
    "rolled back": "Rolled back", "stopped": "Stopped", "refused": "Refused", "dry-run": "Dry run",
    "nothing to do": "Nothing to do",
}  # fmt: skip


def rollback(report: RollbackReport, *, seconds: float, at: datetime) -> Account:
    """Return the written report; `seconds` is the duration of the command, and `at` when it ended."""
    tables = (_migrations(report), _losses(report), _done(report), _kept(report), _locks(report), _statements(report))
    return Account(
        command=report.command,
        title=f"Rollback: {report.target.name}",
        verdict=report.verdict,
        word=WORDS[report.verdict],
        is_refused=report.is_refused,
        is_certain=report.verdict != "dry-run",
        sentence=VERDICTS[report.verdict],
        next=_next(report),
        facts=(*facts(report.target, at=at), *_about(report), Fact(label="Took", value=format_seconds(seconds))),
        tables=filled(*tables),
        findings=in_groups(report.findings, blocking=report.blocking),
        notes=tuple(notes(report)),
    )


def notes(report: RollbackReport) -> Iterator[str]:
    """Return what else is to be said, one sentence each."""
    if report.unapplied and report.dry_run and not report.measured.is_measured:
        yield f"The locks were not measured: {report.measured.reason}."
    elif reason := report.measured.is_measured and report.measured.reason:
        yield f"The locks were measured on a PostgreSQL that was started for it: {reason}."
    if numbers := [number for number, _, _ in kept(report)]:
        yield f"To put back what was kept: {commands.on(report.target, 'restore_dropped', *numbers)}"
        yield f"To end it: {commands.on(report.target, 'purge_dropped', *numbers, '--discard-rows', 'N')}"


def locks(report: RollbackReport) -> Iterator[tuple[str, str, str]]:
    """Return the measured locks on existing tables: migration, table and mode, as SQL spells it."""
    for transaction in report.measured.transactions:
        for table, lock in sorted(transaction.held.items()):
            yield listed(transaction.migrations), table, mode(lock)


def statements(report: RollbackReport) -> Iterator[tuple[str, str]]:
    """Return the measured statements in their order, each with its migration; a value in them is `$1`, `$2` …."""
    for transaction in report.measured.transactions:
        sent = [(one.place, one.sql) for operation in transaction.operations for one in operation.statements]
        for _, text in sorted(sent):
            yield listed(transaction.migrations), text


def done(report: RollbackReport) -> Iterator[tuple[str, str, int]]:
    """Return what was done: in words, with the table, and the number."""
    if not report.undone:
        return
    if report.undone.keys:
        yield "foreign keys of atomic migrations dropped one by one", "", len(report.undone.keys)
    for table, rows in report.undone.restored.items():
        yield "references restored", table, rows
    for table, rows in report.undone.not_restored.items():
        yield "references that are NULL, whose values stay kept", table, rows
    yield "migrations unapplied", "", len(report.undone.done.unapplied)


def kept(report: RollbackReport) -> Iterator[tuple[str, str, str]]:
    """Return what was kept: its number, its name before, and where it is."""
    for one in report.undone.kept if report.undone else ():
        yield str(one.number), one.subject, one.place


def next_command(report: RollbackReport, *options: str) -> str:
    """Return the command itself, for this database."""
    own = [] if report.command == "rollback_patient_module" else list(report.asked)
    keys_only = ["--keys-only"] if report.keys_only else []
    keeping = ["--keep-dropped"] if report.keep_dropped else []
    return commands.on(report.target, report.command, *own, *keys_only, *keeping, *options)


def _next(report: RollbackReport) -> Step:
    if report.is_refused:
        return Step(words="Read below what forbids it.")
    if report.verdict == "dry-run":
        return Step(words="To roll back:", command=next_command(report))
    if report.verdict == "rolled back":
        return Step(words="See which migrations are applied:", command=commands.on(report.target, "precheck"))
    return Step(words="Nothing to do.")


def _about(report: RollbackReport) -> Iterator[Fact]:
    if report.undone:
        yield Fact(label="Run", value=report.undone.run_id)
    if report.other_apps:
        yield Fact(label="Other apps", value=", ".join(report.other_apps))


def _migrations(report: RollbackReport) -> Table:
    did = report.undone.done.unapplied if report.undone else ()
    rows = ((label, "unapplied" if label in did else "") for label in report.unapplied)
    verb = "keeps" if report.keep_dropped else "drops"
    return table_of(
        "migrations",
        "Migrations",
        f"In the order of the rollback. It {verb} {pluralize(len(report.tables), 'table')}.",
        {"migration": NAME, "done": TEXT},
        rows,
    )


def _losses(report: RollbackReport) -> Table:
    return table_of(
        "losses",
        "What would be lost",
        "Placeholders that a recorded run has made and that nobody has changed are not counted.",
        {"table": NAME, "column": NAME, "rows": NUMBER},
        ((one.table, one.column, one.rows) for one in report.losses),
    )


def _done(report: RollbackReport) -> Table:
    return table_of(
        "done",
        "What was done",
        "References are counted as rows.",
        {"what": TEXT, "table": NAME, "number": NUMBER},
        done(report),
    )


def _kept(report: RollbackReport) -> Table:
    return table_of(
        "kept",
        "What was kept",
        "All rows and values are there. restore_dropped puts them back, purge_dropped ends them.",
        {"number": NAME, "what": NAME, "kept as": NAME},
        kept(report),
    )


def _locks(report: RollbackReport) -> Table:
    return table_of(
        "locks",
        "Locks",
        "The strongest lock on each existing table, as measured on a scratch database.",
        {"migration": NAME, "table": NAME, "lock": TEXT},
        locks(report),
    )


def _statements(report: RollbackReport) -> Table:
    return table_of(
        "sql",
        "SQL",
        "The statements, as they were sent on the scratch database.",
        {"migration": NAME, "statement": NAME},
        statements(report),
    )
