"""What is known of backups, whoever made them, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrations_safety.backup.manifest import Manifest, Proof


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupEvidence:
    """One backup, as whoever made it describes it."""

    kind: str
    """Whose backup it is: `archive`, `pgbackrest`, `barman` or `signed`."""
    name: str
    """The path of an archive; the stanza or the server with the label of another backup."""
    checksum: str | None
    """The SHA-256 of an archive or of a signed file; None where the tool keeps its own."""
    database: str | None
    """The name of the database; None for a backup of the whole cluster."""
    system_identifier: str | None
    """That of the cluster; None where nobody knows it, so that it belongs to no database that we know."""
    taken_at: datetime
    """The moment whose state the backup has."""
    proof: Proof
    wal_archived_until: str | None = None
    """The last segment or the time until which WAL is archived, as the tool says it."""
    restored_at: datetime | None = None
    """When it was last restored."""
    manifest: Manifest | None = None
    """That of an archive, which can be compared with it; None for other kinds."""

    def is_of(self, *, database: str, oid: int, system_identifier: str | None) -> bool:
        """Whether it is a backup of that database; never where the identifier of a cluster is not known.

        An archive has the oid as well: another database may have got the name since.
        """
        is_of_cluster = system_identifier is not None and self.system_identifier == system_identifier
        has_oid = self.manifest is None or self.manifest.database.oid == oid
        return is_of_cluster and has_oid and self.database in (None, database)

    def as_dict(self) -> dict[str, Any]:
        """Return what the record of runs and the JSON reports keep of it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "checksum": self.checksum,
            "taken_at": self.taken_at.isoformat(),
            "proof": self.proof.word,
            "wal_archived_until": self.wal_archived_until,
            "restored_at": self.restored_at.isoformat() if self.restored_at else None,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """A place that could not be read as one of backups."""

    place: str
    reason: str
    hint: str = ""
    is_looked_at: bool = False
    """Whether we looked and found no evidence there, such as a manifest that is damaged; False where nobody looked."""


class CouldNotRead(Exception):
    """Raised by a reader that cannot look at its place; the arguments are the reason and a hint."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The backups of one database that are known, the newest first."""

    database: str
    system_identifier: str | None
    """That of the cluster; None where the role may not read it, so that no backup is known as its own."""
    now: datetime
    """The server's time, by which ages count."""
    evidence: tuple[BackupEvidence, ...]
    others: int
    """How many backups belong to other databases."""
    unread: tuple[Unread, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where to look for backups."""

    where: tuple[str, ...] = ()
    """Folders, archives, or `SCHEME:NAME`."""
    keys: tuple[str, ...] = ()
    """The paths of the public keys of those who may sign that there is a backup (PEM, Ed25519)."""
    patience: float = 60
    """How many seconds the other tools may take together for their answers, which may come from elsewhere."""
