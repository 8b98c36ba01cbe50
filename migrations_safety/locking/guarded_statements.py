"""How each statement of a migration waits for locks: with short lock timeouts and new attempts, or without a limit.

Only work that PostgreSQL undoes as a whole is tried again. Other work runs once, and no timeout of this package ends
that work, because half of it might be done:

| where the statement runs | what it gets |
|---|---|
| in an atomic migration or operation | the whole transaction is tried again |
| alone, outside of a transaction | a transaction of its own, which is tried again |
| alone, where no transaction can hold it: CONCURRENTLY, a CALL that commits, BEGIN … COMMIT | one attempt, no limit |
| in a transaction that the migration's code began | table locks: new attempts from a savepoint; row locks: time |
| past Django's cursors (`connection.connection`), outside of an attempt | nothing: the guard does not see it |

Every other session queues behind the lock request of a DDL statement. So a DDL statement waits only for the few
milliseconds of one step of the lock ladder. A statement that reads or writes rows waits up to `retry_for` seconds,
because no session queues behind its request. Sessions may still wait for locks that the transaction already holds; then
the watchdog cancels the statement. A wait that ends with the lock leaves no error in the server's log, and so no text
of a statement.
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
"""PostgreSQL's errors for a statement that cannot run inside a transaction: at its start, or at a COMMIT inside it."""

Result = TypeVar("Result")


class StatementGuard:
    """An `execute_wrapper` for one Django connection, which applies the rules in the table of this module."""

    # The guard wraps the connection and not the schema editor, because statements of a migration that take locks come
    # from RunSQL, from querysets in RunPython and from signals, too. The transaction around a statement decides which
    # rule applies. The text of a statement proves little, because a function may do anything. So the text only decides
    # how the statement waits, and tells which statements certainly cannot be undone.

    def __init__(self, ladder: LockLadder) -> None:
        self.ladder = ladder
        self.connection = ladder.connection
        self.limits = StatementLimits(ladder)
        # The savepoints since the migration's code has ended the transaction of the attempt.
        self._savepoints: set[str] = set()
        self._without_lock_timeout = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Apply the guard to every statement that goes through Django's cursors of this connection."""
        with self.connection.execute_wrapper(self._each_statement):
            yield

    def _each_statement(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if self._without_lock_timeout:
            return execute(sql, params, many, context)
        text = statement_text.of(sql)
        if self.ladder.refusal and not text.only_savepoint:
            raise self.ladder.refusal  # the migration's code has caught this error before and gone on
        run = partial(execute, sql, list(params) if many else params, many, context)
        if self.ladder.is_in_attempt:  # before the attempt's transaction begins, Django reads `django_migrations`
            return self._in_attempt(run, text) if self.connection.in_atomic_block else run()
        if self.connection.in_atomic_block or not self.connection.get_autocommit():
            return self._in_transaction_of_code(run, text)
        return self._alone(run, text, many=many)

    def _in_attempt(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """Run a statement in a transaction that the lock ladder has begun; return None for a statement not needed."""
        # PostgreSQL undoes this transaction as a whole, so any lock error may end the attempt, and the ladder begins a
        # new one. But code may catch the error and go on: then the attempt is marked, and not committed. A statement
        # with NOWAIT asks for the error itself, so its code knows what to do.
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
        """Run a statement that the watchdog does not cancel, and count the sessions that wait behind it."""
        with self.ladder.watchdog.only_counting(text.name):
            return run()

    def _ending_attempt(self, run: Callable[[], Result], text: StatementText) -> Result:
        """Run a COMMIT or ROLLBACK of the migration's code inside the transaction of an attempt."""
        # As in Django, a COMMIT keeps the work before it. From here on the migration cannot be undone as a whole, so
        # nothing is tried again or cancelled. No timeout of this package may end this statement either.
        self.limits.wait_at_most(0)
        self._leave_attempt()
        return self._counted(run, text)

    def _leave_attempt(self) -> None:
        self.ladder.transaction_ended = True
        self.ladder.transaction_id = None
        self._savepoints.clear()

    def _after_attempt(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """Run a statement after the migration's code has ended the transaction of the attempt."""
        # Django does not know that the transaction has ended, and still releases the savepoints of its atomic blocks.
        # PostgreSQL has dropped these savepoints with the transaction and would return an error, so such a statement
        # is not sent.
        if text.only_savepoint:
            name = text.text.split()[-1]
            if text.words == ("SAVEPOINT",):
                self._savepoints.add(name)
            elif name not in self._savepoints:
                return None
        return self._counted(run, text)

    def _alone(self, run: Callable[[], Result], text: StatementText, *, many: bool) -> Result | None:
        """Run a statement for which no transaction is open, in a transaction of its own where PostgreSQL allows one."""
        # Only PostgreSQL knows whether it allows one, because a CALL may commit inside. So the transaction is tried.
        # Where PostgreSQL refuses, nothing was done, and the statement runs once without a transaction. A single
        # statement on rows is a transaction in itself.
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
            # Reads and writes go on during a VALIDATE, however long it takes, so there is no reason to cancel it.
            return self._counted(run, text) if text.validates else run()

    def _in_transaction_of_code(self, run: Callable[[], Result], text: StatementText) -> Result | None:
        """Run a statement in a transaction that the migration's own code began."""
        # The code holds values that it has read in this transaction, so the transaction cannot begin anew. Only this
        # statement can be undone, with a savepoint. A statement that waits for rows gets time instead, because a short
        # limit would end the code at the first row that another session has locked.
        if text.ends_transaction or text.only_savepoint or self.limits.status is TransactionStatus.INERROR:
            return run()
        if text.only_rows or not self.ladder.watchdog.guards:
            return self._waiting_for_rows(run, text)
        attempt = partial(self._behind_savepoint, run, text)
        return self.ladder.run_with_retries(attempt, what=text.name, is_whole=False)

    def _waiting_for_rows(self, run: Callable[[], Result], text: StatementText) -> Result:
        """Run a statement that waits for locked rows.

        Raises LocksNotFree after `retry_for` seconds, and OthersWaited where other sessions wait for locks that the
        transaction of the code holds.
        """
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
        """Run a statement that cannot run inside a transaction; return None for a statement that is not needed."""
        # VACUUM, CLUSTER and REINDEX may be cancelled and repeated at any time, so they get limits and new attempts.
        # Other statements may be half done when a timeout ends them: a timeout left an invalid index, which
        # IF NOT EXISTS takes for the wanted index. So they run without timeouts. An invalid index or a pending DETACH
        # that an interrupted statement has left is removed or finished.
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
        """Set the lock timeout for a statement in this transaction.

        Return whether the statement is needed: False where it builds an index that already exists.
        """
        if self.limits.status is TransactionStatus.INERROR:
            return True
        self.limits.limit(text)
        if text.only_savepoint:
            return True
        build = build_of(self.connection, text, progress=self.ladder.progress)
        return build is None or build.is_needed()
