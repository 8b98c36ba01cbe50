"""How long the statements of a migration may wait and run: the timeouts that they get, and get back."""

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
    """Sets the timeouts of one connection, past Django's cursors: a guard of those must not see these statements."""

    def __init__(self, ladder: LockLadder) -> None:
        self.ladder = ladder
        self.connection = ladder.connection
        # The lock timeout of this transaction, None where it is not known.
        self._milliseconds: int | None = None

    @property
    def status(self) -> TransactionStatus:
        """Whether the session is in a transaction, as the driver knows from the server's last answer."""
        return TransactionStatus(self.connection.connection.info.transaction_status)

    def send(self, query: str, parameters: dict[str, Any] | None = None) -> Any:
        """Send a statement past Django's cursors; returns the driver's cursor."""
        self.connection.ensure_connection()
        return self.connection.connection.execute(query, parameters)

    def limit(self, text: StatementText) -> None:
        """Limit the waits of a statement that is sent next, in the transaction that is open or begins with it."""
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
        """Whether the statement gets no lock timeout, and only the watchdog ends its wait."""
        # Whatever may run code (DO, CALL, a function in a query) could catch the error of a lock timeout, with
        # EXCEPTION WHEN OTHERS, and go on without its work: the migration would be recorded as applied. WHEN OTHERS
        # does not catch a cancel. So a lock timeout is only for statements that define something and query nothing.
        return self.ladder.wrote_elsewhere or not text.only_defines

    def wait_at_most(self, milliseconds: int) -> None:
        """Limit each wait for a lock in this transaction; 0 for no limit."""
        if milliseconds != self._milliseconds:
            self.send(statement("statement_limits.limit_lock_waits"), {"milliseconds": str(milliseconds)})
            self._milliseconds = milliseconds

    def wait_without_limit_of_role(self) -> None:
        """In a transaction that begins: set no lock timeout where the role or the database has one."""
        self.send(statement("statement_limits.lift_lock_timeout_of_role"))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is done inside where it fails; the lock timeout of the transaction is the same after it."""
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
        """Set these timeouts of the session, and put them back to what they were."""
        before = self.send(statement("statement_limits.session_timeouts"), {"names": list(names)}).fetchall()
        for name, _ in before:
            self.send(statement("statement_limits.set_session_timeout"), {"name": name, "value": str(milliseconds)})
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # where the connection is gone
                for name, value in before:
                    self.send(statement("statement_limits.set_session_timeout"), {"name": name, "value": value})
