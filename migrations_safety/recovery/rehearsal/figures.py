"""Measures one step on the copy from beside it: locks again and again, and counters before and after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.recovery.rehearsal.report import HeldLock
from migrations_safety.sql import statement

GLANCES = 0.01
"""How many seconds pass between two looks at the locks: shorter ones may stay unseen, and each counts so much more."""
STOPS_WRITERS = frozenset({"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"})
SETTLES = 2.0
"""How many seconds a session has to end after its process: a counter may miss its last writes before."""
WORTH_TELLING = STOPS_WRITERS | {"ShareUpdateExclusiveLock"}
Tables = dict[int, str]
"""Tables that existed before the deploy, by oid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counters:
    """The counters of a copy at one moment."""

    wal: int
    temporary: int
    size: int
    rows: dict[str, int]


@dataclass(kw_only=True)
class Measured:
    """What was seen during one step; complete at the end of the block of `measured`."""

    seconds: float = 0.0
    before: Counters | None = None
    after: Counters | None = None
    seen: dict[tuple[str, int, str, bool], list[float]] = field(default_factory=dict)
    """First and last sight of a lock: by transaction, table, mode, and whether it was granted."""

    def locks(self, tables: Tables) -> tuple[HeldLock, ...]:
        """Return for each existing table and mode the longest that one transaction held or waited for it."""
        longest: dict[tuple[str, str], list[float]] = {}
        for (_, oid, mode, granted), (first, last) in self.seen.items():
            if oid in tables:
                both = longest.setdefault((tables[oid], mode), [0.0, 0.0])
                both[0 if granted else 1] = max(both[0 if granted else 1], last - first + GLANCES)
        return tuple(
            HeldLock(
                table=table,
                mode=mode.removesuffix("Lock"),
                held_ms=round(held * 1000),
                waited_ms=round(waited * 1000),
                stops_writers=mode in STOPS_WRITERS,
            )
            for (table, mode), (held, waited) in sorted(longest.items())
        )

    def rows(self) -> dict[str, int]:
        """Return how many rows were written, by table."""
        assert self.before is not None and self.after is not None
        written = {name: count - self.before.rows.get(name, 0) for name, count in self.after.rows.items()}
        return {name: count for name, count in sorted(written.items()) if count > 0}


def tables_of(parameters: dict[str, Any]) -> Tables:
    """Return the tables of a database by oid, with the names that PostgreSQL prints."""
    with closing(open_connection(parameters)) as session:
        return dict(session.execute(statement("figures.tables").encode()).fetchall())


@contextmanager
def measured(parameters: dict[str, Any], *, without: Iterable[int] = ()) -> Iterator[Measured]:
    """Measure the copy during the block; `without` are the server processes of writers."""
    found = Measured()
    with closing(open_connection(parameters)) as session, closing(open_connection(parameters)) as beside:
        found.before = _counters(session)
        is_over = threading.Event()
        thread = threading.Thread(target=_watch, args=(beside, found, list(without), is_over), daemon=True)
        thread.start()
        started = time.monotonic()
        try:
            yield found
        finally:
            found.seconds = time.monotonic() - started
            is_over.set()
            thread.join()
        _settle(session, [*without, beside.info.backend_pid])
        found.after = _counters(session)


def _watch(session: psycopg.Connection[Any], found: Measured, without: list[int], is_over: threading.Event) -> None:
    asked = {"without": without, "modes": sorted(WORTH_TELLING)}
    while not is_over.is_set():
        for transaction, oid, mode, granted in session.execute(
            statement("figures.locks").encode(), asked, prepare=True
        ).fetchall():
            now = time.monotonic()
            found.seen.setdefault((transaction, oid, mode, granted), [now, now])[1] = now
        time.sleep(GLANCES)


def _settle(session: psycopg.Connection[Any], others: list[int]) -> None:
    """Wait until the sessions of the step have ended; only then has the server counted all that they did."""
    end = time.monotonic() + SETTLES
    asked = {"others": others}
    while time.monotonic() < end and session.execute(statement("figures.at_work").encode(), asked).fetchall()[0][0]:
        time.sleep(GLANCES)


def _counters(session: psycopg.Connection[Any]) -> Counters:
    session.execute(statement("figures.fresh").encode())
    wal, temporary, size = session.execute(statement("figures.counters").encode()).fetchall()[0]
    rows = dict(session.execute(statement("figures.rows").encode()).fetchall())
    return Counters(wal=int(wal), temporary=int(temporary), size=int(size), rows=rows)
