"""Tries an archive: restores it where that is possible and compares, else reads it to its end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import SubprocessError
from tempfile import TemporaryDirectory

import django.db
import psycopg

from migrations_safety.backup.comparison import differing_definitions, differing_rows
from migrations_safety.backup.manifest import Manifest, Proof, verify_archive
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.restore import AT_WORK, Restored, restore
from migrations_safety.backup.restore_place import BrokenOff, NoPlace, Original, RestorePlace, restore_place
from migrations_safety.backup.trial import Trial, read_to_the_end
from migrations_safety.messages.errors import explain
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.messages.wording import backup as wording
from migrations_safety.postgresql.guarded_program import GuardedProgram
from migrations_safety.postgresql.programs import Program

BROKEN = (psycopg.Error, django.db.Error, OSError, SubprocessError, Refusal, BrokenOff)
"""What ends a restore test in its middle: it says nothing about the archive."""


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
    trial, problems = None, list[Problem]()
    place_for = restore_place(original, url=options.scratch_url, is_asked=is_asked)
    with _gathering(problems), place_for as place, _gathering(problems):
        trial = _restored(manifest, original, place, tools=tools, options=options, progress=progress)
    if trial is None:
        trial = _untried(_read(manifest, tools, progress), manifest, problems.pop(0), options)
    left = tuple(wording.not_removed(original.of.name, problem=one.words) for one in problems)
    return replace(trial, findings=(*trial.findings, *left))


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a restore test was not done, or broke off, or left something behind."""

    words: str
    is_of_place: bool
    """Whether there was no place for it, or no more time or space."""


@contextmanager
def _gathering(problems: list[Problem]) -> Iterator[None]:
    """End the block at an error that says nothing about the archive, which is there whatever becomes of its test."""
    try:
        yield
    except NoPlace as error:
        problems.append(Problem(words=str(error), is_of_place=True))
    except BROKEN as error:
        words = str(error) if isinstance(error, BrokenOff) else explain(error)[0].rstrip(".")
        problems.append(Problem(words=words, is_of_place=False))


def _untried(read: Trial, manifest: Manifest, problem: Problem, options: BackupOptions) -> Trial:
    """Return what reading has shown, with the reason why there was no restore, or none to its end."""
    is_asked = bool(options.restore_test or options.scratch_url or options.is_required)
    word = (wording.no_restore_test if is_asked else wording.untried) if problem.is_of_place else wording.broken_off
    found = word(manifest.archive.file, problem=problem.words, proof=read.proof.word)
    return replace(read, findings=(*read.findings, found), why_not=problem.words)


def _read(manifest: Manifest, tools: Tools, progress: Progress) -> Trial:
    problems: list[Problem] = []
    with progress.busy("Reading the archive to its end …"), _gathering(problems):
        return read_to_the_end(manifest, tools.pg_restore)
    return _untried(Trial(proof=Proof.WRITTEN), manifest, problems[0])


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
