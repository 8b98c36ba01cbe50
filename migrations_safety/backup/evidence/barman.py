"""Reads what Barman knows of its backups: `barman show-backup SERVER latest`, and whose cluster that is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from migrations_safety.backup.evidence.told_json import told_json
from migrations_safety.backup.evidence.values import BackupEvidence, CouldNotRead, Places, Unread
from migrations_safety.backup.manifest import Proof

KIND = "barman"
DONE = "DONE"
NO_BACKUP = "Unknown backup"


def barman(place: str, places: Places) -> Iterator[BackupEvidence | Unread]:
    """Yield the latest backup of one server; `SERVER:FILE` names Barman's configuration, too.

    Barman keeps no account of restores: its backups are `written`.
    """
    server, _, file = place.partition(":")
    command = ["barman", *(["-c", file] if file else []), "--format", "json"]
    try:
        backup = told_json([*command, "show-backup", server, "latest"], package=KIND, patience=places.patience)[server]
    except CouldNotRead as error:
        if NO_BACKUP in error.reason:
            return
        raise
    except (KeyError, TypeError):
        raise CouldNotRead("barman says it in a form that we do not know") from None
    known = told_json([*command, "show-server", server], package=KIND, patience=places.patience)
    try:
        yield _backup(backup, known[server], server)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CouldNotRead(f"barman says it in a form that we do not know ({type(error).__name__})") from None


def _backup(backup: dict[str, Any], server: dict[str, Any], name: str) -> BackupEvidence | Unread:
    label = f"{name} {backup['backup_id']}"
    if backup["status"] != DONE:
        return Unread(place=f"{KIND}:{label}", reason=f"its status is {backup['status']}", is_looked_at=True)
    identifier = backup.get("systemid") or server.get("postgres_systemid")
    return BackupEvidence(
        kind=KIND,
        name=label,
        checksum=None,
        database=None,
        system_identifier=str(identifier) if identifier else None,
        taken_at=datetime.fromtimestamp(int(backup["base_backup_information"]["end_time_timestamp"]), UTC),
        proof=Proof.WRITTEN,
        wal_archived_until=(backup.get("wal_information") or {}).get("last_available"),
    )
