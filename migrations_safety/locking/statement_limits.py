"""Sets and resets the timeouts that limit how long the statements of a migration may wait and run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.locking.statement_text import StatementText
from migrations_safety.sql import statement


class StatementLimits:
    """Sets the timeouts of one connection, past Django's cursors, so that the StatementGuard does not see this."""

    def __init__(self, ladder: LockLadder) -> None:
        self.ladder = ladder
        self.connection = ladder.connection
        # The lock timeout of this transaction in milliseconds, None where it is not known.
        self._milliseconds: int | None = None

    @property
    def status(self) -> TransactionStatus:
        """The transaction status of the session, which the driver knows from the server's last answer."""
        return TransactionStatus(self.connection.connection.info.transaction_status)

    def send(self, query: str, parameters: dict[str, Any] | None = None) -> Any:
        """Send a statement past Django's cursors, and return the driver's cursor."""
        self.connection.ensure_connection()
        return self.connection.connection.execute(query, parameters)

    def limit(self, text: StatementText) -> None:
        """Set the lock timeout for the statement that is sent next, in the open transaction or in the one it begins."""
        if self.status is TransactionStatus.IDLE:
            self.ladder.transaction_id = self.send(statement("statement_limits.transaction_id")).fetchone()[0]
            self._milliseconds = None
        if text.only_savepoint:
            self._milliseconds = None  # ROLLBACK TO SAVEPOINT may undo the setting
            return
        self.wait_at_most(0 if self._is_ended_by_watchdog(text) else self.ladder.milliseconds)
        if text.validates:
            self.send(statement("statement_limits.lift_timeouts"))

    def _is_ended_by_watchdog(self, text: StatementText) -> bool:
        """Whether the statement gets no lock timeout, so that only the watchdog ends its wait."""
        # A statement that runs code (DO, CALL, a function in a query) could catch the error of a lock timeout with
        # EXCEPTION WHEN OTHERS and go on without its work, and the migration would be recorded as applied. WHEN OTHERS
        # does not catch a cancel. So only DDL statements without a query get a lock timeout.
        return self.ladder.wrote_elsewhere or not text.only_defines

    def wait_at_most(self, milliseconds: int) -> None:
        """Limit each wait for a lock in this transaction to this time; 0 means no limit."""
        if milliseconds != self._milliseconds:
            self.send(statement("statement_limits.limit_lock_waits"), {"milliseconds": str(milliseconds)})
            self._milliseconds = milliseconds

    def wait_without_limit_of_role(self) -> None:
        """Lift the lock timeout that the role or the database has, in a transaction that begins."""
        self.send(statement("statement_limits.lift_lock_timeout_of_role"))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run the block behind a savepoint, and undo its work where it fails.

        The lock timeout of the transaction is the same after the block as before it.
        """
        before = str(self.send(statement("statement_limits.lock_timeout")).fetchone()[0])
        self.send(statement("statement_limits.savepoint"))
        self._milliseconds = None
        try:
            yield
        except BaseException:
            with suppress(psycopg.Error):  # where the connection is gone
                self.send(statement("statement_limits.undo"))
                self.send(statement("statement_limits.release"))
            raise
        self.send(statement("statement_limits.release"))
        self.send(statement("statement_limits.limit_lock_waits"), {"milliseconds": before})

    @contextmanager
    def of_session(self, *names: str, milliseconds: int) -> Iterator[None]:
        """Set the named timeouts of the session for the length of the block, and restore their values after it."""
        before = self.send(statement("statement_limits.session_timeouts"), {"names": list(names)}).fetchall()
        for name, _ in before:
            self.send(statement("statement_limits.set_session_timeout"), {"name": name, "value": str(milliseconds)})
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # where the connection is gone
                for name, value in before:
                    self.send(statement("statement_limits.set_session_timeout"), {"name": name, "value": value})
