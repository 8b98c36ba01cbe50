"""What a person asks of a backup."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrations_safety.backup.manifest import CUSTOM

MAX_RESTORE_SECONDS = 7200


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupOptions:
    """The options of a backup."""

    output: Path
    """The archive, or the folder that gets an archive with a name of ours."""
    format: str = CUSTOM
    jobs: int = 1
    """How many tables are dumped and restored at once."""
    restore_test: bool | None = None
    """Whether the archive is restored; None for where space and time allow."""
    is_required: bool = False
    """Whether something relies on the restore test: without one there is an error, not a warning."""
    scratch_url: str | None = None
    """An empty database for the restore test; None for one that is made for it."""
    max_restore_seconds: float = MAX_RESTORE_SECONDS
    encrypt_to: str | None = None
    """The recipient, for age or gpg."""
    is_recorded: bool = True
    """Whether the backup is a run of its own in the record of runs."""
