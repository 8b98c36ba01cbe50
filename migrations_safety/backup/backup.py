"""The story of `backup_database`: look, dump in one snapshot, write the manifest, try the archive, and record it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from django.db import DatabaseError

from migrations_safety.audit import run_log
from migrations_safety.audit.run_log import Run
from migrations_safety.backup import globals as roles_and_settings
from migrations_safety.backup.destination import archive_path
from migrations_safety.backup.manifest import Archive, Manifest, Source, manifest_of
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.report import BackupReport
from migrations_safety.backup.restore_place import Original, original_of
from migrations_safety.backup.source import not_in_archive, refuse_out_of_reach
from migrations_safety.backup.trial import Trial
from migrations_safety.backup.trying import Tools, try_archive
from migrations_safety.backup.whole_file import remove_unfinished, replace_file
from migrations_safety.backup.writing import Dump, Written, write_archive
from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.catalog_fingerprint import database_identity
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.copies import CopyOf
from migrations_safety.postgresql.programs import program
from migrations_safety.postgresql.second_connection import connection_parameters
from migrations_safety.postgresql.target import Target, connect

COMMAND = "backup_database"
NOT_WRITABLE = {"42501", "25006"}
"""SQLSTATEs of a role without the right to write, and of a session that only reads."""


def run(
    *,
    using: str,
    options: BackupOptions,
    progress: Progress,
    expect_database: str | None = None,
    expect_schema: str | None = None,
) -> BackupReport:
    """Back up the database of an alias, and try the archive.

    Raises NoBackup, DiskTooSmall, RowsOutOfReach or ProgramMissing where there is no archive then.
    """
    connection = connection_of(using)
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)
    tools = _tools(connection)
    path = archive_path(options, database=target.name, at=datetime.now(UTC), tool=None)
    removed = tuple(remove_unfinished(path.parent))
    refuse_out_of_reach(connection, role=target.role)
    with _recorded(connection, target, options) as (run, why_not_recorded):
        manifest, beside = _write(connection, target, path, tools, options, progress)
        trial = try_archive(manifest, _original(connection, target), tools=tools, options=options, progress=progress)
        manifest = _prove(manifest, trial)
        if run:
            run.counts |= _counts(manifest)
    return BackupReport(
        target=target,
        manifest=manifest,
        beside=beside,
        findings=trial.findings,
        why_not_restored=trial.why_not,
        why_not_recorded=why_not_recorded,
        run_id=str(run.id) if run else None,
        removed=removed,
    )


def _tools(connection: Connection) -> Tools:
    """Find the three programs of one version, because an archive is read by the version that wrote it."""
    pg_dump = program("pg_dump", least=connection.pg_version // 10000)
    return Tools(
        pg_dump=pg_dump,
        pg_restore=program("pg_restore", least=pg_dump.major),
        pg_dumpall=program("pg_dumpall", least=pg_dump.major),
    )


def _original(connection: Connection, target: Target) -> Original:
    identifier, oid = database_identity(connection)
    return original_of(connection, CopyOf(oid=oid, system_identifier=identifier, name=target.name))


def _write(
    connection: Connection, target: Target, path: Path, tools: Tools, options: BackupOptions, progress: Progress
) -> tuple[Manifest, tuple[str, ...]]:
    lacking = not_in_archive(connection)
    dump = Dump(connection=connection, path=path, options=options, pg_dump=tools.pg_dump, progress=progress)
    written = write_archive(dump)
    manifest = _manifest(connection, target, path, written, tools, options, lacking)
    save(manifest)
    beside = [manifest_of(path).name]
    text = roles_and_settings.globals_of(connection, tools.pg_dumpall, connection_parameters(connection))
    if text:
        beside.append(roles_and_settings.save(text, path).name)
    return manifest, tuple(beside)


def _manifest(
    connection: Connection,
    target: Target,
    path: Path,
    written: Written,
    tools: Tools,
    options: BackupOptions,
    lacking: list[str],
) -> Manifest:
    identifier, oid = database_identity(connection)
    return Manifest(
        path=path,
        archive=Archive(
            file=path.name,
            format=options.format,
            bytes=written.bytes,
            sha256=written.sha256,
            encrypted_to=options.encrypt_to,
        ),
        database=Source(
            alias=target.alias,
            name=target.name,
            host=target.host,
            port=target.port,
            server_version=target.server_version,
            in_recovery=target.in_recovery,
            system_identifier=identifier,
            oid=oid,
        ),
        tools={"pg_dump": tools.pg_dump.version, "pg_restore": tools.pg_restore.version},
        snapshot=written.snapshot.name,
        taken_at=written.snapshot.taken_at.astimezone(UTC),
        wal_position=written.snapshot.wal_position,
        tables=written.counted,
        not_in_archive=tuple(lacking),
        seconds=written.seconds,
    )


def save(manifest: Manifest) -> None:
    """Write the manifest beside its archive."""
    replace_file(manifest_of(manifest.path), manifest.text)


def _prove(manifest: Manifest, trial: Trial) -> Manifest:
    proved = replace(manifest, proof=trial.proof, proved_at=datetime.now(UTC), not_restored=trial.not_restored)
    save(proved)
    return proved


def _counts(manifest: Manifest) -> dict[str, object]:
    return {
        "archive": str(manifest.path),
        "sha256": manifest.archive.sha256,
        "proof": manifest.proof.word,
        "bytes": manifest.archive.bytes,
        "rows": manifest.rows,
    }


@contextmanager
def _recorded(connection: Connection, target: Target, options: BackupOptions) -> Iterator[tuple[Run | None, str]]:
    """Record the backup as a run where the database may be written to; else say why it is not."""
    asked = {"output": str(options.output), "format": options.format, "encrypt_to": options.encrypt_to}
    with ExitStack() as stack:
        run, why_not = None, ""
        if not options.is_recorded:
            why_not = "it belongs to another run"
        elif target.in_recovery:
            why_not = "the server is a standby"
        else:
            try:
                run = stack.enter_context(run_log.recorded_run(connection, command=COMMAND, arguments=asked))
            except DatabaseError as error:
                if sqlstate(error) not in NOT_WRITABLE:
                    raise
                why_not = f'the role "{target.role}" may not write the record of runs'
        yield run, why_not
