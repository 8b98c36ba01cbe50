"""The result of a backup, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.backup.manifest import Manifest, Proof
from migrations_safety.messages.findings import Finding, blocking
from migrations_safety.postgresql.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupReport:
    """A backup that was made, and how far it was tried."""

    target: Target
    manifest: Manifest
    beside: tuple[str, ...]
    """The names of the files that were written beside the archive: manifest, roles and settings."""
    findings: tuple[Finding, ...]
    why_not_restored: str
    """Why there was no restore test; empty where there was one."""
    why_not_recorded: str
    """Why the record of runs does not have this backup; empty where it has."""
    run_id: str | None
    removed: tuple[str, ...] = ()
    """What killed runs had left in the folder, and is gone now."""

    @property
    def verdict(self) -> str:
        """The level of proof, or `failed` where the archive was written and did not stand its trial."""
        return "failed" if self.is_refused else self.manifest.proof.word

    @property
    def is_refused(self) -> bool:
        """Whether the archive failed its trial."""
        return bool(blocking(self.findings))

    @property
    def is_proved(self) -> bool:
        """Whether it was restored."""
        return self.manifest.proof >= Proof.RESTORED
