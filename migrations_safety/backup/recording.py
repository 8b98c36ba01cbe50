"""Records a backup as a run where the database may be written to; else says why it is not recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import django.db

from migrations_safety.audit import run_log
from migrations_safety.audit.run_log import Run
from migrations_safety.backup.manifest import Manifest
from migrations_safety.backup.options import BackupOptions
from migrations_safety.messages.errors import sqlstate
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.target import Target

COMMAND = "backup_database"
NOT_WRITABLE = {"42501", "25006"}
"""SQLSTATEs of a role without the right to write, and of a session that only reads."""


@dataclass(kw_only=True, slots=True)
class Record:
    """Whether and where a backup is recorded."""

    run: Run | None = None
    why_not: str = ""
    """Why the record of runs does not have it; empty where it has."""
    manifest: Manifest | None = None
    """That of the archive, once there is one."""

    def made(self, manifest: Manifest) -> None:
        """Take what is recorded at the end of the run."""
        self.manifest = manifest
        if self.run:
            self.run.counts |= _counts(manifest)


def _counts(manifest: Manifest) -> dict[str, object]:
    return {
        "archive": str(manifest.path),
        "sha256": manifest.archive.sha256,
        "proof": manifest.proof.word,
        "bytes": manifest.archive.bytes,
        "rows": manifest.rows,
    }


@contextmanager
def recorded(connection: Connection, target: Target, options: BackupOptions) -> Iterator[Record]:
    """Record the start and the end of a backup; where its end cannot be recorded, the archive is there all the same."""
    asked: dict[str, Any] = {"output": str(options.output), "format": options.format, "encrypt_to": options.encrypt_to}
    record = Record()
    try:
        with ExitStack() as stack:
            if not options.is_recorded:
                record.why_not = "it belongs to another run"
            elif target.in_recovery:
                record.why_not = "the server is a standby"
            else:
                _start(stack, record, connection, asked, role=target.role)
            yield record
    except django.db.Error:
        if record.manifest is None:
            raise
        record.why_not = "its end could not be written there, because the connection was lost"


def _start(stack: ExitStack, record: Record, connection: Connection, asked: dict[str, Any], *, role: str) -> None:
    try:
        record.run = stack.enter_context(run_log.recorded_run(connection, command=COMMAND, arguments=asked))
    except django.db.DatabaseError as error:
        state = sqlstate(error)
        if state is None:
            raise
        record.why_not = f"PostgreSQL refused it (SQLSTATE {state})"
        if state in NOT_WRITABLE:
            record.why_not = f'the role "{role}" may not write the record of runs'
