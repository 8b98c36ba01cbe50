"""The lock ladder: work that needs locks is tried again and again, with short lock timeouts and pauses in between.

In a conflict with another session the migration always gives way. The module `guarded_statements` says how the ladder
applies to each statement of a migration.
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
"""The steps of the ladder: milliseconds that one attempt may wait for two locks together. 1 is as good as NOWAIT."""
LONGEST_PAUSE = 5.0
"""The most seconds of a pause after the highest step, before the random factor."""
CONFLICTS = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)

Result = TypeVar("Result")


class LockLadder:
    """Tries a piece of work again until its locks are free, for `retry_for` seconds at most."""

    # A session that waits for a lock on a table makes all later sessions wait. With a lock_timeout of five seconds,
    # longer than `deadlock_timeout`, the application got the deadlock error and the migration won. So the highest step
    # is below half of `deadlock_timeout`, and the migration gives way before the server looks for a deadlock. NOWAIT
    # alone was tried, too: on a busy table it never got the lock, hence the longer steps. There is no last attempt
    # without a limit.

    def __init__(self, connection: Connection, *, watchdog: Watchdog, retry_for: float, progress: Progress) -> None:
        self.connection = connection
        self.watchdog = watchdog
        self.retry_for = retry_for
        self.progress = progress
        self.rungs = _rungs(connection)
        self.rung = self.rungs[0]
        # Whether statements run inside of `run_with_retries`. The next four attributes are about the latest attempt.
        self.is_in_attempt = False
        # Whether a statement has met a lock that was not free.
        self.has_met_conflict = False
        # Whether the migration's code has ended the transaction of the attempt.
        self.transaction_ended = False
        # Whether the migration's code has written through another connection.
        self.wrote_elsewhere = False
        # `pg_current_xact_id()` of the attempt's transaction, None before its first statement.
        self.transaction_id: str | None = None
        # The error that ended the last attempt, kept in case the migration's code catches it (`remembering_refusals`).
        self.refusal: Refusal | None = None
        self._remembers = False

    def run_with_retries(
        self, attempt: Callable[[], Result], *, what: str, is_whole: bool = True, goes_on: bool = False
    ) -> Result:
        """Call `attempt` until its locks are free, and return what it returns.

        A failed attempt must leave nothing behind, as a transaction does that is rolled back. `what` names the work in
        messages. `is_whole` is False where earlier work stays half done when the ladder gives up, and `goes_on` says
        whether the same command then goes on after it.

        Raises LocksNotFree, GaveWay or OthersWaited after `retry_for` seconds. Errors that are no lock conflict are
        raised unchanged.
        """
        # An attempt whose work is not undone must not run again. That happens where code has ended the transaction, or
        # has written through another connection. Code may send a COMMIT past Django's cursors, which the text of the
        # other statements does not show. So PostgreSQL is asked whether the transaction was committed.
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
                    raise self.given_up(what, started=started, is_whole=is_whole, goes_on=goes_on) from error
            self._pause(number, what=what)
        raise AssertionError("the rungs are endless")

    @contextmanager
    def _attempting(self, until: float, *, what: str) -> Iterator[None]:
        before = self.is_in_attempt
        self.is_in_attempt = True
        self.has_met_conflict = self.transaction_ended = self.wrote_elsewhere = False
        self.transaction_id = None
        try:
            with self.watchdog.attempt(what, until=until):
                yield
        finally:
            self.is_in_attempt = before

    @property
    def milliseconds(self) -> int:
        """The lock timeout of one statement: half of the present step, because a foreign key locks two tables."""
        return max(1, self.rung // 2)

    def refuse_passed_over(self) -> None:
        """Make the attempt fail where its code has caught a lock conflict and gone on.

        The work that the code skipped would be lost otherwise. Raises OperationalError, as if the conflict had ended
        the attempt.
        """
        if self.has_met_conflict and not self.transaction_ended:
            raise OperationalError("a conflict was passed over") from psycopg.errors.LockNotAvailable()

    @contextmanager
    def remembering_refusals(self) -> Iterator[None]:
        """Refuse all later statements, too, where the migration's code catches the error of `run_with_retries`.

        The work that the code skipped would be lost otherwise. The last of these statements is the one that would
        record the migration as applied.
        """
        self._remembers = True
        try:
            yield
        finally:
            self._remembers, self.refusal = False, None

    def given_up(self, what: str, *, started: float, is_whole: bool, goes_on: bool = False) -> Refusal:
        """Return the error to raise after the last attempt: OthersWaited, GaveWay or LocksNotFree.

        `started` is the start of the first attempt, in seconds of `time.monotonic()`.
        """
        waited = time.monotonic() - started
        words: dict[str, Any] = {"what": what, "seconds": round(waited), "is_whole": is_whole, "goes_on": goes_on}
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
        """Make the attempt fail where the watchdog has cancelled it between two statements.

        PostgreSQL ignores such a cancel. Raises OperationalError, as if the next statement had been cancelled.
        """
        if self.watchdog.has_cancelled and self.watchdog.may_cancel and not self.wrote_elsewhere:
            raise OperationalError("cancelled between two statements") from psycopg.errors.QueryCanceled()

    def _endless_rungs(self) -> Iterator[int]:
        while True:
            yield from self.rungs

    def _is_undone(self) -> bool:
        """Whether the attempt has left nothing in the database, according to PostgreSQL's status of its transaction."""
        if self.transaction_ended or self.wrote_elsewhere:
            return False
        if self.transaction_id is None:
            return True
        session = self.connection.connection  # past Django's cursors, where the StatementGuard would see this query
        asked = {"transaction": self.transaction_id}
        (is_committed,) = session.execute(statement("lock_ladder.is_committed"), asked).fetchall()[0]
        return not is_committed

    def is_conflict(self, error: BaseException) -> bool:
        """Whether the error says that a lock was not free, or that the watchdog has cancelled the statement."""
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if isinstance(cause, psycopg.errors.QueryCanceled):
            return self.watchdog.has_cancelled
        return isinstance(cause, CONFLICTS)

    def _pause(self, number: int, *, what: str) -> None:
        rounds, place = divmod(number, len(self.rungs))
        jitter = random.uniform(0.5, 1.5)
        if place < len(self.rungs) - 1:
            time.sleep(jitter * self.rung / 1000)
            return
        seconds = min(LONGEST_PAUSE, 0.25 * 2**rounds) * jitter
        why = f"waits for a lock, held by {self._held_by()}"
        if self.watchdog.was_at_work:
            why = "gave way, others waited behind it"
        self.progress.say(f"{what} {why}. Trying again in {seconds:.1f} s.")
        time.sleep(seconds)


def _rungs(connection: Connection) -> tuple[int, ...]:
    """The steps of RUNGS in milliseconds, reduced so that the highest is below half of `deadlock_timeout`."""
    with connection.cursor() as cursor:
        cursor.execute(statement("watchdog.deadlock_timeout"))
        half = cursor.fetchone()[0] / 2
    scale = min(1.0, 0.9 * half / max(RUNGS))
    return tuple(max(1, int(rung * scale)) for rung in RUNGS)
