"""What a trial of an archive has shown, and how an archive is read to its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrations_safety.backup.manifest import Manifest, Proof, verify_archive
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import backup as wording
from migrations_safety.postgresql.guarded_program import guarded_program
from migrations_safety.postgresql.programs import Program, environment


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What was shown of one archive."""

    proof: Proof
    findings: tuple[Finding, ...] = ()
    not_restored: tuple[str, ...] = ()
    why_not: str = ""
    """Why it was not restored; empty where it was."""


def read_to_the_end(manifest: Manifest, pg_restore: Program) -> Trial:
    """Read the whole archive: its bytes are those that were written, and pg_restore understands them to the end."""
    if wrong := verify_archive(manifest):
        return Trial(proof=Proof.WRITTEN, findings=(wording.damaged(manifest.archive.file, problem=wrong),))
    if manifest.archive.encrypted_to:
        return Trial(proof=Proof.WRITTEN)
    if not is_readable(manifest.path, pg_restore):
        problem = "cannot be read to its end by pg_restore"
        return Trial(proof=Proof.WRITTEN, findings=(wording.damaged(manifest.archive.file, problem=problem),))
    return Trial(proof=Proof.READ)


def is_readable(archive: Path, pg_restore: Program) -> bool:
    """Return whether pg_restore reads the archive to its end."""
    command = [pg_restore.path, "--file=/dev/null", str(archive)]
    with guarded_program(command, environment=environment({})) as program:
        return program.wait() == 0
