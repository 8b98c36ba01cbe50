"""A session in the way of a migration, which stays until others have shown that they get on meanwhile.

Where the migration makes others wait until the session has gone, they do not get on, however fast the machine is;
where it gives way they do, however slow. No single wait of theirs comes near the time that the session would stay.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

ENOUGH = 40
IN_VAIN = 20
"""Seconds after which the session goes, although others did not get on."""
LONGEST = 2.5
"""Seconds that one statement of the others may take, on a machine that is busy with other things too."""
WAITED_FOR = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid)))"


@dataclass
class Others:
    """What the others did: statements in all, and those while something waited for the session in the way."""

    database: Any
    statement: str
    in_vain: float = IN_VAIN
    done: int = 0
    meanwhile: int = 0
    longest: float = 0.0
    failed: list[psycopg.Error] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def got_on(self) -> bool:
        return self.meanwhile >= ENOUGH and self.longest < LONGEST

    def work(self) -> None:
        """Run the statement again and again."""
        with psycopg.connect(self.database.url, autocommit=True) as session:
            while not self.stop.wait(0.005):
                started = time.monotonic()
                try:
                    session.execute(self.statement.encode())
                    self.done += 1
                except psycopg.Error as error:
                    self.failed.append(error)
                self.longest = max(self.longest, time.monotonic() - started)

    def free_the_way(self, holder: psycopg.Connection[Any]) -> None:
        """End the transaction in the way when somebody has waited for it and the others got on, or in vain."""
        with psycopg.connect(self.database.url, autocommit=True) as session:
            while not session.execute(WAITED_FOR, [holder.info.backend_pid]).fetchall()[0][0]:
                if self.stop.wait(0.01):
                    return
        before, end = self.done, time.monotonic() + self.in_vain
        while self.meanwhile < ENOUGH and time.monotonic() < end:
            time.sleep(0.01)
            self.meanwhile = self.done - before
        holder.rollback()


@contextmanager
def in_the_way(database: Any, *held: str, others: str, in_vain: float = IN_VAIN) -> Iterator[Others]:
    """Around a migration: a session has run `held` in a transaction, and another runs the statement `others`."""
    beside = Others(database, others, in_vain)
    with database.session(*held) as holder:
        threads = [threading.Thread(target=beside.work), threading.Thread(target=beside.free_the_way, args=[holder])]
        for thread in threads:
            thread.start()
        try:
            yield beside
        finally:
            beside.stop.set()
            for thread in threads:
                thread.join()
