"""Makes the written report of `backup_database`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from migrations_safety.backup.report import BackupReport
from migrations_safety.messages.findings import blocking
from migrations_safety.messages.humanize import format_bytes, format_seconds, listed, pluralize
from migrations_safety.rendering.document import commands
from migrations_safety.rendering.document.account import NAME, NUMBER, TEXT, Account, Table, filled, table_of
from migrations_safety.rendering.document.database import facts
from migrations_safety.rendering.document.findings import in_groups
from migrations_safety.rendering.document.values import Fact, Step

COMMAND = "backup_database"
VERDICTS = {
    "compared": "Restored and compared: as many rows in every table, and the same definitions.",
    "restored": "Restored with every table, key and index.",
    "read": "Read to its end, and not restored.",
    "written": "Written, and not tried.",
    "failed": "The archive failed its trial.",
}
WORDS = {
    "compared": "Compared", "restored": "Restored", "read": "Read", "written": "Written", "failed": "Failed",
}  # fmt: skip


def backup(report: BackupReport, *, seconds: float, at: datetime) -> Account:
    """Return the written report; `seconds` is the duration of the command, and `at` when it ended."""
    return Account(
        command=COMMAND,
        title=f"Backup: {report.target.name}",
        verdict=report.verdict,
        word=WORDS[report.verdict],
        is_refused=report.is_refused,
        is_certain=report.is_proved,
        sentence=VERDICTS[report.verdict],
        next=_next(report),
        facts=(*facts(report.target, at=at), *_about(report), Fact(label="Took", value=format_seconds(seconds))),
        tables=filled(_lacking(report), _tables(report)),
        findings=in_groups(report.findings, blocking=blocking(report.findings)),
        notes=tuple(notes(report)),
    )


def notes(report: BackupReport) -> Iterator[str]:
    """Return what else is to be said, one sentence each."""
    if report.beside:
        yield f"Beside the archive: {listed(report.beside)}."
    if report.why_not_recorded:
        yield f"The record of runs does not have this backup: {report.why_not_recorded}."
    if report.removed:
        yield f"Removed what a killed run had left there: {listed(report.removed)}."


def lacking(report: BackupReport) -> Iterator[tuple[str, str]]:
    """Return what the archive does not hold, and what the restore test did not bring back."""
    yield from (("not in the archive", one) for one in report.manifest.not_in_archive)
    yield from (("not restored in the test", one) for one in report.manifest.not_restored)


def archive(report: BackupReport) -> str:
    """Return one line about the archive."""
    found = report.manifest.archive
    rows = f"{pluralize(len(report.manifest.tables), 'table')}, {pluralize(report.manifest.rows, 'row')}"
    return f"{report.manifest.path}, {format_bytes(found.bytes)}, {rows}, SHA-256 {found.sha256}"


def _next(report: BackupReport) -> Step:
    if report.findings:
        return Step(words=report.findings[0].hint)
    return Step(words="Check the plan:", command=commands.on(report.target, "precheck"))


def _about(report: BackupReport) -> Iterator[Fact]:
    manifest = report.manifest
    yield Fact(label="Archive", value=str(manifest.path))
    yield Fact(label="Size", value=format_bytes(manifest.archive.bytes))
    yield Fact(label="SHA-256", value=manifest.archive.sha256)
    yield Fact(label="Snapshot", value=f"{manifest.taken_at:%Y-%m-%d %H:%M:%S %Z}, WAL {manifest.wal_position}")
    yield Fact(label="Proof", value=manifest.proof.word)
    if report.run_id:
        yield Fact(label="Run", value=report.run_id)


def _lacking(report: BackupReport) -> Table:
    return table_of(
        "lacking",
        "What a restore does not bring back",
        "Roles and settings are saved beside the archive, without passwords.",
        {"where": TEXT, "what": TEXT},
        lacking(report),
    )


def _tables(report: BackupReport) -> Table:
    rows = ((f"{one.schema}.{one.table}", one.rows) for one in report.manifest.tables)
    return table_of("tables", "Tables", "Counted in the snapshot of the dump.", {"table": NAME, "rows": NUMBER}, rows)
