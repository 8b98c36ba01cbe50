"""Takes locks: the deploy lock, one deploy at a time on a database, and the ladder, on which the migration loses."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from django.db import DatabaseError, OperationalError

from migrations_safety.progress import Progress
from migrations_safety.refusals import DeployAlreadyRunning, LocksNotFree
from migrations_safety.sql import statement
from migrations_safety.watchdog import Watchdog

DEPLOY_LOCK = {"class": 0x45485253, "object": 1}
"""The two halves of the advisory lock's key; the first spells EHRS."""
RUNGS = (1, 50, 100, 250)
"""Milliseconds that one attempt may wait for all its locks; 1 is as good as NOWAIT."""
LONGEST_PAUSE = 5.0
"""Seconds between two climbs, at most."""
CONFLICTS = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)

Result = TypeVar("Result")


@contextmanager
def deploy_lock(connection: Any, *, wait: float = 0, progress: Progress | None = None) -> Iterator[None]:
    """Hold the deploy lock, waiting up to `wait` seconds; it goes with the session, so a kill leaves nothing behind.

    It is asked for again and again: a session that waits in the server would hold a snapshot, and the other
    deploy's CREATE INDEX CONCURRENTLY would wait for that.

    Raises DeployAlreadyRunning where another session has it.
    """
    deadline = time.monotonic() + wait
    told = False
    while not _take_deploy_lock(connection):
        if time.monotonic() >= deadline:
            raise DeployAlreadyRunning(name=connection.settings_dict["NAME"])
        if not told and progress:
            progress.say("Another migrate or backfill_placeholders is at work on this database: waiting for it …")
            told = True
        time.sleep(0.5)
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(statement("session.release_deploy_lock"), DEPLOY_LOCK)


def _take_deploy_lock(connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement("session.take_deploy_lock"), DEPLOY_LOCK)
        return bool(cursor.fetchone()[0])


class Ladder:
    """Tries a piece of work again until its locks were free: NOWAIT, then longer waits, then a pause, and again.

    In sum one attempt waits less than half of the server's `deadlock_timeout`, so that in any conflict it is the
    migration that gives way. `retry_for` is in seconds; there is never a last try without a limit.
    """

    def __init__(self, connection: Any, *, watchdog: Watchdog, retry_for: float, progress: Progress) -> None:
        self.connection = connection
        self.watchdog = watchdog
        self.retry_for = retry_for
        self.progress = progress
        self.rungs = _rungs(connection)
        self.rung = self.rungs[0]

    def climb(self, attempt: Callable[[], Result], *, what: str) -> Result:
        """What `attempt` returns; it must undo itself when it fails (a transaction does), and call `limit_waiting`.

        Raises LocksNotFree after `retry_for` seconds.
        """
        started = time.monotonic()
        for number, rung in enumerate(self._endless_rungs()):
            self.rung = rung
            try:
                with self.watchdog.attempt():
                    return attempt()
            except DatabaseError as error:
                if not self._is_conflict(error):
                    raise
                if time.monotonic() - started > self.retry_for:
                    held_by = ", ".join(map(str, self.watchdog.holders)) or "a session that has gone"
                    raise LocksNotFree(what=what, seconds=round(self.retry_for), held_by=held_by) from error
            self._pause(number, what=what)
        raise AssertionError("the rungs are endless")

    def limit_waiting(self) -> None:
        """Bound each wait for a lock in the current transaction; two locks together wait as long as the rung says."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement("watch.limit_lock_waits"), {"milliseconds": str(max(1, self.rung // 2))})

    def give_way(self) -> None:
        """End this attempt where others wait too long; a cancel between two of its statements ends none.

        Raises OperationalError as if the next statement had been cancelled.
        """
        if self.watchdog.has_cancelled:
            raise OperationalError("cancelled between two statements") from psycopg.errors.QueryCanceled()

    def _endless_rungs(self) -> Iterator[int]:
        while True:
            yield from self.rungs

    def _is_conflict(self, error: DatabaseError) -> bool:
        cause = error.__cause__
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
        held_by = ", ".join(map(str, self.watchdog.holders)) or "a session that has gone"
        self.progress.say(f"{what} waits for a lock, held by {held_by}. Trying again in {seconds:.1f} s.")
        time.sleep(seconds)


def _rungs(connection: Any) -> tuple[int, ...]:
    """The rungs, shorter where the server's `deadlock_timeout` is."""
    with connection.cursor() as cursor:
        cursor.execute(statement("watch.deadlock_timeout"))
        half = cursor.fetchone()[0] / 2
    scale = min(1.0, 0.9 * half / max(RUNGS))
    return tuple(max(1, int(rung * scale)) for rung in RUNGS)
