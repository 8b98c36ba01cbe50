"""What each statement of a migration gets, whoever sends it: short lock timeouts and new attempts, or time.

Only what PostgreSQL undoes as a whole is tried again. Everything else runs once, and no timeout of ours ends it,
because half of its work might be done:

| where the statement runs | what it gets |
|---|---|
| in an atomic migration or operation | the whole transaction is tried again |
| alone, outside of a transaction | a transaction of its own, which is tried again |
| alone, where no transaction can hold it: CONCURRENTLY, a CALL that commits, BEGIN … COMMIT | one attempt, no limit |
| in a transaction that the migration's code began | new attempts behind a savepoint for tables, time for rows |
| past Django's cursors (`connection.connection`), outside of our transactions | nothing: the guard does not see it |

A definition takes locks that every other session queues behind, so it waits only as long as a rung of the lock ladder.
A statement that reads or writes rows waits up to `retry_for` seconds: nobody queues behind it, except for locks that
its transaction already holds, and for these the watchdog cancels it. A wait that ends well leaves no error, and so no
text of a statement, in the server's log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import psycopg
from django.db import DatabaseError, transaction
from psycopg.pq import TransactionStatus

from migrations_safety.locking import statement_text
from migrations_safety.locking.index_builds import build_of
from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.locking.partition_detach import finish_pending_detach
from migrations_safety.locking.statement_limits import StatementLimits
from migrations_safety.locking.statement_text import StatementText

NOT_IN_A_TRANSACTION = (psycopg.errors.ActiveSqlTransaction, psycopg.errors.InvalidTransactionTermination)
"""PostgreSQL's errors for a statement that no transaction can hold: before it begins, or at its COMMIT."""

Result = TypeVar("Result")


