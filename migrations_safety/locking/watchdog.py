"""Watches from a second connection who waits behind our statement, and ends that statement before they wait long."""

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
"""Seconds between two looks."""
SILENCE = 5.0
"""Seconds that we wait for somebody before it is told for whom."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A session that has the lock that we wait for; `seconds` is the age of its transaction, if we may see it."""

    pid: int
    state: str
    seconds: int | None
    application: str

    def __str__(self) -> str:
        if not self.pid:
            return "a prepared transaction"
        age = "age not shown" if self.seconds is None else f"{self.seconds} s"
        return f"pid {self.pid} ({self.application or 'no application name'}, {self.state}, {age})"


class Watchdog:
    """Looks at one backend for as long as it is entered.

    `max_stall` is in seconds, 0 for never to interfere. `waits` maps each session that waited behind us (pid and
    begin of its wait) to the seconds it waited. `was_at_work` where an attempt had its locks when it was cancelled.
    `missing` says why there is no second connection: then it looks at nothing.
    """

    def __init__(self, connection: Connection, *, max_stall: float, progress: Progress | None = None) -> None:
        self.parameters = second_connection.connection_parameters(connection)
        self.pid = second_connection.backend_pid(connection)
        self.max_stall = max_stall
        self.waits: dict[tuple[int, Any], float] = {}
        self.holders: list[Holder] = []
        self.missing = ""
        self.has_cancelled = False
        self.was_at_work = False
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
        """True where it ends what others wait behind, so that our own waits need no limit."""
        return self.max_stall > 0 and self._thread.is_alive()

    def _connect(self) -> None:
        self.connection = second_connection.open_connection(self.parameters)
        found = self.connection.execute(statement("watchdog.deadlock_timeout")).fetchone()
        self._half_deadlock_timeout = found[0] / 1000 / 2 if found else 0.0

    @contextmanager
    def attempt(self, what: str, *, until: float = math.inf) -> Iterator[None]:
        """Statements that may be cancelled; a cancel that is on its way is waited for, so it meets none after them.

        (An idle backend ignores it.) Whom an attempt met, and what it made others wait, is kept for the next one. It
        waits for no lock beyond `until`, as `time.monotonic` counts.
        """
        self.has_cancelled = self.was_at_work = False
        self._until, self._what = until, what
        with self._cancelling_is(True):
            yield

    @contextmanager
    def only_counting(self, what: str) -> Iterator[None]:
        """While a statement runs that must not be cut off, or that nobody waits for: count, and let it be."""
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
        """How many lock waits we caused, and the longest in milliseconds; None where nobody looked."""
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
        """Somebody may end our session alone; where the server is gone, the watched session finds out by itself."""
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
        self._tell_for_whom_we_wait(is_waiting=bool(found))
        # Who queues for a row behind us while we queue for it too waits for the one who has it, with or without us.
        stalled = [one[:3] for one in queued if not (found and one[3])]
        for pid, since, seconds in stalled:
            self.waits[pid, since] = max(seconds, self.waits.get((pid, since), 0.0))
        longest = max((seconds for _, _, seconds in stalled), default=0.0)
        in_queue = max((seconds for _, _, seconds, _ in queued), default=0.0)
        if self._is_to_end(longest, in_queue, is_waiting=bool(found)):
            self._cancel(at_work=not found)

    def _tell_for_whom_we_wait(self, *, is_waiting: bool) -> None:
        """Once for each wait: one that nobody is behind may be long, and who is at the terminal sees nothing move."""
        if not is_waiting:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = time.monotonic()
        elif time.monotonic() - self._waiting_since > self.silence:
            self._waiting_since = math.inf
            self.progress.say(f"{self._what} waits for {', '.join(map(str, self.holders))} …")

    def _is_to_end(self, longest: float, in_queue: float, *, is_waiting: bool) -> bool:
        """While we wait ourselves there may be a deadlock, and we are to lose it before the server looks for one."""
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
