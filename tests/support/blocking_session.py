"""A session in the way of a migration, which stays until others have shown that they get on meanwhile.

Where the migration makes others wait until the session has gone, they do not get on, however fast the machine is;
where it gives way they do, however slow. No single wait of theirs comes near the time that the session would stay.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

ENOUGH = 40
"""Times that each of the others' statements has to be done meanwhile."""
IN_VAIN = 20
"""Seconds after which the session goes, although others did not get on."""
WAITED_FOR = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid)))"


def is_waited_for(holder: psycopg.Connection[Any], *, seen_by: psycopg.Connection[Any]) -> bool:
    """Whether some session waits for a lock of the holder."""
    return bool(seen_by.execute(WAITED_FOR, [holder.info.backend_pid]).fetchall()[0][0])


@dataclass
class Others:
    """What the others did: each statement in all, and the seldomest while something waited for the session in the way.

    The session also stays until `also` is true.
    """

    database: Any
    statements: tuple[str, ...]
    in_vain: float = IN_VAIN
    also: Callable[[], bool] = lambda: True
    done: dict[str, int] = field(default_factory=dict)
    meanwhile: int = 0
    longest: float = 0.0
    failed: list[psycopg.Error] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def got_on(self) -> bool:
        return self.meanwhile >= ENOUGH and self.longest < self.in_vain / 2

    def work(self, statement: str) -> None:
        """Run a statement again and again."""
        with psycopg.connect(self.database.url, autocommit=True) as session:
            while not self.stop.wait(0.005):
                started = time.monotonic()
                try:
                    session.execute(statement.encode())
                    self.done[statement] += 1
                except psycopg.Error as error:
                    self.failed.append(error)
                self.longest = max(self.longest, time.monotonic() - started)

    def free_the_way(self, holder: psycopg.Connection[Any]) -> None:
        """End the transaction in the way when somebody has waited for it and the others got on, or in vain."""
        with psycopg.connect(self.database.url, autocommit=True) as session:
            while not is_waited_for(holder, seen_by=session):
                if self.stop.wait(0.01):
                    return
        before, end = self.done.copy(), time.monotonic() + self.in_vain
        while not (self.meanwhile >= ENOUGH and self.also()) and time.monotonic() < end:
            time.sleep(0.01)
            self.meanwhile = min(self.done[one] - before[one] for one in self.statements)
        holder.rollback()


@contextmanager
def in_the_way(
    database: Any,
    *held: str,
    others: tuple[str, ...],
    in_vain: float = IN_VAIN,
    also: Callable[[], bool] = lambda: True,
) -> Iterator[Others]:
    """Around a migration: a session has run `held` in a transaction, and for each statement of `others` one runs it."""
    beside = Others(database, others, in_vain, also, done=dict.fromkeys(others, 0))
    with database.session(*held) as holder:
        threads = [threading.Thread(target=beside.work, args=[statement]) for statement in others]
        threads.append(threading.Thread(target=beside.free_the_way, args=[holder]))
        for thread in threads:
            thread.start()
        try:
            yield beside
        finally:
            beside.stop.set()
            for thread in threads:
                thread.join()
