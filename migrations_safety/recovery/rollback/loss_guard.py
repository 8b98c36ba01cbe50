"""Looks once more in the transaction that drops: rows that arrived after the check are not dropped with their table.

The table is locked against writers for the count and until the drop, so that none arrive in between. What Django's
CASCADE would take along is not dropped either.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, transaction

from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.messages.refusals.recovery import RollbackStopped
from migrations_safety.migrate.executor import ladder_of
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.rollback.code_watch import CodeWatch
from migrations_safety.recovery.rollback.dependents import check_dependents
from migrations_safety.recovery.rollback.loss_counts import Question, count_losses, present
from migrations_safety.recovery.rollback.report import Loss
from migrations_safety.recovery.rollback.write_watch import Watch, WriteWatch, WrittenMeanwhile
from migrations_safety.sql.composition import compose, send

LEAVING = 2.0
"""How many seconds a rollback that has failed tries to remove its watches."""
RECOUNTS = 5
"""How often a large table is counted again before it is counted under the lock."""


class LossGuard:
    """Refuses to drop tables and columns that hold more than the operator has agreed to lose.

    `judge` is called with the losses of each migration, and returns findings about those that must not be lost.
    `tables` are the oids of all tables that go, and None where what goes is kept. `migration` is the label of the one
    that is being unapplied.
    """

    def __init__(
        self,
        connection: Connection,
        questions: Sequence[Question],
        judge: Callable[[Sequence[Loss]], Sequence[Finding]],
        *,
        tables: Sequence[int] | None,
        code: CodeWatch,
    ) -> None:
        self.connection = connection
        self.questions = questions
        self.judge = judge
        self.tables = tables
        self.code = code
        self.watch = WriteWatch(connection, questions)
        self.migration = ""

    def look(self) -> None:
        """Lock and count what the migration drops; raise RollbackStopped if that must not be lost."""
        asked = [one for one in self.questions if one.migration == self.migration]
        places = {one.oid: place for one in asked if (place := present(self.connection, one))}
        for place in places.values():
            with self.connection.cursor() as cursor:
                send(cursor, compose("loss_guard.lock", table=place.in_sql))
        watches = self.watch.of(self.migration)
        losses = [loss for watch in watches for loss in self.watch.settle(watch)]
        counted = [one for watch in watches for one in watch.questions]
        losses += count_losses(self.connection, [one for one in asked if one not in counted]).losses
        self._refuse(self.judge(losses))
        if self.watches_code:
            self.code.begin()

    def _refuse(self, found: Sequence[Finding]) -> None:
        if found:
            raise RollbackStopped(found, place=self.migration)

    @contextmanager
    def watching_writers(self) -> Iterator[None]:
        """Watch who writes into large tables, and count these while writers go on."""
        try:
            self.watch.begin()
            for watch in self.watch.watches:
                self._count(watch)
            yield
        except BaseException:
            with suppress(Refusal, DatabaseError):  # what is left does no harm, and the next run removes it
                self._end_watching(seconds=LEAVING)
            raise
        self._end_watching(seconds=self.ladder.retry_for)

    @property
    def ladder(self) -> LockLadder:
        """The lock ladder of the session."""
        found = ladder_of(self.connection)
        assert found is not None
        return found

    def _end_watching(self, *, seconds: float) -> None:
        """Remove the watches, and try for so many seconds to get the locks for that."""
        before, self.ladder.retry_for = self.ladder.retry_for, seconds
        try:
            if not self.connection.connection.closed:
                self.watch.end()
        finally:
            self.ladder.retry_for = before

    def through_writes(self, unapply: Callable[[], None]) -> None:
        """Unapply migrations; where a large table was written since its count, count it again and go on."""
        tried: Counter[int] = Counter()
        while True:
            try:
                return unapply()
            except WrittenMeanwhile as written:
                (watch,) = written.args
                tried[id(watch)] += 1
                if tried[id(watch)] > RECOUNTS:
                    self.watch.give_up(watch)
                else:
                    self._count(watch)

    def _count(self, watch: Watch) -> None:
        self.migration = watch.questions[0].migration
        self._refuse(self.judge(self.watch.count(watch)))

    @property
    def watches_code(self) -> bool:
        """Whether the migration runs code that nobody has accepted."""
        return self.migration in self.code.watched

    def look_at_code(self) -> None:
        """Raise RollbackStopped where code of the migration has lost something, before its transaction commits."""
        dropped: dict[int, set[int]] = defaultdict(set)
        for one in self.questions:
            if one.attnum and not one.casts:
                dropped[one.oid].add(one.attnum)
        if self.watches_code and (found := list(self.code.check(self.migration, dropped))):
            raise RollbackStopped(found, place=self.migration)

    def look_at_dependents(self, table: str, column: str | None) -> None:
        """Raise RollbackStopped where CASCADE would take along what no migration of the rollback drops itself."""
        if self.tables is None:
            return
        if found := list(check_dependents(self.connection, table, column, going=self.tables)):
            raise RollbackStopped(found, place=self.migration)


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
        """End the transaction, after a look at what code has done in it."""
        if self.atomic_migration and not any(error):
            try:
                self.guard.look_at_code()
            except BaseException as found:
                super().__exit__(type(found), found, found.__traceback__)  # type: ignore[misc]
                raise
        super().__exit__(*error)  # type: ignore[misc]

    def delete_model(self, model: Any) -> None:
        """Drop a table, after a look at its rows."""
        self._guarded(model, None, lambda: super(GuardedEditor, self).delete_model(model))  # type: ignore[misc]

    def remove_field(self, model: Any, field: Any) -> None:
        """Drop a column, after a look at its values."""
        self._guarded(model, field.column, lambda: super(GuardedEditor, self).remove_field(model, field))  # type: ignore[misc]

    def alter_field(self, model: Any, old_field: Any, new_field: Any, strict: bool = False) -> None:
        """Change a column, after a look at its values."""
        before = self.guard.code.figures() if self.guard.watches_code else {}
        self._in_transaction(
            model,
            lambda: super(GuardedEditor, self).alter_field(model, old_field, new_field, strict=strict),  # type: ignore[misc]
        )
        if self.guard.watches_code:
            self.guard.code.pass_over(before)

    def add_field(self, model: Any, field: Any) -> None:
        """Add a column again, wholly or not at all."""
        self._in_transaction(model, lambda: super(GuardedEditor, self).add_field(model, field))  # type: ignore[misc]

    def _guarded(self, model: Any, column: str | None, drop: Callable[[], None]) -> None:
        def look_and_drop() -> None:
            self.guard.look_at_dependents(model._meta.db_table, column)
            drop()

        self._in_transaction(model, look_and_drop)

    def _in_transaction(self, model: Any, change: Callable[[], None]) -> None:
        """Make the change as a whole; in a migration that is not atomic, in a transaction with the look."""
        if self.atomic_migration:  # it was looked at when the transaction began
            change()
            return

        def attempt() -> None:
            with transaction.atomic(using=self.connection.alias):
                self.guard.look()
                change()

        if self.connection.in_atomic_block:  # of the operation, which is tried again as a whole
            attempt()
            return
        what = f"The rollback of {model._meta.db_table}"
        self.ladder.run_with_retries(attempt, what=what, is_whole=False, goes_on=True)
