"""Writes rows while a deploy runs, as the application does, and notes how long each write waited.

A write sets a column to the value that it has. No value leaves the server.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.recovery.rehearsal.report import Stall
from migrations_safety.sql import statement

PAUSE = 0.005
"""How many seconds pass between two writes of one session."""


@dataclass(kw_only=True)
class Writers:
    """The sessions that write, and what they have met."""

    pids: list[int] = field(default_factory=list)
    longest: dict[str, float] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)
    errors: dict[str, Counter[str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def met(self, table: str, seconds: float, error: str | None) -> None:
        """Note one write."""
        with self.lock:
            self.writes[table] += 1
            self.longest[table] = max(seconds, self.longest.get(table, 0.0))
            if error:
                self.errors.setdefault(table, Counter())[error] += 1

    def stalls(self) -> tuple[Stall, ...]:
        """Return the longest wait by table."""
        return tuple(
            Stall(
                table=table,
                writes=self.writes[table],
                longest_ms=round(longest * 1000),
                errors=dict(self.errors.get(table, {})),
            )
            for table, longest in sorted(self.longest.items())
        )


@contextmanager
def writing(
    parameters: dict[str, Any], tables: Sequence[str], *, number: int, look: Callable[[psycopg.Connection[Any]], None]
) -> Iterator[Writers]:
    """Let so many sessions write in the named tables for the length of the block.

    `look` raises where a session does not lead to the copy.
    """
    writers, is_over, threads = Writers(), threading.Event(), []
    with closing(open_connection(parameters)) as session:
        named = {"tables": list(tables)}
        updates = {
            table: sql.SQL(statement("writers.write")).format(
                table=sql.Identifier(schema, name), column=sql.Identifier(column), percent=sql.Literal(percent)
            )
            for table, schema, name, column, percent in session.execute(
                statement("writers.tables").encode(), named
            ).fetchall()
        }
    for _ in range(number if updates else 0):
        own = open_connection(parameters)
        look(own)
        own.execute(statement("writers.patient").encode())
        writers.pids.append(own.info.backend_pid)
        threads.append(threading.Thread(target=_write, args=(own, updates, writers, is_over), daemon=True))
    try:
        for thread in threads:
            thread.start()
        yield writers
    finally:
        is_over.set()
        for thread in threads:
            thread.join(timeout=30)


def _write(
    session: psycopg.Connection[Any], updates: dict[str, sql.Composed], writers: Writers, is_over: threading.Event
) -> None:
    with suppress(psycopg.OperationalError), closing(session):  # the copy may be dropped meanwhile
        while not is_over.is_set():
            table = random.choice(list(updates))
            began, error = time.monotonic(), None
            try:
                session.execute(updates[table])
            except psycopg.OperationalError:
                if session.closed:
                    raise
                error = "57014"
            except psycopg.Error as failed:
                error = failed.sqlstate or type(failed).__name__
            writers.met(table, time.monotonic() - began, error)
            time.sleep(PAUSE)
