"""Whether a backup holds what is to be purged, and was restored once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import DatabaseError, transaction

from migrations_safety.backup.evidence.recorded_archives import contradiction, recorded_archives
from migrations_safety.backup.evidence.search import find_backups
from migrations_safety.backup.evidence.values import Places
from migrations_safety.backup.manifest import Manifest, Proof, read, verify_archive
from migrations_safety.kept.kept_record import KEPT_SCHEMA
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.kept.report import Held
from migrations_safety.sql import statement


def check_backup(connection: Connection, held: tuple[Held, ...], path: str | None, places: Places) -> Iterator[Finding]:
    """Find out why no backup holds what is to be purged: the one at `path`, or any archive that is known.

    Known are archives in `places` and in the record of runs. Other tools do not say how many rows a table has in their
    backups, so theirs do not count. Raises NoManifest where there is no manifest at the path.
    """
    manifests = [read(Path(path).absolute())] if path else _known(connection, places)
    first: list[str] = []
    for manifest in manifests:
        reasons = list(_reasons(connection, held, manifest))
        if not reasons:
            return
        first = first or reasons
    if not manifests:
        yield wording.no_backup_for_purge("no archive", reason="is known")
    for reason in first:
        yield wording.no_backup_for_purge(manifests[0].archive.file, reason=reason)


def _known(connection: Connection, places: Places) -> list[Manifest]:
    """Return the manifests of the archives of this database that are known, the newest first."""
    return [one.manifest for one in find_backups(connection, places).evidence if one.manifest]


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
    if problem := contradiction(manifest, recorded_archives(connection)) or verify_archive(manifest):
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
