"""The story of `backup_database`: look, dump in one snapshot, write the manifest, try the archive, and record it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from django.db import DatabaseError

from migrations_safety.audit import run_log
from migrations_safety.audit.run_log import Run
from migrations_safety.backup import globals as roles_and_settings
from migrations_safety.backup.destination import archive_path
from migrations_safety.backup.encryption import Encryption, encrypt, encryption_to
from migrations_safety.backup.manifest import DIRECTORY, Archive, Manifest, Proof, Source, manifest_of, verify_archive
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.report import BackupReport
from migrations_safety.backup.restore_place import Original, original_of
from migrations_safety.backup.source import not_in_archive, refuse_out_of_reach
from migrations_safety.backup.trial import Trial
from migrations_safety.backup.trying import Tools, try_archive
from migrations_safety.backup.whole_file import remove_unfinished, replace_file, whole_file
from migrations_safety.backup.writing import Dump, Written, write_archive
from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.target import PoolerRefused
from migrations_safety.messages.wording import backup as wording
from migrations_safety.postgresql.catalog_fingerprint import database_identity
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.copies import CopyOf
from migrations_safety.postgresql.programs import program
from migrations_safety.postgresql.second_connection import connection_parameters
from migrations_safety.postgresql.target import REFUSED_POOLERS, Target, connect

COMMAND = "backup_database"
NOT_WRITABLE = {"42501", "25006"}
"""SQLSTATEs of a role without the right to write, and of a session that only reads."""


@dataclass(frozen=True, slots=True)
class Work:
    """One backup at work."""

    connection: Connection
    target: Target
    path: Path
    tools: Tools
    options: BackupOptions
    encryption: Encryption | None
    progress: Progress
    roles: str | None
    """The statements that make the roles and settings; None where the role may not read them."""

    @property
    def lacking(self) -> list[str]:
        """What the archive lacks, in words."""
        return not_in_archive(self.connection, saves_roles=self.roles is not None)

    @property
    def dump(self) -> Dump:
        """What is dumped where."""
        return Dump(
            connection=self.connection,
            path=self.path,
            options=self.options,
            pg_dump=self.tools.pg_dump,
            progress=self.progress,
        )


def run(
    *,
    using: str,
    options: BackupOptions,
    progress: Progress,
    expect_database: str | None = None,
    expect_schema: str | None = None,
) -> BackupReport:
    """Back up the database of an alias, and try the archive.

    Raises NoBackup, DiskTooSmall, RowsOutOfReach, ProgramMissing or PoolerRefused where there is no archive then.
    """
    connection = connection_of(using)
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)
    if target.pooler in REFUSED_POOLERS:  # pg_dump would leave its search_path in a session that others get next
        raise PoolerRefused(name=target.name, pooler=target.pooler)
    tools = _tools(connection)
    encryption = encryption_to(options.encrypt_to)
    tool = encryption.tool if encryption else None
    path = archive_path(options, database=target.name, at=datetime.now(UTC), tool=tool)
    removed = tuple(remove_unfinished(path.parent))
    refuse_out_of_reach(connection, role=target.role)
    with _recorded(connection, target, options) as (run, why_not_recorded):
        roles = roles_and_settings.globals_of(connection, tools.pg_dumpall, connection_parameters(connection))
        work = Work(connection, target, path, tools, options, encryption, progress, roles)
        manifest, trial = _encrypted(work, encryption) if encryption else _plain(work)
        beside = (manifest_of(path).name, *_roles(work))
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


def _plain(work: Work) -> tuple[Manifest, Trial]:
    """Write the archive and its manifest, and only then try it: it is there, however long that takes."""
    lacking = work.lacking
    if work.options.format == DIRECTORY:
        written = write_archive(work.dump, None)
    else:
        with whole_file(work.path) as file:
            written = write_archive(work.dump, file)
            file.appear()
    manifest = _manifest(work, work.path, written, lacking)
    save(manifest)
    trial = _try(work, manifest)
    proved = _proved(manifest, trial)
    save(proved)
    return proved, trial


def _encrypted(work: Work, encryption: Encryption) -> tuple[Manifest, Trial]:
    """Try the plain archive while it has no name yet, and write the encrypted one."""
    lacking = work.lacking
    with whole_file(work.path) as file:
        written = write_archive(work.dump, file)
        plain = _manifest(work, Path(file.readable), written, lacking)
        trial = _try(work, plain)
        bytes, sha256 = encrypt(plain.path, work.path, encryption)
    archive = replace(plain.archive, bytes=bytes, sha256=sha256, encrypted_to=encryption.recipient)
    proved = _proved(replace(plain, path=work.path, archive=archive), trial)
    save(proved)
    if wrong := verify_archive(proved):
        findings = (*trial.findings, wording.damaged(archive.file, problem=wrong))
        trial = replace(trial, findings=findings, proof=Proof.WRITTEN)
        proved = _proved(proved, trial)
        save(proved)
    return proved, trial


def _try(work: Work, manifest: Manifest) -> Trial:
    original = _original(work.connection, work.target)
    return try_archive(manifest, original, tools=work.tools, options=work.options, progress=work.progress)


def _roles(work: Work) -> tuple[str, ...]:
    return (roles_and_settings.save(work.roles, work.path, work.encryption).name,) if work.roles else ()


def _manifest(work: Work, path: Path, written: Written, lacking: list[str]) -> Manifest:
    target, tools = work.target, work.tools
    identifier, oid = database_identity(work.connection)
    return Manifest(
        path=path,
        archive=Archive(
            file=work.path.name,
            format=work.options.format,
            bytes=written.bytes,
            sha256=written.sha256,
            encrypted_to=None,
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


def _proved(manifest: Manifest, trial: Trial) -> Manifest:
    return replace(manifest, proof=trial.proof, proved_at=datetime.now(UTC), not_restored=trial.not_restored)


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
