"""Tries an archive: restores it where that is possible and compares, else reads it to its end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from subprocess import SubprocessError

import django.db
import psycopg

from migrations_safety.backup.broken_off import BrokenOff, NoPlace
from migrations_safety.backup.comparison import differing_definitions, differing_rows
from migrations_safety.backup.manifest import Manifest, Proof, verify_archive
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.restore import AT_WORK, Restore, Restored
from migrations_safety.backup.restore_place import Original, RestorePlace, restore_place
from migrations_safety.backup.trial import Trial, read_to_the_end
from migrations_safety.measurement.own_folder import own_folder
from migrations_safety.messages.errors import explain
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import listed
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
        if trial.why_not:
            trial = _untried(trial, manifest, Problem(words=trial.why_not, is_of_place=True), options)
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
    with own_folder() as folder:
        with progress.steps("Restoring, tables", total=len(manifest.tables)) as advance:
            restored = Restore(
                archive=archive,
                place=place,
                original=original,
                pg_restore=tools.pg_restore,
                jobs=options.jobs,
                entries=folder / "entries",
                deadline=deadline,
                look=_advancing(advance),
            ).run()
        differences = _compared(manifest, original, place, restored, tools, progress)
    return _judged(manifest, restored, differences, place, is_same_version=place.major == original.major)


def _judged(
    manifest: Manifest, restored: Restored, differences: list[Finding], place: RestorePlace, *, is_same_version: bool
) -> Trial:
    """Return the level that was shown, and what was not restored."""
    left_out = (*restored.lacking, *restored.left_out, *place.notes)
    findings = (*restored.findings, *differences)
    if findings:
        failed = tuple(one.subject for one in restored.findings)
        return Trial(proof=Proof.READ, findings=findings, not_restored=(*failed, *left_out))
    if restored.lacks_tables or restored.lost.hurt:
        return Trial(proof=Proof.READ, not_restored=left_out, why_not=_lacking(restored))
    is_compared = is_same_version and not restored.lacking  # of another version: by names alone
    return Trial(proof=Proof.COMPARED if is_compared else Proof.RESTORED, not_restored=left_out)


def _lacking(restored: Restored) -> str:
    """Return why not all tables came back, as a part of a sentence."""
    tables = sorted(f"{schema}.{table}" for schema, table in restored.lost.hurt)
    what = f"the tables {listed(tables)} with all their keys and indexes" if tables else listed(restored.lacking)
    return f"the server of the test cannot have {what}; all others came back as they were"


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
        lost = restored.lost.tables
        found = differing_rows(place, tuple(one for one in manifest.tables if (one.schema, one.table) not in lost))
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
