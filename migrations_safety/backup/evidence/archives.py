"""Reads the manifests of archives that `backup_database` has written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from migrations_safety.backup import manifest
from migrations_safety.backup.evidence.values import BackupEvidence, CouldNotRead, Places, Unread
from migrations_safety.backup.manifest import SUFFIX
from migrations_safety.backup.regular_file import is_utf8, shown
from migrations_safety.messages.refusals.backup import NoManifest

KIND = "archive"
WRITE_ONE = "Write one there: python manage.py backup_database --output FOLDER"


def archives(place: str, places: Places) -> Iterator[BackupEvidence | Unread]:
    """Yield the archive at a path, or all that have their manifest in that folder."""
    path = Path(place).expanduser()
    if is_archive(path):
        yield archive(path)
        return
    try:
        found = sorted(one for one in path.iterdir() if one.name.endswith(SUFFIX))
    except OSError as error:
        raise CouldNotRead(f"{error.strerror}", WRITE_ONE) from None
    for one in found:
        yield archive(one)


def is_archive(path: Path) -> bool:
    """Whether the path is one archive and no folder of archives; an archive may be a folder, too."""
    return path.is_file() or manifest.manifest_of(path).exists()


def archive(path: Path) -> BackupEvidence | Unread:
    """Return what the manifest at the path, or beside the archive there, says."""
    if not is_utf8(path):
        return Unread(place=shown(path), reason="its name is not in UTF-8", is_looked_at=True)
    try:
        read = manifest.read(path.absolute())
    except NoManifest as error:
        return Unread(place=str(path), reason=str(error).rstrip("."), hint=error.hint, is_looked_at=True)
    if read.taken_at.tzinfo is None:
        return Unread(place=str(path), reason="its manifest has a time without a zone", is_looked_at=True)
    return BackupEvidence(
        kind=KIND,
        name=str(read.path),
        checksum=read.archive.sha256,
        database=read.database.name,
        system_identifier=read.database.system_identifier,
        taken_at=read.taken_at,
        proof=read.proof,
        restored_at=read.proved_at if read.proof >= manifest.Proof.RESTORED else None,
        manifest=read,
    )
