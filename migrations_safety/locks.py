"""Takes locks: the deploy lock, one deploy at a time on a database, and the ladder, on which the migration loses."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import psycopg
from django.db import DatabaseError, OperationalError

from migrations_safety.progress import Progress
from migrations_safety.refusals import DeployAlreadyRunning, LocksNotFree, OthersWaited
from migrations_safety.sql import statement
from migrations_safety.transactions import is_in_transaction
from migrations_safety.watchdog import Watchdog

DEPLOY_LOCK = {"class": 0x45485253, "object": 1}
"""The two halves of the advisory lock's key; the first spells EHRS."""
RUNGS = (1, 50, 100, 250)
"""Milliseconds that one attempt may wait for all its locks; 1 is as good as NOWAIT."""
LONGEST_PAUSE = 5.0
"""Seconds between two climbs, at most."""
CONFLICTS = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)

DEFINES = re.compile(r"(ALTER|CREATE|DROP|TRUNCATE|LOCK|COMMENT|REINDEX|CLUSTER|REFRESH)\b", re.IGNORECASE)
WAITS_FOR_NOTHING = re.compile(r"\bNOWAIT\b", re.IGNORECASE)
COMMENTS = re.compile(r"\A(\s|--[^\n]*(\n|\Z)|/\*.*?\*/)+", re.DOTALL)

Result = TypeVar("Result")


@contextmanager
def deploy_lock(connection: Any, *, wait: float = 0, progress: Progress | None = None) -> Iterator[None]:
    """Hold the deploy lock, waiting up to `wait` seconds; it goes with the session, so a kill leaves nothing behind.

    Inside a transaction that is open already it goes with that one, whose end is the deploy's.

    It is asked for again and again: a session that waits in the server would hold a snapshot, and the other
    deploy's CREATE INDEX CONCURRENTLY would wait for that.

    Raises DeployAlreadyRunning where another session has it.
    """
    deadline = time.monotonic() + wait
    told = False
    of_transaction = is_in_transaction(connection)
    take = "session.take_deploy_lock_of_transaction" if of_transaction else "session.take_deploy_lock"
    while not _take_deploy_lock(connection, take):
        if time.monotonic() >= deadline:
            raise DeployAlreadyRunning(name=connection.settings_dict["NAME"])
        if not told and progress:
            progress.say("Another migrate or backfill_placeholders is at work on this database: waiting for it …")
            told = True
        time.sleep(0.5)
    try:
        yield
    finally:
        if not of_transaction:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(statement("session.release_deploy_lock"), DEPLOY_LOCK)


def _take_deploy_lock(connection: Any, take: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement(take), DEPLOY_LOCK)
        return bool(cursor.fetchone()[0])


