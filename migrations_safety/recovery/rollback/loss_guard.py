"""Counts once more in the transaction that drops: rows that arrived after the check are not dropped with their table.

The table is locked against writers for the count and until the drop, so that none arrive in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.messages.refusals.recovery import LossesArrived
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.rollback.loss_counts import Question, count_losses
from migrations_safety.recovery.rollback.report import Loss
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send


class LossGuard:
    """Refuses to drop tables and columns that hold more than the operator has agreed to lose.

    `judge` is called with the losses of each drop, and returns a sentence why these must not be lost, or an empty text.
    """

    def __init__(
        self, connection: Connection, questions: Sequence[Question], judge: Callable[[Sequence[Loss]], str]
    ) -> None:
        self.connection = connection
        self.questions = questions
        self.judge = judge

    def look(self, table: str, column: str | None) -> None:
        """Lock and count what the migration of this drop drops; raise LossesArrived if that must not be lost.

        `table` has the name that the table has now.
        """
        with self.connection.cursor() as cursor:
            cursor.execute(statement("loss_guard.table_of"), {"name": self.connection.ops.quote_name(table)})
            oid = cursor.fetchone()[0]
        first = next((one for one in self.questions if one.oid == oid and one.column == column), None)
        if first is None:
            return
        asked = [one for one in self.questions if one.migration == first.migration and self._exists(one)]
        for question in sorted(asked, key=lambda one: one.oid):
            with self.connection.cursor() as cursor:
                send(cursor, compose("loss_guard.lock", table=question.in_sql))
        losses = count_losses(self.connection, asked)
        if why := self.judge(losses):
            raise LossesArrived(losses, why=why, migration=first.migration)

    def _exists(self, question: Question) -> bool:
        with self.connection.cursor() as cursor:
            name = question.in_sql.as_string(self.connection.connection)
            cursor.execute(statement("loss_guard.table_of"), {"name": name})
            return bool(cursor.fetchone()[0] == question.oid)


class GuardedEditor:
    """A mixin for the schema editor, which asks the guard before each table or column is dropped."""

    guard: LossGuard
    ladder: LockLadder
    connection: Connection
    has_looked = False
    """Whether the guard has looked in this transaction, at all that the migration drops."""

    def delete_model(self, model: Any) -> None:
        """Drop a table, after a look at its rows in the same transaction."""
        self._guarded(model._meta.db_table, None, lambda: super(GuardedEditor, self).delete_model(model))  # type: ignore[misc]

    def remove_field(self, model: Any, field: Any) -> None:
        """Drop a column, after a look at its values in the same transaction."""
        drop = lambda: super(GuardedEditor, self).remove_field(model, field)  # type: ignore[misc]  # noqa: E731
        self._guarded(model._meta.db_table, field.column, drop)

    def _guarded(self, table: str, column: str | None, drop: Callable[[], None]) -> None:
        if self.connection.in_atomic_block:
            if not self.has_looked:
                self.has_looked = True
                self.guard.look(table, column)
            drop()
            return

        def attempt() -> None:
            with transaction.atomic(using=self.connection.alias):
                self.guard.look(table, column)
                drop()

        self.ladder.run_with_retries(attempt, what=f"The drop of {table}", is_whole=False)
