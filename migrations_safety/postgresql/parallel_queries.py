"""Runs a list of statements in several sessions at once, all of which see the same snapshot."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.postgresql import second_connection
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import Record, records
from migrations_safety.postgresql.rewritten_tables import refuse_rewritten
from migrations_safety.sql import statement
from migrations_safety.sql.composition import MARK, compose


class StatementQueue:
    """The statements that are still to be run, from which each session takes the next one.

    It ends when no statement is left, or when one has failed.
    """

    def __init__(self, statements: Sequence[str]) -> None:
        self.waiting = deque(statements)
        self.done: list[list[Record]] = []
        self.error: BaseException | None = None

    def work(self, run: Callable[[str], list[Record]]) -> None:
        """Take and run one statement after the other; after the first error no session takes another statement."""
        try:
            while self.error is None and (query := self._next()) is not None:
                self.done.append(run(query))
        except BaseException as error:
            self.error = self.error or error  # the statements that are cancelled later fail too

    def _next(self) -> str | None:
        with suppress(IndexError):
            return self.waiting.popleft()
        return None


def run_in_parallel(
    connection: Connection,
    statements: Sequence[sql.Composed],
    *,
    sessions: int,
    settings: str,
    advance: Callable[[int], Any],
) -> list[Record]:
    """Run all statements in up to `sessions` sessions, and return their rows in any order.

    This connection is one of the sessions, and its transaction must be REPEATABLE READ. The other sessions see the
    same snapshot, which is exported (PostgreSQL documentation, 9.28.5), and run the statement `settings` first. If a
    session cannot be opened, fewer do the work. Inside a savepoint this connection does it alone, because a snapshot
    cannot be exported there (25001). `advance` is called with the number of statements that are done. Raises
    TablesRewritten where another session has read a table without its rows.
    """
    shared = StatementQueue([f"{query.as_string(connection.connection)} {MARK}" for query in statements])

    def here(query: str) -> list[Record]:
        advance(len(shared.done))
        with connection.cursor() as cursor:
            cursor.execute(query)
            return records(cursor)

    with _with_helpers(connection, shared, sessions - 1, settings):
        shared.work(here)
    if shared.error:
        with connection.wrap_database_errors:
            raise shared.error
    advance(len(shared.done))
    return [record for of_statement in shared.done for record in of_statement]


@contextmanager
def _with_helpers(connection: Connection, shared: StatementQueue, number: int, settings: str) -> Iterator[None]:
    """Let `number` other sessions work on the statements during the `with` block, each in its own thread.

    At the end the block waits for them; after an error their statements are cancelled instead.
    """
    helpers = _open(connection, number, settings) if number and not connection.savepoint_ids else []
    threads = [threading.Thread(target=shared.work, args=[partial(_run, session)], daemon=True) for session in helpers]
    for thread in threads:
        thread.start()
    try:
        yield
        for thread in threads if not shared.error else ():
            thread.join()
        for session in helpers if not shared.error else ():
            refuse_rewritten(session.cursor())
    finally:
        shared.waiting.clear()
        for thread, session in zip(threads, helpers, strict=True):
            if thread.is_alive():
                session.cancel_safe(timeout=5)
                thread.join()
            session.close()


def _run(session: psycopg.Connection[Any], query: str) -> list[Record]:
    return records(session.execute(query.encode(session.info.encoding)))


def _open(connection: Connection, number: int, settings: str) -> list[psycopg.Connection[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement("parallel_queries.export_snapshot"))
        snapshot, search_path, check_interval = cursor.fetchone()
    shared = {"search_path": search_path, "check_interval": check_interval}
    found: list[psycopg.Connection[Any]] = []
    with suppress(psycopg.OperationalError):  # no connection is free: fewer sessions do the work
        for _ in range(number):
            session = second_connection.open_connection(second_connection.connection_parameters(connection))
            session.execute(statement("parallel_queries.begin"))
            session.execute(compose("parallel_queries.take_snapshot", snapshot=sql.Literal(snapshot)))
            session.execute(statement("parallel_queries.take_settings"), shared)
            session.execute(settings.encode())
            found.append(session)
    return found