class Ladder:
    """Tries a piece of work again until its locks were free: NOWAIT, then longer waits, then a pause, and again.

    In sum one attempt waits less than half of the server's `deadlock_timeout`, so that in any conflict it is the
    migration that gives way. `retry_for` is in seconds; there is never a last try without a limit. While it is
    `entered`, every statement is on it, whoever sends it: the schema editor, the code of a RunPython, a signal.
    """

    def __init__(self, connection: Any, *, watchdog: Watchdog, retry_for: float, progress: Progress) -> None:
        self.connection = connection
        self.watchdog = watchdog
        self.retry_for = retry_for
        self.progress = progress
        self.rungs = _rungs(connection)
        self.rung = self.rungs[0]
        self._is_patient = False
        self._has_met_conflict = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Put every statement of the connection on the ladder; those outside of a transaction one by one."""
        self._limit_session(self._resting)
        try:
            with self.connection.execute_wrapper(self._each_statement):
                yield
        finally:
            with suppress(DatabaseError, psycopg.Error):
                self._in_session(statement("watch.reset_session_timeouts"))

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """For a statement outside of a transaction that nobody waits behind: no limit, no second attempt."""
        self._is_patient = True
        self._in_session(statement("watch.lift_session_timeouts"))
        try:
            with self.watchdog.only_counting():
                yield
        finally:
            self._is_patient = False
            with suppress(psycopg.Error):
                self._in_session(statement("watch.reset_session_timeouts"))
                self._limit_session(self._resting)

    def climb(self, attempt: Callable[[], Result], *, what: str, is_whole: bool = True) -> Result:
        """What `attempt` returns; it must undo itself when it fails (a transaction does), and call `limit_waiting`.

        `is_whole` where nothing was done before it that would be left half done.

        Raises LocksNotFree or OthersWaited after `retry_for` seconds.
        """
        started = time.monotonic()
        for number, rung in enumerate(self._endless_rungs()):
            self.rung = rung
            self._has_met_conflict = False
            try:
                with self.watchdog.attempt():
                    return attempt()
            except DatabaseError as error:
                if not self._is_conflict(error):
                    raise
                if time.monotonic() - started > self.retry_for:
                    raise self._given_up(what, is_whole=is_whole) from error
            self._pause(number, what=what)
        raise AssertionError("the rungs are endless")

    def refuse_passed_over(self) -> None:
        """End this attempt where its code has met a conflict and gone on: what it skipped would be lost.

        Raises OperationalError as if the conflict had ended the attempt.
        """
        if self._has_met_conflict:
            raise OperationalError("a conflict was passed over") from psycopg.errors.LockNotAvailable()

    @property
    def _resting(self) -> int:
        """Milliseconds: the limit of statements that are in a transaction which is none of our attempts."""
        return max(1, self.rungs[-1] // 2)

    def _each_statement(self, execute: Callable, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Django's execute_wrapper. A statement alone is a transaction, so it can be tried again; several are not."""
        run = partial(execute, sql, params, many, context)
        if self._is_patient or many:
            return run()
        is_in_transaction = self.connection.in_atomic_block or not self.connection.get_autocommit()
        if is_in_transaction or self.watchdog.may_cancel:
            return self._within_attempt(run, sql)
        alone = partial(self._on_its_rung, run) if DEFINES.match(bare(sql)) else run
        return self.climb(alone, what=name_of(sql), is_whole=False)

    def _within_attempt(self, run: Callable[[], Result], sql: Any) -> Result:
        self.give_way()
        try:
            return run()
        except DatabaseError as error:
            if self._is_conflict(error) and not WAITS_FOR_NOTHING.search(str(sql)):
                self._has_met_conflict = True
            raise

    def _on_its_rung(self, run: Callable[[], Result]) -> Result:
        """What locks a table: the limit of the session alone would do for rows, of which there may be many."""
        self._limit_session(max(1, self.rung // 2))
        try:
            return run()
        finally:
            with suppress(psycopg.Error):
                self._limit_session(self._resting)

    def _limit_session(self, milliseconds: int) -> None:
        self._in_session(statement("watch.limit_lock_waits_of_session"), {"milliseconds": str(milliseconds)})

    def _in_session(self, query: str, parameters: dict[str, Any] | None = None) -> None:
        """Past the wrapper, which it would wake."""
        self.connection.ensure_connection()
        self.connection.connection.execute(query, parameters)

    def _given_up(self, what: str, *, is_whole: bool) -> LocksNotFree | OthersWaited:
        words: dict[str, Any] = {"what": what, "seconds": round(self.retry_for), "is_whole": is_whole}
        if self.watchdog.was_at_work:
            return OthersWaited(**words)
        return LocksNotFree(held_by=self._held_by(), **words)

    def _held_by(self) -> str:
        return ", ".join(map(str, self.watchdog.holders)) or "a session that has gone"

    def limit_waiting(self) -> None:
        """Bound each wait for a lock in the current transaction; two locks together wait as long as the rung says."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement("watch.limit_lock_waits"), {"milliseconds": str(max(1, self.rung // 2))})

    def give_way(self) -> None:
        """End this attempt where others wait too long; a cancel between two of its statements ends none.

        Raises OperationalError as if the next statement had been cancelled.
        """
        if self.watchdog.has_cancelled and self.watchdog.may_cancel:
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
        why = f"waits for a lock, held by {self._held_by()}"
        if self.watchdog.was_at_work:
            why = "gave way, others waited behind it"
        self.progress.say(f"{what} {why}. Trying again in {seconds:.1f} s.")
        time.sleep(seconds)


def bare(sql: Any) -> str:
    """A statement without the comments before it; empty for one that is no plain text."""
    return COMMENTS.sub("", sql) if isinstance(sql, str) else ""


def name_of(sql: Any) -> str:
    """What people are told of a statement: of one that defines something also what; of others nothing but its kind."""
    words = bare(sql).split()
    return " ".join(words[:3] if DEFINES.match(" ".join(words[:1])) else words[:1]) or "A statement"


def _rungs(connection: Any) -> tuple[int, ...]:
    """The rungs, shorter where the server's `deadlock_timeout` is."""
    with connection.cursor() as cursor:
        cursor.execute(statement("watch.deadlock_timeout"))
        half = cursor.fetchone()[0] / 2
    scale = min(1.0, 0.9 * half / max(RUNGS))
    return tuple(max(1, int(rung * scale)) for rung in RUNGS)
