"""What a `migrate` stands on: the backup that it makes or requires before it changes anything."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from migrations_safety.audit.run_log import StandsOn
from migrations_safety.backup import backup
from migrations_safety.backup.evidence.archives import KIND
from migrations_safety.backup.evidence.search import find_backups
from migrations_safety.backup.evidence.values import Places
from migrations_safety.backup.manifest import Manifest
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.requirement import Requirement, judge
from migrations_safety.messages.findings import Finding, blocking
from migrations_safety.messages.humanize import format_age
from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.options import Listener
from migrations_safety.postgresql.connection import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class WaysBack:
    """What a deploy stands on, and the findings about it."""

    stands_on: StandsOn = field(default_factory=StandsOn)
    findings: tuple[Finding, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether a way back that was asked for is missing."""
        return bool(blocking(self.findings))


NOTHING = WaysBack()


def backup_before(
    connection: Connection,
    *,
    make: BackupOptions | None,
    requirement: Requirement | None,
    places: Places,
    listener: Listener,
) -> WaysBack:
    """Make the backup that is asked for, and look whether the required one is there."""
    behind: dict[str, Any] | None = None
    findings: tuple[Finding, ...] = ()
    if make:
        manifest, findings = _made(connection, make, listener.progress)
        behind = _kept(manifest)
        listener.notice(f"Backup: {manifest.path}, {manifest.proof.word}.")
        places = replace(places, where=(str(manifest.path), *places.where))
    if requirement and not blocking(findings):
        found = find_backups(connection, places)
        judgement = judge(found, requirement)
        findings += judgement.findings
        if one := judgement.backup:
            behind = one.as_dict()
            age = format_age((found.now - one.taken_at).total_seconds())
            listener.notice(f"Backup: {one.name}, {age} old, {one.proof.word}.")
    return WaysBack(stands_on=StandsOn(backup=behind), findings=findings)


def _made(connection: Connection, make: BackupOptions, progress: Progress) -> tuple[Manifest, tuple[Finding, ...]]:
    report = backup.run(using=connection.alias, options=replace(make, is_recorded=False), progress=progress)
    return report.manifest, report.findings


def _kept(manifest: Manifest) -> dict[str, Any]:
    return {
        "kind": KIND,
        "name": str(manifest.path),
        "checksum": manifest.archive.sha256,
        "taken_at": manifest.taken_at.isoformat(),
        "proof": manifest.proof.word,
    }
