"""Several sessions that see one snapshot and share a list of statements, so that the list is done sooner."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety import beside

Rows = list[tuple[Any, ...]]


def share(
    connection: Any,
    statements: Sequence[sql.Composed],
    *,
    sessions: int,
    settings: str,
    advance: Callable[[int], Any],
) -> Rows:
    """The rows of all statements, in any order, run by this connection and so many more.

    The current transaction must be REPEATABLE READ; the others see its snapshot (exported: PostgreSQL documentation,
    9.28.5) and run `settings` first. A session that cannot be opened is done without. `advance` is told how many
    statements are done.
    """
    waiting, done, failed = deque(statements), list[Rows](), list[BaseException]()

    def work(run: Callable[[sql.Composed], Rows]) -> None:
        with suppress(IndexError):  # nothing left to do
            while not failed:
                done.append(run(waiting.popleft()))

    def helper(session: psycopg.Connection[Any]) -> None:
        try:
            work(lambda one: session.execute(one).fetchall())
        except BaseException as error:
            failed.append(error)

    def here(one: sql.Composed) -> Rows:
        advance(len(done))
        with connection.cursor() as cursor:
            cursor.execute(one)
            return list(cursor.fetchall())

    helpers = _open(connection, sessions - 1, settings) if sessions > 1 else []
    threads = [threading.Thread(target=helper, args=(session,), name="count", daemon=True) for session in helpers]
    for thread in threads:
        thread.start()
    try:
        work(here)
    except BaseException:
        failed.append(KeyboardInterrupt())  # nobody begins another one
        for session in helpers:
            session.cancel_safe(timeout=5)
        raise
    finally:
        for thread in threads:
            thread.join()
        for session in helpers:
            session.close()
    if failed:
        with connection.wrap_database_errors:
            raise failed[0]
    return [row for rows in done for row in rows]


def _open(connection: Any, number: int, settings: str) -> list[psycopg.Connection[Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    found: list[psycopg.Connection[Any]] = []
    with suppress(psycopg.OperationalError):  # no connection is free: fewer do the same
        for _ in range(number):
            session = beside.open_beside(beside.parameters(connection))
            found.append(session)
            session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            session.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
            session.execute(settings.encode())
    return found
