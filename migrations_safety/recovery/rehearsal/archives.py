"""Fills a copy from an archive of `backup_database`, after a look whether it is whole and of this database."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from migrations_safety.backup.manifest import CUSTOM, DIRECTORY, SUFFIX, Manifest, manifest_of, read, verify_archive
from migrations_safety.messages.refusals.evidence import ClusterUnknown
from migrations_safety.messages.refusals.rehearsal import BackupNotRehearsed
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import CopiedDatabase
from migrations_safety.postgresql.programs import Program, program
from migrations_safety.recovery.rehearsal.copying import Filled, fill_from_archive
from migrations_safety.recovery.rehearsal.place import CopyPlace
from migrations_safety.recovery.rehearsal.report import Basis, UsedBackup
from migrations_safety.recovery.rehearsal.schema_of_copy import schema_of


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyArchive:
    """An archive that may be restored into a copy."""

    manifest: Manifest

    @property
    def used(self) -> UsedBackup:
        """What the report says of it."""
        manifest = self.manifest
        return UsedBackup(
            name=manifest.archive.file,
            sha256=manifest.archive.sha256,
            taken_at=manifest.taken_at,
            age=int((datetime.now(UTC) - manifest.taken_at).total_seconds()),
            proof=manifest.proof.word,
        )

    def fill(self, connection: Connection, copy: CopiedDatabase, *, major: int) -> Filled:
        """Restore it into an empty copy; `major` is the version of the copy's server.

        Raises NoCopy where pg_restore fails as a whole, and ProgramMissing where none is installed that can read it.
        """
        written_by = Program(path="pg_dump", version=self.manifest.tools["pg_dump"]).major
        restore = program("pg_restore", least=max(written_by, major))
        return fill_from_archive(connection, str(self.manifest.path), restore, copy)

    def basis_of(self, copy: CopiedDatabase, filled: Filled, *, place: CopyPlace, basis: Basis) -> Basis:
        """Return the basis with the definitions of the backup, which `migrate --rehearsed` compares with its own.

        Raises BackupNotRehearsed where they are known to be others than those of the database now.
        """
        catalog = schema_of(copy.parameters, place.search_path)
        is_whole = not filled.left_out and not filled.not_restored and place.major == basis.server_major
        if catalog != basis.catalog and is_whole:
            raise BackupNotRehearsed(path=self.manifest.path, problem="has other definitions than the database now")
        return replace(basis, catalog=catalog)


def ready_archive(path: str, *, name: str, basis: Basis) -> ReadyArchive:
    """Return the archive at `path`, which is of the database `name` and as it was written.

    Raises NoManifest, BackupNotRehearsed, and ClusterUnknown where it cannot be told of which database it is.
    """
    manifest = read(_one_archive(Path(path)))
    if basis.system_identifier is None:
        raise ClusterUnknown(name=name)
    if problem := _foreign(manifest, name, basis.system_identifier) or _unreadable(manifest):
        raise BackupNotRehearsed(path=manifest.path, problem=problem)
    if problem := verify_archive(manifest):
        raise BackupNotRehearsed(path=manifest.path, problem=problem)
    return ReadyArchive(manifest=manifest)


def _one_archive(path: Path) -> Path:
    """Return the path, if it is no folder of archives."""
    path = Path(path.absolute())
    if not path.is_dir() or manifest_of(path).exists():
        return path
    newest = max((one.name.removesuffix(SUFFIX) for one in path.glob(f"*{SUFFIX}")), default=None)
    hint = f"Name one archive: python manage.py rehearse --from {path / newest}" if newest else None
    raise BackupNotRehearsed(path=path, problem="is a folder without a manifest beside it", hint=hint)


def _foreign(manifest: Manifest, name: str, cluster: str) -> str:
    if manifest.database.name != name:
        return f'is of the database "{manifest.database.name}", and this is "{name}"'
    if manifest.database.system_identifier is None:
        return "does not say of which server it is"
    return "" if manifest.database.system_identifier == cluster else "is of a database on another server"


def _unreadable(manifest: Manifest) -> str:
    if manifest.archive.encrypted_to:
        return "is encrypted"
    if not re.match(r"\d+(\.\d+)?$", str(manifest.tools.get("pg_dump"))):
        return "does not say which pg_dump wrote it"
    known = manifest.archive.format in (CUSTOM, DIRECTORY)
    return "" if known else "is in a format that pg_restore does not read"
