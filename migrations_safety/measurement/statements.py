"""Measures each statement of a connection, inside a transaction if PostgreSQL allows that."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
from django.db import DatabaseError, transaction
from psycopg import sql
from psycopg.sql import Composable

from migrations_safety.locking.statement_text import ON_ROWS, PIECES
from migrations_safety.measurement.observation import Moment, Observer
from migrations_safety.measurement.report import MeasuredStatement
from migrations_safety.messages.errors import sqlstate
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

NOT_IN_A_TRANSACTION = "25001"
"""The SQLSTATE of statements that cannot run in a transaction, such as VACUUM (active_sql_transaction)."""
GLANCES = 0.002
"""How many seconds pass between two observations of a statement that runs outside of a transaction."""
NUMBER = re.compile(r"(?<![\w$.])\d+(?:\.\d+)?(?![\w.])")

Execute = Callable[[Any, Any, bool, dict[str, Any]], Any]


class StatementMeter:
    """An execute_wrapper for Django that measures each statement and passes the result to `sent`.

    While `sent` is None, nothing is measured.
    """

    def __init__(self, connection: Connection, observer: Observer) -> None:
        self.connection = connection
        self.observer = observer
        self.sent: Callable[[MeasuredStatement], None] | None = None
        self._is_measuring = False

    def __call__(self, execute: Execute, query: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run one statement and measure it; if it fails, the error is noted and raised."""
        if self.sent is None or self._is_measuring:
            return execute(query, params, many, context)
        self._is_measuring = True
        try:
            return self._measured(lambda: execute(query, params, many, context), query)
        finally:
            self._is_measuring = False

    def _measured(self, run: Callable[[], Any], query: Any) -> Any:
        """Measure a statement; if no transaction is open, run it in a new one.

        The statement takes the same locks there, and they stay visible until the end of the transaction.
        """
        if self.connection.in_atomic_block:
            return self._inside(run, query)
        try:
            with transaction.atomic(using=self.connection.alias):
                return self._inside(run, query, is_ours=True)
        except DatabaseError as error:
            if sqlstate(error) != NOT_IN_A_TRANSACTION:
                raise
        return self._outside(run, query)

    def _inside(self, run: Callable[[], Any], query: Any, *, is_ours: bool = False) -> Any:
        """Measure a statement inside a transaction.

        `is_ours` is True if the transaction was opened only for this statement, which may refuse to run in one.
        """
        before = self.observer.moment()
        try:
            result = run()
        except DatabaseError as error:
            if not is_ours or sqlstate(error) != NOT_IN_A_TRANSACTION:
                self._note(query, error=sqlstate(error))
            raise
        self._note(query, before=before, after=self.observer.moment())
        return result

    def _outside(self, run: Callable[[], Any], query: Any) -> Any:
        """Measure a statement outside of transactions.

        Another session holds the locks of an application that writes, so the statement must wait and can be observed.
        """
        before = self.observer.moment()
        with closing(self.observer.again()) as writer, WatchedLocks(self.observer, writer, before) as watched:
            try:
                result = run()
            except DatabaseError as error:
                self._note(query, error=sqlstate(error))
                raise
        self._note(query, before=before, after=self.observer.moment(), seen=frozenset(watched.seen))
        return result

    def _note(
        self,
        query: Any,
        *,
        before: Moment | None = None,
        after: Moment | None = None,
        seen: frozenset[tuple[int, str]] = frozenset(),
        error: str | None = None,
    ) -> None:
        assert self.sent is not None
        text = without_literals(self._text(query))
        how: dict[str, Any] = {"seen": seen, "defines": not is_about_rows(text)}
        effects = self.observer.effects(before, after, **how) if before and after else ()
        self.sent(MeasuredStatement(sql=text, error=error, tables=effects))

    def _text(self, query: Any) -> str:
        return query.as_string(self.connection.connection) if isinstance(query, Composable) else str(query)


class WatchedLocks:
    """Observes the locks of the measured session again and again during the `with` block.

    A second session holds the locks of open writes on all tables, and releases them once the measured session waits.
    A concurrent index build, for example, waits for writers after it has taken its own locks.
    """

    def __init__(self, observer: Observer, writer: psycopg.Connection[Any], before: Moment) -> None:
        self.observer = observer
        self.writer = writer
        self.before = before
        self.seen: set[tuple[int, str]] = set()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> WatchedLocks:
        self.writer.execute("BEGIN")
        for state in self.before.tables.values():
            if state.file is not None:
                lock = sql.SQL(statement("statements.lock_for_writing")).format(table=sql.SQL(state.name))
                self.writer.execute(lock)
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        is_held = True
        while not self._is_over.is_set():
            self.seen |= self.observer.locks()
            if is_held and self.observer.is_waiting():
                self.seen |= self.observer.locks()
                self.writer.execute("ROLLBACK")
                is_held = False
            time.sleep(GLANCES)
        if is_held:
            self.writer.execute("ROLLBACK")


def without_literals(text: str) -> str:
    """Return a statement with `$1` … in place of its strings, which may hold patient data.

    In a statement that reads or writes rows, numbers are replaced too. Comments are removed.
    """
    places: list[str] = []

    def place(_: Any) -> str:
        places.append("")
        return f"${len(places)}"

    def piece(match: re.Match[str]) -> str:
        is_string = match["quoted"] and not match["quoted"].startswith('"')
        return place(match) if is_string else " " if match["comment"] or match["block"] else match[0]

    plain = " ".join(PIECES.sub(piece, text).split())
    return NUMBER.sub(place, plain) if is_about_rows(plain) else plain


def is_about_rows(text: str) -> bool:
    """Return whether a statement without comments reads or writes rows, judging by its first word."""
    first = re.match(r"\W*(\w+)", text)
    return bool(first and first[1].upper() in ON_ROWS)
