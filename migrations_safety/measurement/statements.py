"""Measures each statement of a connection, inside a transaction if PostgreSQL allows that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import psycopg
from django.db import DatabaseError, transaction
from psycopg.pq import TransactionStatus

from migrations_safety.locking import statement_text
from migrations_safety.locking.statement_text import ENDS_TRANSACTION, ON_ROWS, PIECES, StatementText
from migrations_safety.measurement.observation import Moment, Observer
from migrations_safety.measurement.report import MeasuredStatement
from migrations_safety.measurement.watched_locks import watched_locks
from migrations_safety.measurement.yielding_rows import YieldingRows
from migrations_safety.messages import server_messages
from migrations_safety.messages.error_place import walk
from migrations_safety.messages.errors import sqlstate
from migrations_safety.postgresql.connection import Connection

NOT_IN_A_TRANSACTION = ("25001", "2D000")
"""The SQLSTATEs of statements that cannot run in a transaction: VACUUM and the like (active_sql_transaction), and a
procedure that commits (invalid_transaction_termination)."""
PARAMETER = re.compile(r"\$(\d+)")
BY = re.compile(r"\b(?:GROUP|ORDER) BY\b", re.IGNORECASE)
SIGNS = re.compile(
    r"[(,);]|\b(?:HAVING|WINDOW|LIMIT|OFFSET|FETCH|FOR|ORDER|UNION|INTERSECT|EXCEPT|ROWS|RANGE|GROUPS|RETURNING)\b",
    re.IGNORECASE,
)
"""What divides or ends the list of GROUP BY or ORDER BY."""
PLACE = re.compile(r"\s*(\d{1,4})(?:\s+(?:ASC|DESC))?(?:\s+NULLS\s+\w+)?\s*", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w$.])\.?\d[\w.]*")

Execute = Callable[[Any, Any, bool, dict[str, Any]], Any]


class StatementMeter:
    """An execute_wrapper for Django that measures each statement and passes the result to `sent`.

    While `sent` is None, nothing is measured.
    """

    def __init__(self, connection: Connection, observer: Observer) -> None:
        self.connection = connection
        self.observer = observer
        self.rows = YieldingRows(observer)
        self.sent: Callable[[MeasuredStatement], None] | None = None
        self._is_measuring = False

    def __call__(self, execute: Execute, query: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run one statement and measure it; if it fails, the error is noted and raised."""
        if self.sent is None or self._is_measuring:
            return execute(query, params, many, context)
        self._is_measuring = True
        try:
            if statement_text.of(query).ends_transaction and not params:
                return self._with_transactions(lambda part: execute(part, params, many, context), query)
            return self._measured(lambda: execute(query, params, many, context), query)
        finally:
            self._is_measuring = False

    def _with_transactions(self, execute: Callable[[Any], Any], query: Any) -> Any:
        """Measure the statements of a text that begins or ends transactions itself, one by one.

        The locks of the whole text would be gone at its end.
        """
        result = None
        for part in statement_text.split(statement_text.of(query).text):
            text = statement_text.read(part)
            if ENDS_TRANSACTION.intersection(text.words):
                result = self._noted(partial(execute, part), part)
            elif self._is_in_transaction():
                result = self._inside(partial(execute, part), part)
            else:
                result = self._outside(partial(execute, part), part)
        return result

    def _is_in_transaction(self) -> bool:
        return self.observer.session.info.transaction_status != TransactionStatus.IDLE

    def _noted(self, run: Callable[[], Any], query: Any) -> Any:
        """Run a statement that takes no lock, and note its error."""
        try:
            result = run()
        except DatabaseError as error:
            self._note(query, error=error)
            raise
        self._note(query)
        return result

    def _measured(self, run: Callable[[], Any], query: Any) -> Any:
        """Measure a statement; if no transaction is open, run it in a new one.

        The statement takes the same locks there, and they stay visible until the end of the transaction.
        """
        if self.connection.in_atomic_block:
            return self._inside(run, query)
        while True:
            try:
                return self._alone(run, query)
            except DatabaseError as error:
                if not self.rows.yield_to(error):
                    self._note(query, error=error)
                    raise

    def _alone(self, run: Callable[[], Any], query: Any) -> Any:
        """Measure a statement in a transaction of its own, or outside of transactions where it refuses one."""
        try:
            with transaction.atomic(using=self.connection.alias):
                return self._inside(run, query, is_ours=True)
        except DatabaseError as error:
            if sqlstate(error) not in NOT_IN_A_TRANSACTION:
                raise
        return self._outside(run, query)

    def _inside(self, run: Callable[[], Any], query: Any, *, is_ours: bool = False) -> Any:
        """Measure a statement inside a transaction.

        `is_ours` is True if the transaction was opened only for this statement, which may be tried again.
        """
        before = self.observer.moment()
        try:
            result = run()
        except DatabaseError as error:
            self.rows.suspect(statement_text.of(query).text)
            if not is_ours:
                self._note(query, error=error)
            raise
        self._note(query, before=before, after=self.observer.moment())
        return result

    def _outside(self, run: Callable[[], Any], query: Any) -> Any:
        """Measure a statement outside of transactions, where its locks show only while it runs."""
        before = self.observer.moment_outside()
        with watched_locks(self.observer) as seen:
            result = run()
        self._note(query, before=before, after=self.observer.moment_outside(), seen=frozenset(seen))
        return result

    def _note(
        self,
        query: Any,
        *,
        before: Moment | None = None,
        after: Moment | None = None,
        seen: frozenset[tuple[int, str]] = frozenset(),
        error: DatabaseError | None = None,
    ) -> None:
        assert self.sent is not None
        text = statement_text.of(query)
        how: dict[str, Any] = {"seen": seen, "defines": not text.only_rows}
        effects = self.observer.effects(before, after, **how) if before and after else ()
        failed = {"error": sqlstate(error), "message": _shown(error)} if error else {"error": None}
        self.sent(MeasuredStatement(sql=without_literals(text), tables=effects, **failed))


