"""Watches from a second connection which sessions wait behind ours, and cancels our statement before they wait long."""

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
"""Seconds that we wait for a lock before a message says which sessions hold it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A session that holds a lock which we wait for."""

    pid: int
    """0 for a prepared transaction."""
    state: str
    """As `pg_stat_activity` has it."""
    seconds: int | None
    """Age of its transaction, None where the role may not see it."""
    application: str

    def __str__(self) -> str:
        if not self.pid:
            return "a prepared transaction"
        age = "age not shown" if self.seconds is None else f"{self.seconds} s"
        return f"pid {self.pid} ({self.application or 'no application name'}, {self.state}, {age})"


class Watchdog:
    """Watches one session from a thread, for as long as the context is entered.

    `max_stall` is in seconds; with 0 it cancels nothing.
    """

    def __init__(self, connection: Connection, *, max_stall: float, progress: Progress | None = None) -> None:
        self.parameters = second_connection.connection_parameters(connection)
        self.pid = second_connection.backend_pid(connection)
        self.max_stall = max_stall
        # Seconds that each session waited behind ours, by its pid and the begin of its wait.
        self.waits: dict[tuple[int, Any], float] = {}
        # Who held the lock that we waited for when it was last read.
        self.holders: list[Holder] = []
        # Why there is no second connection; empty where there is one.
        self.missing = ""
        # The latest attempt was cancelled, and whether it had its locks by then.
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
        """Whether it cancels what others wait behind, so that our own waits need no lock timeout."""
        return self.max_stall > 0 and self._thread.is_alive()

    def _connect(self) -> None:
        self.connection = second_connection.open_connection(self.parameters)
        found = self.connection.execute(statement("watchdog.deadlock_timeout")).fetchone()
        self._half_deadlock_timeout = found[0] / 1000 / 2 if found else 0.0

    @contextmanager
    def attempt(self, what: str, *, until: float = math.inf) -> Iterator[None]:
        """Run statements that may be cancelled, and that wait for no lock beyond `until` (as of `time.monotonic`).

        A cancel that is under way at the end is waited for, so that it hits no later statement; PostgreSQL ignores a
        cancel of an idle session. `holders` and `waits` are kept for the next attempt.
        """
        self.has_cancelled = self.was_at_work = False
        self._until, self._what = until, what
        with self._cancelling_is(True):
            yield

    @contextmanager
    def only_counting(self, what: str) -> Iterator[None]:
        """Run statements that must not be cancelled: count the sessions that wait behind them."""
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
        """How many lock waits we caused, and the longest in milliseconds; None where there was no second connection."""
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
        """Open the second connection again; where the server is gone, the watched session notices that by itself."""
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
        # A session that queues for a row behind us, while we queue for it too, waits for the holder: we do not matter.
        stalled = [(pid, since, seconds) for pid, since, seconds, for_row in queued if not (found and for_row)]
        for pid, since, seconds in stalled:
            self.waits[pid, since] = max(seconds, self.waits.get((pid, since), 0.0))
        longest = max((seconds for _, _, seconds in stalled), default=0.0)
        in_queue = max((seconds for _, _, seconds, _ in queued), default=0.0)
        if self._is_to_end(longest, in_queue, is_waiting=bool(found)):
            self._cancel(at_work=not found)

    def _say_who_holds_the_lock(self, *, is_waiting: bool) -> None:
        """Once for each wait longer than SILENCE: the operator would see nothing move."""
        if not is_waiting:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = time.monotonic()
        elif time.monotonic() - self._waiting_since > self.silence:
            self._waiting_since = math.inf
            self.progress.say(f"{self._what} waits for {', '.join(map(str, self.holders))} …")

    def _is_to_end(self, longest: float, in_queue: float, *, is_waiting: bool) -> bool:
        """Whether to cancel our statement. `longest` and `in_queue` are seconds that other sessions wait."""
        # While we wait for a lock ourselves, sessions behind us may be in a deadlock with us. After `deadlock_timeout`
        # the server ends one of them, which may be the application's: ours has to be gone after half of that time.
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
