"""What each statement of a migration gets, whoever sends it: a limit and another attempt, or patience.

Only what is one transaction and undone as a whole, as PostgreSQL itself says, is tried again. Everything else runs
once, and no limit of ours ends it: half of it might be done.

| where the statement stands | what it gets |
|---|---|
| in an atomic migration or operation | the whole is tried again |
| alone, outside of a transaction | a transaction of its own, tried again |
| alone, where no transaction can hold it: CONCURRENTLY, a CALL that commits, BEGIN … COMMIT | once, patiently |
| in a transaction that the migration's code began | tables are tried again behind a savepoint, rows waited for |
| past Django's cursors (`connection.connection`), outside of our transactions | once, patiently: it is not seen |

Whatever defines something takes locks that everybody queues behind, so it waits on the ladder's short rungs. What reads
or writes rows waits as long as `retry_for`, because nobody queues behind it but for the locks it has; where somebody
does, the watchdog cancels it. A wait that ends well leaves no error, and no statement, in the server's log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import psycopg
from django.db import DatabaseError, transaction
from psycopg.pq import TransactionStatus

from migrations_safety.locking import statement_text
from migrations_safety.locking.index_builds import build_of
from migrations_safety.locking.lock_ladder import Ladder
from migrations_safety.locking.partition_detach import finish_pending_detach
from migrations_safety.locking.statement_text import StatementText
from migrations_safety.sql import statement

NOT_IN_A_TRANSACTION = (psycopg.errors.ActiveSqlTransaction, psycopg.errors.InvalidTransactionTermination)
"""What PostgreSQL says of a statement that it takes only alone, before it begins or when it commits in its middle."""

Result = TypeVar("Result")


class StatementGuard:
    """An execute_wrapper of Django's for one connection; see the table above."""

    def __init__(self, ladder: Ladder) -> None:
        self.ladder = ladder
        self.connection = ladder.connection
        self._limit: int | None = None
        self._savepoints: set[str] = set()
        self._without_lock_timeout = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Guard every statement that goes through Django's cursors of this connection."""
        with self.connection.execute_wrapper(self._each_statement):
            yield

    def _each_statement(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if self._without_lock_timeout:
            return execute(sql, params, many, context)
        text = statement_text.of(sql)
        if self.ladder.refusal and not text.only_savepoint:
            raise self.ladder.refusal  # the code has caught it and gone on
        run = partial(execute, sql, list(params) if many else params, many, context)
        if self.ladder.is_in_attempt:  # before its transaction begins, the state of the models is read
            return self._in_attempt(run, text) if self.connection.in_atomic_block else run()
        if self.connection.in_atomic_block or not self.connection.get_autocommit():
            return self._in_transaction_of_others(run, text)
        return self._alone(run, text, many=many)

    def _in_attempt(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """In a transaction of ours that is undone and tried again as a whole."""
        if self._status is TransactionStatus.IDLE and self.ladder.transaction_id is not None:
            self._let_go()  # the code has committed past Django's cursors
        if self.ladder.is_broken:
            return self._after_the_attempt(run, text)
        self.ladder.give_way()
        if text.ends_transaction:
            return self._ending_the_attempt(run, text)
        if not self._prepared(text):
            return None
        try:
            if self.ladder.is_spent:
                with self.ladder.watchdog.only_counting(text.name):
                    return run()
            return run()
        except DatabaseError as error:
            if self.ladder.is_conflict(error) and "NOWAIT" not in text.text.upper():
                self.ladder.has_met_conflict = True
            raise

    def _ending_the_attempt(self, run: Callable[[], Result], text: StatementText) -> Result:
        """The code commits our transaction itself: from here on nothing can be undone as a whole, as in Django."""
        self._limit_waiting(0)
        self._let_go()
        with self.ladder.watchdog.only_counting(text.name):
            return run()

    def _let_go(self) -> None:
        self.ladder.is_broken = True
        self.ladder.transaction_id = None
        self._savepoints.clear()

    def _after_the_attempt(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """In the transaction that the driver begins after that one: the savepoints of the other are gone with it."""
        if text.only_savepoint:
            name = text.text.split()[-1]
            if text.words == ("SAVEPOINT",):
                self._savepoints.add(name)
            elif name not in self._savepoints:
                return None
        with self.ladder.watchdog.only_counting(text.name):
            return run()

    def _alone(self, run: Callable[[], Result], text: StatementText, *, many: bool) -> Result | None:
        if text.ends_transaction or text.concurrent:
            return self._once(run, text)
        is_one_already = text.only_rows and len(text.words) == 1 and not many and self.ladder.watchdog.guards
        attempt = run if is_one_already else partial(self._in_own_transaction, run, text)
        try:
            return self.ladder.run_with_retries(attempt, what=text.name, is_whole=False)
        except DatabaseError as error:
            if not isinstance(error.__cause__, NOT_IN_A_TRANSACTION):
                raise
        return self._once(run, text)

    def _in_own_transaction(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        with transaction.atomic(using=self.connection.alias):
            if not self._prepared(text):
                return None
            if not text.validates:
                return run()
            with self.ladder.watchdog.only_counting(text.name):  # reads and writes go on beside it
                return run()

    def _in_transaction_of_others(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """In a transaction that is not ours to undo: one statement of it can be undone, behind a savepoint."""
        if text.ends_transaction or text.only_savepoint or self._status is TransactionStatus.INERROR:
            return run()
        if text.only_rows or not self.ladder.watchdog.guards:
            return self._waiting_for_rows(run, text)
        return self.ladder.run_with_retries(
            partial(self._behind_a_savepoint, run, text), what=text.name, is_whole=False
        )

    def _waiting_for_rows(self, run: Callable[[], Result], text: StatementText) -> Result:
        """Raises LocksNotFree after `retry_for` seconds, OthersWaited where the transaction makes others wait."""
        ladder, started = self.ladder, time.monotonic()
        if self._status is TransactionStatus.IDLE:  # their transaction begins
            self._send(statement("guarded_statements.lift_lock_timeout_of_role"))
        try:
            with ladder.watchdog.attempt(text.name, until=started + ladder.retry_for):
                return run()
        except DatabaseError as error:
            if ladder.watchdog.has_cancelled and isinstance(error.__cause__, psycopg.errors.QueryCanceled):
                raise ladder.given_up(text.name, started=started, is_whole=False) from error
            raise

    def _behind_a_savepoint(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        before = self._limit_of_transaction()
        self._send(statement("guarded_statements.savepoint"))
        self._limit = None
        try:
            result = run() if self._prepared(text) else None
        except BaseException:
            with suppress(psycopg.Error):  # where the connection is gone
                self._send(statement("guarded_statements.undo"))
                self._send(statement("guarded_statements.release"))
            raise
        self._send(statement("guarded_statements.release"))
        self._send(statement("guarded_statements.limit_lock_waits"), {"milliseconds": before})
        return result

    def _once(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """Without limits and without a second attempt; maintenance, which may be cancelled and repeated, with both."""
        if text.repeatable:
            return self.ladder.run_with_retries(
                partial(self._limited_by_the_session, run), what=text.name, is_whole=False
            )
        build = build_of(self.connection, text, progress=self.ladder.progress)
        with self._patiently(text):
            if build is None:
                return None if finish_pending_detach(self.connection, text) else run()
            if not build.is_needed():
                return None
            try:
                return run()
            except DatabaseError:
                build.clear_up()
                raise

    @contextmanager
    def _patiently(self, text: StatementText) -> Iterator[None]:
        self._without_lock_timeout = True
        timeouts = self._session_timeouts("statement_timeout", "transaction_timeout", "lock_timeout", milliseconds=0)
        try:
            with timeouts, self.ladder.watchdog.only_counting(text.name):
                yield
        finally:
            self._without_lock_timeout = False

    def _limited_by_the_session(self, run: Callable[[], Result]) -> Result:
        with self._session_timeouts("lock_timeout", milliseconds=self.ladder.milliseconds):
            return run()

    @contextmanager
    def _session_timeouts(self, *names: str, milliseconds: int) -> Iterator[None]:
        """Set these timeouts of the session, and put them back to what they were."""
        before = self._send(statement("guarded_statements.session_timeouts"), {"names": list(names)}).fetchall()
        for name, _ in before:
            self._send(statement("guarded_statements.set_session_timeout"), {"name": name, "value": str(milliseconds)})
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # where the connection is gone
                for name, value in before:
                    self._send(statement("guarded_statements.set_session_timeout"), {"name": name, "value": value})

    def _prepared(self, text: StatementText) -> bool:
        """Set the limits of the statement in this transaction; False where the index that it builds is there."""
        if self._status is TransactionStatus.INERROR:
            return True
        if self._status is TransactionStatus.IDLE:
            self.ladder.transaction_id = self._send(statement("guarded_statements.transaction_id")).fetchone()[0]
            self._limit = None
        if text.only_savepoint:
            self._limit = None  # going back to a savepoint may take the limit back too
            return True
        self._limit_waiting(0 if self._is_ended_by_the_watchdog(text) else self.ladder.milliseconds)
        if text.validates:
            self._send(statement("guarded_statements.lift_timeouts"))
        build = build_of(self.connection, text, progress=self.ladder.progress)
        return build is None or build.is_needed()

    def _is_ended_by_the_watchdog(self, text: StatementText) -> bool:
        """Whether it waits without a limit of ours: whatever may run code (DO, CALL, a function in a query) does.

        That code may catch what a limit raises (WHEN OTHERS) and pass over the work; a cancel is caught by no OTHERS.
        """
        return self.ladder.is_spent or not text.only_defines

    def _limit_waiting(self, milliseconds: int) -> None:
        """Bound each wait for a lock in this transaction; 0 for no bound."""
        if milliseconds != self._limit:
            self._send(statement("guarded_statements.limit_lock_waits"), {"milliseconds": str(milliseconds)})
            self._limit = milliseconds

    def _limit_of_transaction(self) -> str:
        return str(self._send(statement("guarded_statements.lock_timeout")).fetchone()[0])

    @property
    def _status(self) -> TransactionStatus:
        return TransactionStatus(self.connection.connection.info.transaction_status)

    def _send(self, query: str, parameters: dict[str, Any] | None = None) -> Any:
        """Past the wrappers, which it would wake."""
        self.connection.ensure_connection()
        return self.connection.connection.execute(query, parameters)
