"""Tries an archive: restores it where that is possible and compares, else reads it to its end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from migrations_safety.backup.comparison import differing_definitions, differing_rows
from migrations_safety.backup.manifest import Manifest, Proof, verify_archive
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.restore import AT_WORK, Restored, restore
from migrations_safety.backup.restore_place import NoPlace, Original, RestorePlace, restore_place
from migrations_safety.backup.trial import Trial, read_to_the_end
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.wording import backup as wording
from migrations_safety.postgresql.guarded_program import GuardedProgram
from migrations_safety.postgresql.programs import Program


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """The programs of one backup."""

    pg_dump: Program
    pg_restore: Program
    pg_dumpall: Program


def try_archive(
    manifest: Manifest, original: Original, *, tools: Tools, options: BackupOptions, progress: Progress
) -> Trial:
    """Try an archive as far as the options want and the place allows."""
    if options.restore_test is False:
        return _read(manifest, tools, progress)
    is_asked = bool(options.restore_test or options.scratch_url)
    try:
        with restore_place(original, url=options.scratch_url, is_asked=is_asked) as place:
            return _restored(manifest, original, place, tools=tools, options=options, progress=progress)
    except NoPlace as error:
        read = _read(manifest, tools, progress)
        word = wording.no_restore_test if is_asked else wording.untried
        findings = (*read.findings, word(manifest.archive.file, problem=str(error)))
        return Trial(proof=read.proof, findings=findings, why_not=str(error))


def _read(manifest: Manifest, tools: Tools, progress: Progress) -> Trial:
    with progress.busy("Reading the archive to its end …"):
        return read_to_the_end(manifest, tools.pg_restore)


def _restored(
    manifest: Manifest,
    original: Original,
    place: RestorePlace,
    *,
    tools: Tools,
    options: BackupOptions,
    progress: Progress,
) -> Trial:
    if wrong := verify_archive(manifest):
        return Trial(proof=Proof.WRITTEN, findings=(wording.damaged(manifest.archive.file, problem=wrong),))
    archive, deadline = str(manifest.path), time.monotonic() + options.max_restore_seconds
    with TemporaryDirectory(prefix="migrations-safety-entries-") as folder:
        entries = Path(folder) / "entries"
        with progress.steps("Restoring, tables", total=len(manifest.tables)) as advance:
            restored = restore(
                archive,
                place,
                tools.pg_restore,
                jobs=options.jobs,
                entries=entries,
                deadline=deadline,
                look=_advancing(advance),
            )
        differences = _compared(manifest, original, place, restored, tools, progress)
    left_out = (*restored.left_out, *place.notes)
    if restored.findings or any(one.subject.startswith("table ") for one in differences):
        failed = tuple(one.subject for one in restored.findings)
        return Trial(proof=Proof.READ, findings=(*restored.findings, *differences), not_restored=(*failed, *left_out))
    proof = Proof.COMPARED if place.major == original.major else Proof.RESTORED  # of another version: by names alone
    return Trial(proof=Proof.READ if differences else proof, findings=tuple(differences), not_restored=left_out)


def _compared(
    manifest: Manifest,
    original: Original,
    place: RestorePlace,
    restored: Restored,
    tools: Tools,
    progress: Progress,
) -> list[Finding]:
    """Compare rows, and definitions too where everything was restored: what failed is missing, and said already."""
    with progress.busy("Comparing the restored rows and definitions …"):
        found = differing_rows(place, manifest.tables)
        if restored.findings:
            return found
        return found + differing_definitions(
            str(manifest.path),
            place,
            entries=restored.entries,
            pg_dump=tools.pg_dump,
            pg_restore=tools.pg_restore,
            same_version=place.major == original.major,
        )


def _advancing(advance: Callable[[int], object]) -> Callable[[GuardedProgram], None]:
    def look(program: GuardedProgram) -> None:
        advance(max(0, len(re.findall(AT_WORK, program.said)) - 1))

    return look
