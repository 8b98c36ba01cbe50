"""Says how old the last backup of the database is; only manifests are read, and what other tools know."""

from __future__ import annotations

from migrations_safety.backup.evidence.search import find_backups
from migrations_safety.backup.evidence.values import Places
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import backup as wording
from migrations_safety.postgresql.connection import Connection


def tell_last_backup(connection: Connection, places: Places | None) -> list[Finding]:
    """Return what is known of the last backup; nothing where nobody asked, or where no place is named nor known."""
    if places is None:
        return []
    found = find_backups(connection, places)
    told = [wording.not_read(one.place, one.reason, one.hint) for one in found.unread]
    if found.evidence:
        last = found.evidence[0]
        age = int((found.now - last.taken_at).total_seconds())
        return [*told, wording.last_backup(last.name, age=age, proof=last.proof.word)]
    if places.where and not told:
        told.append(wording.none_found(found.database, places=len(places.where)))
    return told
