"""Watches, from a second connection, which sessions wait behind the migration, and cancels it before they wait long."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg

from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql import second_connection
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

INTERVAL = 0.02
"""Seconds between two queries for waiting sessions."""
SILENCE = 5.0
"""Seconds that the migration waits for a lock before a message says which sessions hold the lock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A session that holds a lock which the migration waits for."""

    pid: int
    """The process id of the session on the server; 0 for a prepared transaction."""
    state: str
    """The state of the session in `pg_stat_activity`, such as `idle in transaction`."""
    seconds: int | None
    """The age of the session's transaction; None where the role may not see this age."""
    application: str

    def __str__(self) -> str:
        if not self.pid:
            return "a prepared transaction"
        age = "age not shown" if self.seconds is None else f"{self.seconds} s"
        return f"pid {self.pid} ({self.application or 'no application name'}, {self.state}, {age})"


class Watchdog:
    """A context manager that watches the session of `connection` from a thread, with a second connection.

    A statement of the session is cancelled before another session has waited for `max_stall` seconds. With 0 no
    statement is cancelled for that reason.
    """

    def __init__(self, connection: Connection, *, max_stall: float, progress: Progress | None = None) -> None:
        self.parameters = second_connection.connection_parameters(connection)
        self.pid = second_connection.backend_pid(connection)
        self.max_stall = max_stall
        # Seconds that each other session waited behind the watched one, by its pid and the start of its wait.
        self.waits: dict[tuple[int, Any], float] = {}
        # The sessions that held the lock which the watched session waited for, at the last look.
        self.holders: list[Holder] = []
        # Why there is no second connection; empty where there is one.
        self.missing = ""
        # Whether the latest attempt was cancelled, and whether it had all its locks at that time.
        self.has_cancelled = False
        self.was_at_work = False
        # Whether the statement that runs may be cancelled.
        self.may_cancel = False
        self.progress = progress or Progress()
        self.silence = SILENCE
        self._what = ""
        self._waiting_since: float | None = None
        self._until = math.inf
        self._half_deadlock_timeout = 0.0
        self._cancelling = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        try:
            self._connect()
            self._thread.start()
        except psycopg.OperationalError as error:
            self.missing = " ".join(str(error).split())
        return self

    def __exit__(self, *error: object) -> None:
        if self._thread.ident is None:
            return
        self._stop.set()
        self._thread.join()
        self.connection.close()

    @property
    def guards(self) -> bool:
        """Whether the watchdog cancels statements that others wait behind, so that they need no lock timeout."""
        return self.max_stall > 0 and self._thread.is_alive()

    def _connect(self) -> None:
        self.connection = second_connection.open_connection(self.parameters)
        found = self.connection.execute(statement("watchdog.deadlock_timeout")).fetchone()
        self._half_deadlock_timeout = found[0] / 1000 / 2 if found else 0.0

    @contextmanager
    def attempt(self, what: str, *, until: float = math.inf) -> Iterator[None]:
        """Run statements that the watchdog may cancel.

        It also cancels a statement that still waits for a lock at `until`, in seconds of `time.monotonic()`. `what`
        names the work in messages. A cancel that is under way at the end of the block is waited for, so that it hits no
        later statement; PostgreSQL ignores a cancel of an idle session. `holders` and `waits` are kept for the next
        attempt.
        """
        self.has_cancelled = self.was_at_work = False
        self._until, self._what = until, what
        with self._cancelling_is(True):
            yield

    @contextmanager
    def only_counting(self, what: str) -> Iterator[None]:
        """Run statements that must not be cancelled, and count the sessions that wait behind them."""
        self._what = what
        with self._cancelling_is(False):
            yield

    @contextmanager
    def _cancelling_is(self, allowed: bool) -> Iterator[None]:
        before = self.may_cancel
        with self._cancelling:
            self.may_cancel = allowed
        try:
            yield
        finally:
            with self._cancelling:
                self.may_cancel = before

    def figures(self) -> dict[str, Any]:
        """The number of lock waits of other sessions (`count`), and the longest in milliseconds (`longest_ms`).

        Both are None where there was no second connection.
        """
        if self._thread.ident is None:
            return {"count": None, "longest_ms": None}
        return {"count": len(self.waits), "longest_ms": round(1000 * max(self.waits.values(), default=0.0))}

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL):
            try:
                self._look()
            except psycopg.Error:
                self._connect_again()

    def _connect_again(self) -> None:
        """Open the second connection again. Where the server is gone, the watched session fails by itself."""
        self.connection.close()
        with suppress(psycopg.Error):
            self._connect()

    def _look(self) -> None:
        found = self.connection.execute(statement("watchdog.holders"), {"pid": self.pid}).fetchall()
        queued = self.connection.execute(statement("watchdog.queued_behind"), {"pid": self.pid}).fetchall()
        if found:
            self.holders = [
                Holder(pid=pid, state=state, seconds=seconds, application=application)
                for pid, state, seconds, application in found
            ]
        self._say_who_holds_the_lock(is_waiting=bool(found))
        # While the watched session itself queues for a row, a session behind it in the same queue waits for the holder
        # of the row, and not for the watched session.
        stalled = [(pid, since, seconds) for pid, since, seconds, for_row in queued if not (found and for_row)]
        for pid, since, seconds in stalled:
            self.waits[pid, since] = max(seconds, self.waits.get((pid, since), 0.0))
        longest = max((seconds for _, _, seconds in stalled), default=0.0)
        in_queue = max((seconds for _, _, seconds, _ in queued), default=0.0)
        if self._is_to_end(longest, in_queue, is_waiting=bool(found)):
            self._cancel(at_work=not found)

    def _say_who_holds_the_lock(self, *, is_waiting: bool) -> None:
        """Say once for each wait longer than SILENCE which sessions hold the lock, as the operator sees no progress."""
        if not is_waiting:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = time.monotonic()
        elif time.monotonic() - self._waiting_since > self.silence:
            self._waiting_since = math.inf
            self.progress.say(f"{self._what} waits for {', '.join(map(str, self.holders))} …")

    def _is_to_end(self, longest: float, in_queue: float, *, is_waiting: bool) -> bool:
        """Whether to cancel the statement of the watched session.

        `longest` is the time in seconds that another session has waited because of the watched one. `in_queue` also
        counts sessions that wait for a row in the same queue. `is_waiting` says that the watched session itself waits
        for a lock.
        """
        # While the watched session waits for a lock, sessions behind it may be in a deadlock with it. After
        # `deadlock_timeout` the server ends one of these sessions, which may be that of the application. So the
        # statement has to be cancelled after half of this time.
        if is_waiting and time.monotonic() > self._until:
            return True
        if not self.max_stall or not in_queue:
            return False
        if is_waiting and in_queue + INTERVAL > self._half_deadlock_timeout:
            return True
        return longest + INTERVAL > self.max_stall

    def _cancel(self, *, at_work: bool) -> None:
        with self._cancelling:
            if self.may_cancel:
                self.was_at_work = self.was_at_work or (at_work and not self.has_cancelled)
                self.has_cancelled = True
                self.connection.execute(statement("watchdog.cancel"), {"pid": self.pid})