def _shown(error: DatabaseError) -> str | None:
    """What PostgreSQL says of an error, if it names objects alone."""
    cause = error.__cause__
    sent = server_messages.statement_of(list(walk(error)))
    return server_messages.shown(cause, statement=sent, vocabulary=None) if isinstance(cause, psycopg.Error) else None


def without_literals(text: StatementText) -> str:
    """Return a statement without comments, and with `$1` … in place of its strings, which may hold patient data.

    In a text with a statement that reads or writes rows, numbers are replaced too, except those that stand for a column
    of the result: `ORDER BY 1`. Parameters that the text has already
    stay, and the new ones are numbered after them.
    """
    numbers = count(1 + max((int(number) for number in PARAMETER.findall(text.text)), default=0))

    def place(_: Any) -> str:
        return f"${next(numbers)}"

    def piece(match: re.Match[str]) -> str:
        return match[0] if match[0].startswith('"') else place(match)

    plain = " ".join(PIECES.sub(piece, text.text).split())
    if ON_ROWS.isdisjoint(text.words):
        return plain
    kept = set(_places_of_columns(plain))
    return NUMBER.sub(lambda match: match[0] if match.start() in kept else place(match), plain)


def _places_of_columns(text: str) -> Iterator[int]:
    """Yield where an element of GROUP BY or ORDER BY is a number, which PostgreSQL reads as a column of the result."""
    for clause in BY.finditer(text):
        start, depth = clause.end(), 0
        for sign in SIGNS.finditer(text, clause.end()):
            depth += {"(": 1, ")": -1}.get(sign[0], 0)
            if depth < 0 or (depth == 0 and sign[0] not in "(,)"):
                break
            if depth == 0 and sign[0] == ",":
                yield from _whole_number(text, start, sign.start())
                start = sign.end()
        else:
            sign = None
        yield from _whole_number(text, start, sign.start() if sign else len(text))


def _whole_number(text: str, start: int, end: int) -> Iterator[int]:
    if found := PLACE.fullmatch(text, start, end):
        yield found.start(1)
