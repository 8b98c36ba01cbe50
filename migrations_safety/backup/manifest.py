"""The manifest of an archive: what is in it, where it came from, and how far it was tried.

It stands beside the archive as `<archive>.manifest.json`. Its keys stay the same; `migrate --require-backup`, a
rehearsal and `diagnose` read them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from migrations_safety.backup.regular_file import parsed_json, read_regular_file
from migrations_safety.messages.refusals.backup import NoManifest

Part = TypeVar("Part")

COMMAND, SCHEMA_VERSION, SUFFIX = "backup_database", 1, ".manifest.json"
CUSTOM, DIRECTORY = "custom", "directory"
CHUNK = 1024 * 1024


class Proof(IntEnum):
    """How far an archive was tried; each level includes those before it."""

    WRITTEN = 1
    """Its checksum was made while it was written."""
    READ = 2
    """It was read to its end, and its checksum is that of what was written."""
    RESTORED = 3
    """All its tables were restored into a scratch database, with every key and index; not those of extensions."""
    COMPARED = 4
    """The restored tables have as many rows as the original, and the catalog is the same."""

    @property
    def word(self) -> str:
        """The level as the manifest has it."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Proof:
        """Return the level of a word; raises KeyError for a word that is none."""
        return cls[word.upper()]


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """The archive itself, which stands in the folder of its manifest."""

    file: str
    """Its name, without the folder."""
    format: str
    """`custom` (one file) or `directory`."""
    bytes: int
    sha256: str
    """Of the file; for a folder of the lines `<sha256>  <name>` of its files, sorted by name."""
    encrypted_to: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The database that was dumped."""

    alias: str
    name: str
    host: str
    port: int
    server_version: str
    in_recovery: bool
    system_identifier: str | None
    """That of the cluster; None where the role may not read it."""
    oid: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedTable:
    """How many rows a table had in the snapshot of the dump."""

    schema: str
    table: str
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """All that is known of one archive; `path` is where the archive is."""

    path: Path
    archive: Archive
    database: Source
    tools: dict[str, str]
    snapshot: str
    taken_at: datetime
    wal_position: str | None
    tables: tuple[CountedTable, ...]
    not_in_archive: tuple[str, ...]
    seconds: float
    proof: Proof = Proof.WRITTEN
    proved_at: datetime | None = None
    not_restored: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """The number of rows of all tables together."""
        return sum(one.rows for one in self.tables)

    @property
    def text(self) -> str:
        """The text of its file."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as the values of its JSON."""
        fields = {name: getattr(self.archive, name) for name in Archive.__slots__}
        return {
            "command": COMMAND,
            "schema_version": SCHEMA_VERSION,
            "proof": self.proof.word,
            "proved_at": self.proved_at.isoformat() if self.proved_at else None,
            "not_restored": list(self.not_restored),
            "archive": fields,
            "database": {name: getattr(self.database, name) for name in Source.__slots__},
            "tools": self.tools,
            "snapshot": self.snapshot,
            "taken_at": self.taken_at.isoformat(),
            "wal_position": self.wal_position,
            "tables": [{name: getattr(one, name) for name in CountedTable.__slots__} for one in self.tables],
            "not_in_archive": list(self.not_in_archive),
            "seconds": round(self.seconds, 3),
        }


def manifest_of(archive: Path) -> Path:
    """Return where the manifest of an archive is."""
    return archive.with_name(archive.name + SUFFIX)


def read(path: Path) -> Manifest:
    """Read the manifest at `path`, or the one of the archive at `path`.

    Raises NoManifest where there is none that this version can read.
    """
    file = path if path.name.endswith(SUFFIX) else manifest_of(path)
    try:
        values = parsed_json(read_regular_file(file))
    except OSError as error:
        raise NoManifest(path=file, reason=error.strerror or type(error).__name__) from None
    except ValueError:
        raise NoManifest(path=file, reason="it is no JSON") from None
    try:
        return _manifest(file, values)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NoManifest(path=file, reason="it is no manifest of backup_database") from None


def _manifest(file: Path, values: dict[str, Any]) -> Manifest:
    if values["command"] != COMMAND or values["schema_version"] != SCHEMA_VERSION:
        raise ValueError(values["schema_version"])
    json.dumps(values, ensure_ascii=False).encode()  # a ValueError for text that nobody could print or record
    archive = _typed(Archive, values["archive"])
    if Path(archive.file).name != archive.file:
        raise ValueError("an archive stands beside its manifest")
    return Manifest(
        path=file.parent / archive.file,
        archive=archive,
        database=_typed(Source, values["database"]),
        tools=dict(values["tools"]),
        snapshot=values["snapshot"],
        taken_at=datetime.fromisoformat(values["taken_at"]),
        wal_position=values["wal_position"],
        tables=tuple(_typed(CountedTable, one) for one in values["tables"]),
        not_in_archive=tuple(values["not_in_archive"]),
        seconds=float(values["seconds"]),
        proof=Proof.of(values["proof"]),
        proved_at=datetime.fromisoformat(values["proved_at"]) if values["proved_at"] else None,
        not_restored=tuple(values["not_restored"]),
    )


def _typed(kind: type[Part], values: dict[str, Any]) -> Part:
    """Return a part of a manifest; raises TypeError where a value has another type than it is written with."""
    types = get_type_hints(kind)
    if wrong := [name for name, type in types.items() if not isinstance(values[name], type)]:
        raise TypeError(wrong)
    return kind(**{name: values[name] for name in types})


def verify_archive(manifest: Manifest) -> str:
    """Return what is wrong with the archive of a manifest, as the end of a sentence; empty where it is as written."""
    path = manifest.path
    try:
        if not path.exists():
            return "is not there"
        bytes, sha256 = checksum(path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if bytes != manifest.archive.bytes:
        return f"has {bytes:,} bytes, and {manifest.archive.bytes:,} were written"
    return "" if sha256 == manifest.archive.sha256 else "has another checksum than what was written"


def checksum(path: Path) -> tuple[int, str]:
    """Return the size in bytes and the SHA-256 of an archive, as its manifest has them."""
    if path.is_file():
        return _of_file(path)
    total, lines = 0, hashlib.sha256()
    for file in _files(path):
        bytes, sha256 = _of_file(file)
        total += bytes
        lines.update(f"{sha256}  {file.relative_to(path).as_posix()}\n".encode())
    return total, lines.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(one for one in folder.rglob("*") if one.is_file())


def _of_file(file: Path) -> tuple[int, str]:
    digest, total = hashlib.sha256(), 0
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            total += len(chunk)
    return total, digest.hexdigest()
