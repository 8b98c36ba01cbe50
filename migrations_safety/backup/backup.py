"""The story of `backup_database`: look, dump in one snapshot, write the manifest, try the archive, and record it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from migrations_safety.backup import globals as roles_and_settings
from migrations_safety.backup.destination import Destination, destination_of
from migrations_safety.backup.encryption import Encryption, encrypt, encryption_to
from migrations_safety.backup.manifest import DIRECTORY, Archive, Manifest, Proof, Source, manifest_of, verify_archive
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.recording import recorded
from migrations_safety.backup.report import BackupReport
from migrations_safety.backup.restore_place import Original, original_of
from migrations_safety.backup.source import not_in_archive, refuse_out_of_reach
from migrations_safety.backup.trial import Trial
from migrations_safety.backup.trying import Tools, try_archive
from migrations_safety.backup.whole_file import remove_unfinished, replace_file, whole_file
from migrations_safety.backup.writing import Dump, Written, write_archive
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.target import PoolerRefused
from migrations_safety.messages.wording import backup as wording
from migrations_safety.postgresql.catalog_fingerprint import database_identity
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.copies import CopyOf
from migrations_safety.postgresql.programs import program
from migrations_safety.postgresql.second_connection import role_parameters
from migrations_safety.postgresql.target import REFUSED_POOLERS, Target, connect


@dataclass(frozen=True, slots=True)
class Work:
    """One backup at work."""

    connection: Connection
    target: Target
    destination: Destination
    tools: Tools
    options: BackupOptions
    encryption: Encryption | None
    progress: Progress
    original: Original
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
            destination=self.destination,
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
    destination = destination_of(options, database=target.name, at=datetime.now(UTC), tool=tool)
    removed = tuple(remove_unfinished(destination.path.parent))
    refuse_out_of_reach(connection, role=target.role)
    original = _original(connection, target)
    with recorded(connection, target, options) as record:
        roles = roles_and_settings.globals_of(connection, tools.pg_dumpall, role_parameters(connection))
        work = Work(connection, target, destination, tools, options, encryption, progress, original, roles)
        made = _encrypted(work, encryption) if encryption else _plain(work)
        record.made(made.manifest)
    return BackupReport(
        target=target,
        manifest=made.manifest,
        beside=made.beside,
        findings=made.trial.findings,
        why_not_restored=made.trial.why_not,
        why_not_recorded=record.why_not,
        run_id=str(record.run.id) if record.run else None,
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """An archive with the files beside it, and what its trial has shown."""

    manifest: Manifest
    trial: Trial
    beside: tuple[str, ...]


def _plain(work: Work) -> Made:
    """Write the archive and what stands beside it, and only then try it: it is there, however long that takes."""
    lacking = work.lacking
    with _all_or_nothing() as keep:
        if work.options.format == DIRECTORY:
            written = write_archive(work.dump, None)
        else:
            with whole_file(work.destination.path) as file:
                written = write_archive(work.dump, file)
                written = replace(written, path=work.destination.take(file.appear))
        keep(written.path)
        manifest = _manifest(work, written, lacking)
        beside = _beside(work, manifest, keep)
    return _proved(manifest, _try(work, manifest), beside)


def _encrypted(work: Work, encryption: Encryption) -> Made:
    """Try the plain archive while it has no name yet, and write the encrypted one."""
    lacking = work.lacking
    with whole_file(work.destination.path) as file:
        written = write_archive(work.dump, file)
        plain = _manifest(work, written, lacking)
        trial = _try(work, plain)
        with _all_or_nothing() as keep:
            path, bytes, sha256 = encrypt(plain.path, work.destination, encryption)
            keep(path)
            archive = replace(
                plain.archive, file=path.name, bytes=bytes, sha256=sha256, encrypted_to=encryption.recipient
            )
            manifest = replace(plain, path=path, archive=archive)
            beside = _beside(work, manifest, keep)
    if wrong := verify_archive(manifest):
        findings = (*trial.findings, wording.damaged(archive.file, problem=wrong))
        trial = replace(trial, findings=findings, proof=Proof.WRITTEN)
    return _proved(manifest, trial, beside)


@contextmanager
def _all_or_nothing() -> Iterator[Callable[[Path], None]]:
    """Give a function that takes each path of ours; an error removes them again, for a part alone is no backup."""
    made: list[Path] = []
    try:
        yield made.append
    except BaseException:
        for path in made:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
        raise


def _beside(work: Work, manifest: Manifest, keep: Callable[[Path], None]) -> tuple[str, ...]:
    """Write the manifest, and the roles and settings; return the names of the files."""
    keep(manifest_of(manifest.path))
    save(manifest)
    if work.roles is None:
        return (manifest_of(manifest.path).name,)
    roles = roles_and_settings.save(work.roles, manifest.path, work.encryption)
    return (manifest_of(manifest.path).name, roles.name)


def _try(work: Work, manifest: Manifest) -> Trial:
    return try_archive(manifest, work.original, tools=work.tools, options=work.options, progress=work.progress)


def _proved(manifest: Manifest, trial: Trial, beside: tuple[str, ...]) -> Made:
    """Write into the manifest what the trial has shown; where that fails, the manifest from before it stays."""
    proved = replace(manifest, proof=trial.proof, proved_at=datetime.now(UTC), not_restored=trial.not_restored)
    try:
        save(proved)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        found = wording.unsaved(manifest.archive.file, problem=reason, proof=trial.proof.word)
        return Made(manifest=manifest, trial=replace(trial, findings=(*trial.findings, found)), beside=beside)
    return Made(manifest=proved, trial=trial, beside=beside)


def _manifest(work: Work, written: Written, lacking: list[str]) -> Manifest:
    target, tools, of = work.target, work.tools, work.original.of
    return Manifest(
        path=written.path,
        archive=Archive(
            file=work.destination.path.name if work.encryption else written.path.name,
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
            system_identifier=of.system_identifier,
            oid=of.oid,
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
