"""Observes the locks of a statement that runs outside of transactions, and holds the statement up so that they show.

Other sessions hold the locks of maintenance, of writing and of reading on all tables. Each of them is released as soon
as the measured session waits for it. So a short VACUUM waits at its lock, and a concurrent index build at its lock and
then for the writers. A lock that is waited for counts like a lock that is held.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.measurement.observation import Observer
from migrations_safety.sql import statement

GLANCES = 0.002
"""How many seconds pass between two observations."""

Locks = set[tuple[int, str]]


@contextmanager
def watched_locks(observer: Observer) -> Iterator[Locks]:
    """Observe the locks of the measured session again and again during the `with` block, and collect them in a set.

    Whatever ended the observation early is raised at the end of the block.
    """
    seen: Locks = set()
    is_over = threading.Event()
    with ExitStack() as stack:
        holders = _holders(observer, stack)
        watching = stack.enter_context(ThreadPoolExecutor(1)).submit(_watch, observer, holders, seen, is_over)
        try:
            yield seen
        finally:
            is_over.set()
        watching.result()


def _holders(observer: Observer, stack: ExitStack) -> list[psycopg.Connection[Any]]:
    """Return one session for each kind of lock.

    The reader does not lock partitioned tables: DETACH PARTITION CONCURRENTLY would wait for it there, and not show
    its lock on the partition.
    """
    holders = []
    for name in ("maintenance", "writing", "reading"):
        holder = stack.enter_context(closing(observer.again()))
        holders.append(holder)
        found = holder.execute(statement("watched_locks.tables").encode()).fetchall()
        tables = [sql.SQL(table) for table, is_partitioned in found if name != "reading" or not is_partitioned]
        if tables:
            holder.execute("BEGIN")
            holder.execute(sql.SQL(statement(f"watched_locks.{name}")).format(tables=sql.SQL(", ").join(tables)))
    return holders


def _watch(observer: Observer, holders: list[psycopg.Connection[Any]], seen: Locks, is_over: threading.Event) -> None:
    try:
        while not is_over.is_set():
            blockers = observer.blockers()
            seen |= observer.locks()
            for holder in holders:
                if not holder.closed and holder.info.backend_pid in blockers:
                    holder.close()
            time.sleep(GLANCES)
    finally:
        for holder in holders:
            holder.close()  # nothing may go on waiting for one of them