class StatementGuard:
    """An execute_wrapper for one connection of Django's; see the table of this module."""

    # The guard stands at the connection and not at the schema editor, because a migration's locks come from everywhere:
    # RunSQL, a queryset in a RunPython, a signal. What a statement gets follows from the transaction that it runs in.
    # Its text alone proves little, for a function may do anything, so it only decides how the statement waits, and
    # names what surely cannot be undone.

    def __init__(self, ladder: LockLadder) -> None:
        self.ladder = ladder
        self.connection = ladder.connection
        self.limits = StatementLimits(ladder)
        # Savepoints of the transaction that follows one which the migration's code has ended.
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
            raise self.ladder.refusal  # the migration's code has caught it and gone on
        run = partial(execute, sql, list(params) if many else params, many, context)
        if self.ladder.is_in_attempt:  # before its transaction begins, Django reads the record of migrations
            return self._in_attempt(run, text) if self.connection.in_atomic_block else run()
        if self.connection.in_atomic_block or not self.connection.get_autocommit():
            return self._in_transaction_of_code(run, text)
        return self._alone(run, text, many=many)

    def _in_attempt(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """Run a statement in a transaction of ours; None where it is not needed."""
        # PostgreSQL undoes this transaction as a whole, so every error of a lock may end it: the ladder begins it anew.
        # Code that catches the error and goes on is the exception: its attempt is marked, and not committed. With
        # NOWAIT the code has asked for the error, and knows what to do.
        if self.limits.status is TransactionStatus.IDLE and self.ladder.transaction_id is not None:
            self._leave_attempt()  # the code has committed past Django's cursors
        if self.ladder.transaction_ended:
            return self._after_attempt(run, text)
        self.ladder.give_way()
        if text.ends_transaction:
            return self._ending_attempt(run, text)
        if not self._prepared(text):
            return None
        try:
            return self._counted(run, text) if self.ladder.wrote_elsewhere else run()
        except DatabaseError as error:
            if self.ladder.is_conflict(error) and "NOWAIT" not in text.text.upper():
                self.ladder.has_met_conflict = True
            raise

    def _counted(self, run: Callable[[], Result], text: StatementText) -> Result:
        """Run a statement that the watchdog does not cancel; it only counts who waits behind it."""
        with self.ladder.watchdog.only_counting(text.name):
            return run()

    def _ending_attempt(self, run: Callable[[], Result], text: StatementText) -> Result:
        """Run a COMMIT or ROLLBACK of the migration's code inside our transaction."""
        # As in Django, what was done before it is kept. From here on nothing can be undone as a whole, so nothing is
        # tried again or ended by us: this statement must not be lost to a limit of ours either.
        self.limits.wait_at_most(0)
        self._leave_attempt()
        return self._counted(run, text)

    def _leave_attempt(self) -> None:
        self.ladder.transaction_ended = True
        self.ladder.transaction_id = None
        self._savepoints.clear()

    def _after_attempt(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """Run a statement after the migration's code has ended our transaction."""
        # Django does not know that it ended, and still releases the savepoints of its atomic blocks. PostgreSQL has
        # dropped them with the transaction, and would answer with an error: they are passed over.
        if text.only_savepoint:
            name = text.text.split()[-1]
            if text.words == ("SAVEPOINT",):
                self._savepoints.add(name)
            elif name not in self._savepoints:
                return None
        return self._counted(run, text)

    def _alone(self, run: Callable[[], Result], text: StatementText, *, many: bool) -> Result | None:
        """Run a statement outside of a transaction: in one of its own where PostgreSQL allows that."""
        # Whether it does only PostgreSQL knows: a CALL may commit inside. So the transaction is tried, and where it is
        # refused nothing was done, and the statement runs once. A single statement on rows is a transaction already.
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
            # Reads and writes go on beside a VALIDATE, however long it takes: there is no reason to cancel it.
            return self._counted(run, text) if text.validates else run()

    def _in_transaction_of_code(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """Run a statement in a transaction that the migration's own code began."""
        # The code holds values that it has read in this transaction, so we cannot begin it anew: only this statement
        # can be undone, behind a savepoint. Rows are waited for instead; a limit would end the code at the first row
        # that somebody holds.
        if text.ends_transaction or text.only_savepoint or self.limits.status is TransactionStatus.INERROR:
            return run()
        if text.only_rows or not self.ladder.watchdog.guards:
            return self._waiting_for_rows(run, text)
        attempt = partial(self._behind_savepoint, run, text)
        return self.ladder.run_with_retries(attempt, what=text.name, is_whole=False)

    def _waiting_for_rows(self, run: Callable[[], Result], text: StatementText) -> Result:
        """Raises LocksNotFree after `retry_for` seconds, OthersWaited where others wait for locks of the code."""
        ladder, started = self.ladder, time.monotonic()
        if self.limits.status is TransactionStatus.IDLE:  # the transaction begins with this statement
            self.limits.wait_without_limit_of_role()
        try:
            with ladder.watchdog.attempt(text.name, until=started + ladder.retry_for):
                return run()
        except DatabaseError as error:
            if ladder.watchdog.has_cancelled and isinstance(error.__cause__, psycopg.errors.QueryCanceled):
                raise ladder.given_up(text.name, started=started, is_whole=False) from error
            raise

    def _behind_savepoint(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        with self.limits.savepoint():
            return run() if self._prepared(text) else None

    def _once(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """Run a statement that no transaction can hold; None where it is not needed."""
        # VACUUM, CLUSTER and REINDEX may be cancelled and repeated at any time, so they get limits and new attempts. Of
        # the rest half may be done when it ends: a timeout left an invalid index, which IF NOT EXISTS takes for the
        # index. So the rest runs without any, and what an interrupted build or DETACH has left is cleared up.
        if text.repeatable:
            attempt = partial(self._limited_by_session, run)
            return self.ladder.run_with_retries(attempt, what=text.name, is_whole=False)
        build = build_of(self.connection, text, progress=self.ladder.progress)
        with self._unlimited(text):
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
    def _unlimited(self, text: StatementText) -> Iterator[None]:
        self._without_lock_timeout = True
        names = ("statement_timeout", "transaction_timeout", "lock_timeout")
        try:
            with self.limits.of_session(*names, milliseconds=0), self.ladder.watchdog.only_counting(text.name):
                yield
        finally:
            self._without_lock_timeout = False

    def _limited_by_session(self, run: Callable[[], Result]) -> Result:
        with self.limits.of_session("lock_timeout", milliseconds=self.ladder.milliseconds):
            return run()

    def _prepared(self, text: StatementText) -> bool:
        """Limit the waits of a statement in this transaction; False where the index that it builds exists."""
        if self.limits.status is TransactionStatus.INERROR:
            return True
        self.limits.limit(text)
        if text.only_savepoint:
            return True
        build = build_of(self.connection, text, progress=self.ladder.progress)
        return build is None or build.is_needed()
