"""What the record of runs says of archives: who changes a manifest or an archive has not changed that, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from migrations_safety.backup.manifest import Manifest, Proof
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement

CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much the clock of the host that made a backup may be ahead of the server's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedArchive:
    """An archive as a run has recorded it, when it made the archive or stood on it."""

    path: str
    sha256: str
    proof: str | None
    recorded_at: datetime


def recorded_archives(connection: Connection) -> list[RecordedArchive]:
    """Return the recorded archives, the newest first; none where we may not read the record."""
    with connection.cursor() as cursor:
        cursor.execute(statement("recorded_archives.is_readable"))
        if not cursor.fetchone()[0]:
            return []
    return rows(connection, "recorded_archives.recorded", {}, RecordedArchive)


def contradiction(manifest: Manifest, recorded: Sequence[RecordedArchive]) -> str:
    """Return what a manifest says otherwise than the record, as a part of a sentence; empty where they agree.

    An archive of that path which was taken later than the recorded one is another one, and no contradiction.
    """
    taken_at, sha256 = manifest.taken_at, manifest.archive.sha256
    at_path = next((one for one in recorded if one.path == str(manifest.path)), None)
    if at_path and at_path.sha256 != sha256 and taken_at <= at_path.recorded_at:
        return "its manifest has another checksum than the record of runs"
    same = [one for one in recorded if one.sha256 == sha256]
    if any(taken_at > one.recorded_at + CLOCKS_DIFFER for one in same):
        return "its manifest has a later time than the record of runs"
    if same and all(_level(one) < manifest.proof for one in same):
        return f"its manifest says {manifest.proof.word}, and the record of runs says {same[0].proof}"
    return ""


def _level(one: RecordedArchive) -> int:
    try:
        return Proof.of(one.proof or "")
    except KeyError:
        return 0
