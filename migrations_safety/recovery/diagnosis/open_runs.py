"""Finds the runs whose work is not done, by what the database shows of it, and not by what ran later.

A run of migrations is done once each of them is recorded, or is recorded no more. A run about kept things is done once
they are kept no more. Where the database does not show the work, as of a backup, a later run has to have done it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrations_safety.kept.kept_record import Kept
from migrations_safety.recovery.diagnosis.recorded_runs import BACKFILL, MIGRATE, Recorded

RESTORE, PURGE = "restore_dropped", "purge_dropped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What the database and the code show now; None where it could not be read."""

    recorded: frozenset[str] | None
    """The labels of the recorded migrations."""
    files: frozenset[str]
    """The labels of the migrations that the code has."""
    kept: tuple[Kept, ...] | None
    has_images: bool | None
    """Whether nullified references are not put back yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRun:
    """A run that failed or has no end, with what is left of its work."""

    run: Recorded
    left: frozenset[str] | None
    """The labels of migrations, or the numbers of kept things; None where the database does not show them."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left, although no end is recorded."""
        return self.left is not None and not self.left

    @property
    def again(self) -> tuple[str, ...]:
        """The command that does the rest."""
        if self.run.command not in {RESTORE, PURGE}:
            return self.run.again
        numbers = sorted(self.left or (), key=int)
        return (self.run.command, *numbers, *(["--list"] if self.run.command == PURGE else []))


def open_runs(runs: Sequence[Recorded], shown: Shown) -> list[OpenRun]:
    """Return the runs whose work is not done, the newest first; of several about the same work the last.

    The last run of all is among them as well if only its end is missing.
    """
    found = []
    for place, run in enumerate(runs):
        later = runs[:place]
        if run.has_finished or any(_gives_up(one, run) for one in later):
            continue
        left = _left(run, shown)
        one = OpenRun(run=run, left=left)
        if one.is_done and later:
            continue
        if left is None and any(_makes_good(other, run) for other in later):
            continue
        if not any(_is_about(other, run, left) for other in later):
            found.append(one)
    return found


def _left(run: Recorded, shown: Shown) -> frozenset[str] | None:
    if run.migrations and shown.recorded is not None:
        if run.goes_back:
            return frozenset(one for one in run.migrations if one in shown.recorded)
        return frozenset(one for one in run.migrations if one not in shown.recorded and one in shown.files)
    if run.command in {RESTORE, PURGE} and shown.kept is not None:
        asked = {int(number) for number in run.arguments.get("numbers") or ()}
        kept = [one for one in shown.kept if one.kept_at <= run.started_at]
        return frozenset(str(one.number) for one in kept if not asked or one.number in asked)
    if run.command == BACKFILL and run.arguments.get("restore_nullified") and shown.has_images is False:
        return frozenset()
    return None


def _gives_up(later: Recorded, run: Recorded) -> bool:
    """Whether a later run has undone what the other one was doing."""
    is_other_way = later.goes_back is not run.goes_back
    return later.has_finished and is_other_way and not {*later.migrations}.isdisjoint(run.migrations)


def _makes_good(later: Recorded, run: Recorded) -> bool:
    """Whether a later run has done the work, or has made it needless: a deploy, or its rollback."""
    return later.has_finished and (later.work == run.work or later.command == MIGRATE or later.goes_back)


def _is_about(later: Recorded, run: Recorded, left: frozenset[str] | None) -> bool:
    """Whether a later run was about the same work, so that it tells what is left."""
    if later.work != run.work:
        return False
    if left is None:
        return True
    if run.migrations:
        return left <= {*later.migrations}
    numbers = {str(one) for one in later.arguments.get("numbers") or ()}
    return not numbers or left <= numbers
