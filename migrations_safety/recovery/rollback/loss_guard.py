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

    `judge` is called with the losses of each migration, and returns a sentence why these must not be lost, or an empty
    text. `migration` is the label of the one that is being unapplied.
    """

    def __init__(
        self, connection: Connection, questions: Sequence[Question], judge: Callable[[Sequence[Loss]], str]
    ) -> None:
        self.connection = connection
        self.questions = questions
        self.judge = judge
        self.migration = ""

    def look(self) -> None:
        """Lock and count what the migration drops; raise LossesArrived if that must not be lost."""
        asked = [one for one in self.questions if one.migration == self.migration and self._exists(one)]
        for name in {one.oid: one.in_sql for one in asked}.values():
            with self.connection.cursor() as cursor:
                send(cursor, compose("loss_guard.lock", table=name))
        losses = count_losses(self.connection, asked)
        if why := self.judge(losses):
            raise LossesArrived(losses, why=why, migration=self.migration)

    def _exists(self, question: Question) -> bool:
        """Whether the table still has the number that it had when it was looked at."""
        with self.connection.cursor() as cursor:
            name = question.in_sql.as_string(self.connection.connection)
            cursor.execute(statement("loss_guard.table_of"), {"name": name})
            return bool(cursor.fetchone()[0] == question.oid)


class GuardedEditor:
    """A mixin for the schema editor, which asks the guard before anything is dropped, in the same transaction.

    An atomic migration is looked at when its transaction begins, before it takes any other lock. In any other migration
    each table and column that is dropped gets a transaction of its own with the look.
    """

    guard: LossGuard
    ladder: LockLadder
    connection: Connection
    atomic_migration: bool

    def __enter__(self) -> Any:
        """Begin the transaction of an atomic migration, and look."""
        entered = super().__enter__()  # type: ignore[misc]
        if self.atomic_migration:
            try:
                self.guard.look()
            except BaseException as error:
                self.__exit__(type(error), error, error.__traceback__)
                raise
        return entered

    def __exit__(self, *error: Any) -> None:
        """End the transaction."""
        super().__exit__(*error)  # type: ignore[misc]

    def delete_model(self, model: Any) -> None:
        """Drop a table, after a look at its rows."""
        self._guarded(model._meta.db_table, lambda: super(GuardedEditor, self).delete_model(model))  # type: ignore[misc]

    def remove_field(self, model: Any, field: Any) -> None:
        """Drop a column, after a look at its values."""
        self._guarded(model._meta.db_table, lambda: super(GuardedEditor, self).remove_field(model, field))  # type: ignore[misc]

    def _guarded(self, table: str, drop: Callable[[], None]) -> None:
        if self.atomic_migration:  # it was looked at when the transaction began
            drop()
            return

        def attempt() -> None:
            with transaction.atomic(using=self.connection.alias):
                self.guard.look()
                drop()

        if self.connection.in_atomic_block:  # of the operation, which is tried again as a whole
            attempt()
            return
        self.ladder.run_with_retries(attempt, what=f"The drop of {table}", is_whole=False)
