"""Refusals of backups, and of the programs and copies that backups and rehearsals need."""

from __future__ import annotations

from collections.abc import Sequence

from migrations_safety.messages.humanize import listed
from migrations_safety.messages.refusals.base import Refusal


class ProgramMissing(Refusal):
    """Raised where one of PostgreSQL's programs is not installed in a version that fits the server."""

    message = "{name} of PostgreSQL {version}{fixed} or newer is needed here, and {there}."

    def __init__(self, *, name: str, version: int, first_fixed: int, found: Sequence[str]) -> None:
        there = f"only {listed(found)} was found" if found else "none was found"
        fixed = f".{first_fixed}" if first_fixed else ""
        super().__init__(name=name, version=version, fixed=fixed, there=there)
        self.hint = (
            f"Install the package postgresql-client-{version} (Debian, Ubuntu) or postgresql{version} (Red Hat), or "
            'pip install "django-migrations-safety[embedded]" (16 and 18), and run the same command again.'
        )


class NoCopy(Refusal):
    """Raised where a copy of a database cannot be made, or is not as it must be."""

    message = "A copy of the database cannot be made: {reason}."

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(reason=reason)
        self.hint = hint


class NoManifest(Refusal):
    """Raised where a manifest is missing, or is none that this version can read."""

    message = "{path} cannot be read as the manifest of a backup: {reason}."
    hint = "Name an archive that backup_database has written; its manifest stands beside it."

    def __init__(self, *, path: object, reason: str) -> None:
        super().__init__(path=path, reason=reason)


class NoBackup(Refusal):
    """Raised where a backup was not made; there is no archive then."""

    message = "There is no backup: {reason}."

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(reason=reason)
        self.hint = hint


class RowsOutOfReach(Refusal):
    """Raised where the role may not read everything, so that a dump would lack it or fail."""

    message = 'There is no {wanted}: the role "{role}" {what} ({tables}). A dump would fail there.'

    def __init__(self, *, wanted: str, role: str, what: str, tables: Sequence[str], hint: str) -> None:
        super().__init__(wanted=wanted, role=role, what=what, tables=listed(tables))
        self.hint = hint


class DiskTooSmall(Refusal):
    """Raised where the archive would fill the disk, before or while it is written."""

    message = "There is no backup: {where} has {free} free, and {needed}."
    hint = "Name another folder with --output, or remove older archives there."

    def __init__(self, *, where: object, free: str, needed: str) -> None:
        super().__init__(where=where, free=free, needed=needed)
