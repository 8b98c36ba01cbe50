"""Whether a backup holds what is to be purged, and was restored once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import DatabaseError, transaction

from migrations_safety.backup.manifest import Manifest, Proof, read, verify_archive
from migrations_safety.kept.kept_record import KEPT_SCHEMA
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.kept.report import Held
from migrations_safety.sql import statement


def check_backup(connection: Connection, held: tuple[Held, ...], path: str | None) -> Iterator[Finding]:
    """Find out why the backup at `path` is none for what is to be purged.

    Raises NoManifest where there is no manifest at the path.
    """
    if path is None:
        yield wording.no_backup_for_purge("the backup", reason="was not named")
        return
    manifest = read(Path(path))
    for reason in _reasons(connection, held, manifest):
        yield wording.no_backup_for_purge(manifest.archive.file, reason=reason)


def _reasons(connection: Connection, held: tuple[Held, ...], manifest: Manifest) -> Iterator[str]:
    if not _is_of_this_database(connection, manifest):
        yield "is of another database"
        return
    if manifest.proof < Proof.RESTORED:
        yield f"was not restored yet (it is {manifest.proof.word} only)"
    if any(one.kept.kept_at > manifest.taken_at for one in held):
        yield "was taken before all of this was kept"
    counted = {one.table: one.rows for one in manifest.tables if one.schema == KEPT_SCHEMA}
    for one in held:
        if one.kept.kind == "table" and counted.get(one.kept.kept_name) != one.rows:
            yield f"does not hold the rows of {one.kept.subject}"
    if problem := verify_archive(manifest):
        yield problem


def _is_of_this_database(connection: Connection, manifest: Manifest) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement("backup_gate.database"))
        here = cursor.fetchone()
    same = here == (manifest.database.name, manifest.database.oid)
    identifiers = {_system_identifier(connection), manifest.database.system_identifier} - {None}
    return same and len(identifiers) < 2


def _system_identifier(connection: Connection) -> str | None:
    """The identifier of the cluster; None where the role may not read it."""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(statement("backup_gate.system_identifier"))
            return str(cursor.fetchone()[0])
    except DatabaseError:
        return None
