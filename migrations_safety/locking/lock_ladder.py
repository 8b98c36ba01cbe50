"""Takes locks: the deploy lock, one deploy at a time on a database, and the ladder, on which the migration loses.

What each single statement of a migration gets on the ladder: `migrations_safety.locking.guarded_statements`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from django.db import DatabaseError, OperationalError

from migrations_safety.locking.watchdog import Watchdog
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.messages.refusals.locks import GaveWay, LocksNotFree, OthersWaited
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

RUNGS = (1, 50, 100, 250)
"""Milliseconds that one attempt may wait for all its locks; 1 is as good as NOWAIT."""
LONGEST_PAUSE = 5.0
"""Seconds between two climbs, at most."""
CONFLICTS = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)

Result = TypeVar("Result")


class Ladder:
    """Tries a piece of work again until its locks were free: NOWAIT, then longer waits, then a pause, and again.

    In sum one attempt waits less than half of the server's `deadlock_timeout`, so that in any conflict it is the
    migration that gives way. `retry_for` is in seconds; there is never a last try without a limit.
    """

    def __init__(self, connection: Connection, *, watchdog: Watchdog, retry_for: float, progress: Progress) -> None:
        self.connection = connection
        self.watchdog = watchdog
        self.retry_for = retry_for
        self.progress = progress
        self.rungs = _rungs(connection)
        self.rung = self.rungs[0]
        self.is_in_attempt = False
        self.has_met_conflict = False
        self.is_broken = False
        self.transaction_id: str | None = None
        self.is_spent = False
        self.refusal: Refusal | None = None
        self._remembers = False

    def run_with_retries(self, attempt: Callable[[], Result], *, what: str, is_whole: bool = True) -> Result:
        """What `attempt` returns; it must undo itself when it fails (a transaction does).

        `is_whole` where nothing was done before it that would be left half done. An attempt whose code has ended its
        transaction (`is_broken`), or has written through another connection (`is_spent`), did not undo itself: its
        error is raised as it is.

        Raises LocksNotFree or OthersWaited after `retry_for` seconds.
        """
        started = time.monotonic()
        until = started + self.retry_for
        for number, rung in enumerate(self._endless_rungs()):
            self.rung = rung
            try:
                with self._attempting(until, what=what):
                    return attempt()
            except (DatabaseError, psycopg.Error) as error:
                if not self.is_conflict(error) or not self._is_undone():
                    raise
                if time.monotonic() > until:
                    raise self.given_up(what, started=started, is_whole=is_whole) from error
            self._pause(number, what=what)
        raise AssertionError("the rungs are endless")

    @contextmanager
    def _attempting(self, until: float, *, what: str) -> Iterator[None]:
        before = self.is_in_attempt
        self.is_in_attempt, self.has_met_conflict, self.is_broken, self.is_spent = True, False, False, False
        self.transaction_id = None
        try:
            with self.watchdog.attempt(what, until=until):
                yield
        finally:
            self.is_in_attempt = before

    @property
    def milliseconds(self) -> int:
        """How long one lock may be waited for on this rung: two locks together wait as long as the rung says."""
        return max(1, self.rung // 2)

    def refuse_passed_over(self) -> None:
        """End this attempt where its code has met a conflict and gone on: what it skipped would be lost.

        Raises OperationalError as if the conflict had ended the attempt.
        """
        if self.has_met_conflict and not self.is_broken:
            raise OperationalError("a conflict was passed over") from psycopg.errors.LockNotAvailable()

    @contextmanager
    def remembering_refusals(self) -> Iterator[None]:
        """While code runs that may catch a refusal and go on: what it passed over would be lost.

        The next statement, the record of the migration at the latest, is refused in the same words.
        """
        self._remembers = True
        try:
            yield
        finally:
            self._remembers, self.refusal = False, None

    def given_up(self, what: str, *, started: float, is_whole: bool) -> Refusal:
        """The refusal after the last attempt: of the locks, or of those who waited behind us."""
        waited = time.monotonic() - started
        words: dict[str, Any] = {"what": what, "seconds": round(waited), "is_whole": is_whole}
        if self.watchdog.was_at_work:
            refusal: Refusal = OthersWaited(**words)
        elif waited < self.retry_for:
            refusal = GaveWay(held_by=self._held_by(), **words)
        else:
            refusal = LocksNotFree(held_by=self._held_by(), **words)
        if self._remembers:
            self.refusal = refusal
        return refusal

    def _held_by(self) -> str:
        return ", ".join(map(str, self.watchdog.holders)) or "a session that was not seen"

    def give_way(self) -> None:
        """End this attempt where others wait too long; a cancel between two of its statements ends none.

        Raises OperationalError as if the next statement had been cancelled.
        """
        if self.watchdog.has_cancelled and self.watchdog.may_cancel and not self.is_spent:
            raise OperationalError("cancelled between two statements") from psycopg.errors.QueryCanceled()

    def _endless_rungs(self) -> Iterator[int]:
        while True:
            yield from self.rungs

    def _is_undone(self) -> bool:
        """Whether PostgreSQL itself says that nothing of the attempt's transaction was committed."""
        if self.is_broken or self.is_spent or self.transaction_id is None:
            return not (self.is_broken or self.is_spent)
        session = self.connection.connection  # past the wrappers, for which this would be another statement to guard
        asked = {"transaction": self.transaction_id}
        (is_committed,) = session.execute(statement("lock_ladder.is_committed"), asked).fetchall()[0]
        return not is_committed

    def is_conflict(self, error: BaseException) -> bool:
        """True where a lock was not free, or where we have given way."""
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if isinstance(cause, psycopg.errors.QueryCanceled):
            return self.watchdog.has_cancelled
        return isinstance(cause, CONFLICTS)

    def _pause(self, number: int, *, what: str) -> None:
        climbs, place = divmod(number, len(self.rungs))
        jitter = random.uniform(0.5, 1.5)
        if place < len(self.rungs) - 1:
            time.sleep(jitter * self.rung / 1000)
            return
        seconds = min(LONGEST_PAUSE, 0.25 * 2**climbs) * jitter
        why = f"waits for a lock, held by {self._held_by()}"
        if self.watchdog.was_at_work:
            why = "gave way, others waited behind it"
        self.progress.say(f"{what} {why}. Trying again in {seconds:.1f} s.")
        time.sleep(seconds)


def _rungs(connection: Connection) -> tuple[int, ...]:
    """The rungs, shorter where the server's `deadlock_timeout` is."""
    with connection.cursor() as cursor:
        cursor.execute(statement("watchdog.deadlock_timeout"))
        half = cursor.fetchone()[0] / 2
    scale = min(1.0, 0.9 * half / max(RUNGS))
    return tuple(max(1, int(rung * scale)) for rung in RUNGS)
