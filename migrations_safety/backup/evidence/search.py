"""Finds the backups of a database: in the places that are named, and those that the record of runs knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from migrations_safety.backup.evidence.archives import archive, archives
from migrations_safety.backup.evidence.barman import barman
from migrations_safety.backup.evidence.pgbackrest import pgbackrest
from migrations_safety.backup.evidence.recorded_archives import RecordedArchive, contradiction, recorded_archives
from migrations_safety.backup.evidence.signed import signed
from migrations_safety.backup.evidence.values import BackupEvidence, CouldNotRead, Found, Places, Unread
from migrations_safety.backup.regular_file import shown
from migrations_safety.postgresql.catalog_fingerprint import database_identity
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

Reader = Callable[[str, Places], Iterator[BackupEvidence | Unread]]
READERS: dict[str, Reader] = {"pgbackrest": pgbackrest, "barman": barman, "signed": signed}
"""By the scheme of `SCHEME:NAME` what reads that place; what has no scheme of these is a path."""
LEAST = 0.2
"""Seconds that each place gets, also where those before it have taken all the time."""


def find_backups(connection: Connection, places: Places) -> Found:
    """Read what is known of backups of the connected database; nothing is compared with its archive yet."""
    identifier, oid = database_identity(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement("search.here_and_now"))
        database, now = cursor.fetchone()
    end = time.monotonic() + places.patience
    read = [one for place in places.where for one in _read(place, _in_time(places, end))]
    recorded = recorded_archives(connection)
    read += _recorded(recorded, known={one.name for one in read if isinstance(one, BackupEvidence)})
    read = [_agreeing(one, recorded) for one in read]
    evidence = {(one.kind, one.name): one for one in read if isinstance(one, BackupEvidence)}
    of_here: dict[str, Any] = {"database": database, "oid": oid, "system_identifier": identifier}
    ours = [one for one in evidence.values() if one.is_of(**of_here)]
    return Found(
        database=database,
        system_identifier=identifier,
        now=now,
        evidence=tuple(sorted(ours, key=lambda one: one.taken_at, reverse=True)),
        others=len(evidence) - len(ours),
        unread=tuple(one for one in read if isinstance(one, Unread)),
    )


def _read(place: str, places: Places) -> list[BackupEvidence | Unread]:
    scheme, _, name = place.partition(":")
    reader = READERS.get(scheme)
    try:
        return list(reader(name, places) if reader else archives(place, places))
    except CouldNotRead as error:
        return [Unread(place=shown(place), reason=error.reason, hint=error.hint)]
    except OSError as error:  # a folder that this user may not enter, or a name that is too long
        return [Unread(place=shown(place), reason=error.strerror or type(error).__name__)]
    except (RuntimeError, ValueError):  # the home of a user who does not exist, or a name that no file can have
        return [Unread(place=shown(place), reason="no file can have this name")]


def _in_time(places: Places, end: float) -> Places:
    """The places, with what is left of the patience until `end`, on the clock of `time.monotonic`."""
    return replace(places, patience=max(end - time.monotonic(), LEAST))


def _recorded(recorded: Sequence[RecordedArchive], *, known: set[str]) -> list[BackupEvidence | Unread]:
    """Return the archives that the record names and that are here; one that is elsewhere or gone is no evidence."""
    paths = dict.fromkeys(one.path for one in recorded)
    return [archive(Path(path)) for path in paths if path not in known and is_here(path)]


def _agreeing(one: BackupEvidence | Unread, recorded: Sequence[RecordedArchive]) -> BackupEvidence | Unread:
    """Return no evidence but the reason where a manifest says otherwise than the record of runs."""
    if isinstance(one, Unread) or one.manifest is None or not (reason := contradiction(one.manifest, recorded)):
        return one
    return Unread(place=one.name, reason=reason, is_looked_at=True)


def is_here(path: str) -> bool:
    """Whether there is an archive at a path, and this user may see it."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
