"""Reads what pgBackRest knows of its backups: `pgbackrest info --output=json` (its user guide, "Information")."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from migrations_safety.backup.evidence.told_json import told_json
from migrations_safety.backup.evidence.values import BackupEvidence, CouldNotRead, Places, Unread
from migrations_safety.backup.manifest import Proof

KIND = "pgbackrest"


def pgbackrest(place: str, places: Places) -> Iterator[BackupEvidence | Unread]:
    """Yield the backups of one stanza; `STANZA:FILE` names the configuration, too.

    The tool compares checksums of pages and files while it copies, but keeps no account of restores: its backups are
    `written`. A damaged one (`error`) is none.
    """
    stanza, _, file = place.partition(":")
    command = ["pgbackrest", *([f"--config={file}"] if file else []), f"--stanza={stanza}", "info", "--output=json"]
    told = told_json(command, package=KIND, patience=places.patience)
    try:
        (info,) = [one for one in told if one["name"] == stanza]
        if info["status"]["code"] not in (OK, NO_BACKUPS):
            raise CouldNotRead(f"pgbackrest says: {info['status']['message']}", f"See: {shlex.join(command)}")
        yield from [_backup(one, info, stanza) for one in info["backup"]]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CouldNotRead(f"pgbackrest says it in a form that we do not know ({type(error).__name__})") from None


OK, NO_BACKUPS = 0, 2
"""The status of a stanza: all is well; it has no backup yet."""


def _backup(one: dict[str, Any], info: dict[str, Any], stanza: str) -> BackupEvidence | Unread:
    name = f"{stanza} {one['label']}"
    if one.get("error"):
        return Unread(place=f"{KIND}:{name}", reason="it has pages with wrong checksums", is_looked_at=True)
    ids = one["database"]
    history = [db for db in info["db"] if db["id"] == ids["id"] and db.get("repo-key") == ids.get("repo-key")]
    archived = [line["max"] for line in info["archive"] if line["database"] == ids and line["max"]]
    return BackupEvidence(
        kind=KIND,
        name=name,
        checksum=None,
        database=None,
        system_identifier=str(history[0]["system-id"]) if history else None,
        taken_at=datetime.fromtimestamp(one["timestamp"]["stop"], UTC),
        proof=Proof.WRITTEN,
        wal_archived_until=max(archived, default=None),
    )
