"""Django's executor and schema editor on the lock ladder: no statement waits long for a lock, and none is half done.

An atomic migration and its row in `django_migrations` are written in one transaction, which is tried again as a whole.
(Django writes this row after the COMMIT for a migration with deferred SQL. A kill in between leaves the migration
applied but not recorded.) A migration that is not atomic is tried again statement by statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import django.core.management.commands.migrate as django_migrate
from django.db import transaction
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.kept.kept_record import no_place
from migrations_safety.locking.guarded_statements import StatementGuard
from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.messages.error_place import COPY_OF
from migrations_safety.migrate.steps import StepByStep
from migrations_safety.postgresql.connection import Connection, schema_editor_with
from migrations_safety.schema.existing_keys import find_existing_key

STEPS = "migrations_safety_records_steps"
"""The name of an attribute that the connection has while migrations that are no transaction run in recorded steps."""


@contextmanager
def on_the_ladder(connection: Connection, ladder: LockLadder) -> Iterator[None]:
    """Let Django's `migrate` use SafeExecutor and SafeSchemaEditor on this connection, and on no other."""
    # Django's command has no hook for its executor. So the name in its module is replaced, for good: on a connection
    # without a ladder SafeExecutor behaves as Django's executor. Replacing the name for the length of one run was
    # tried, too; with two threads on two aliases, one thread ran on the ladder of the other.
    _offer_executor()
    with schema_editor_with(connection, SafeSchemaEditor, ladder=ladder), StatementGuard(ladder).entered():
        yield


def ladder_of(connection: Connection) -> LockLadder | None:
    """The lock ladder of the `migrate` that runs on this connection; None where none runs."""
    return getattr(connection.SchemaEditorClass, "ladder", None)


@contextmanager
def in_steps(connection: Connection) -> Iterator[None]:
    """Record the steps of migrations that are no transaction, so that a run after a kill goes on."""
    setattr(connection, STEPS, no_place(connection) is None)
    try:
        yield
    finally:
        delattr(connection, STEPS)


def _offer_executor() -> None:
    """Replace Django's executor by SafeExecutor, or the executor of another package by a subclass of both."""
    kind: Any = django_migrate.MigrationExecutor  # type: ignore[attr-defined]
    if not issubclass(kind, SafeExecutor):
        ours = SafeExecutor if kind is MigrationExecutor else type(SafeExecutor.__name__, (SafeExecutor, kind), {})
        django_migrate.MigrationExecutor = ours  # type: ignore[attr-defined]


class SafeExecutor(MigrationExecutor):
    """Applies and unapplies each atomic migration as a whole, and tries again until its locks are free.

    On a connection without a lock ladder it behaves as Django's executor.
    """

    connection: Connection

    @property
    def ladder(self) -> LockLadder:
        """The lock ladder of the connection, which must have one."""
        found = ladder_of(self.connection)
        assert found is not None
        return found

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """Apply a migration as Django does, in one transaction with its row in `django_migrations`; return the state.

        Raises LocksNotFree, GaveWay or OthersWaited where the locks do not become free in time.
        """
        apply = super().apply_migration

        def step(before: Any) -> Any:
            return apply(before, migration, fake=fake, fake_initial=fake_initial)

        if ladder_of(self.connection) is None:
            return step(state)
        return self._on_the_ladder(step, migration, _States(first=state, fresh=self._state_before))

    def unapply_migration(self, state: Any, migration: Any, fake: bool = False) -> Any:
        """Unapply a migration as Django does, in one transaction with its row in `django_migrations`; return the state.

        Raises LocksNotFree, GaveWay or OthersWaited where the locks do not become free in time.
        """
        unapply = super().unapply_migration

        def step(before: Any) -> Any:
            return unapply(before, migration, fake=fake)

        if ladder_of(self.connection) is None:
            return step(state)
        return self._on_the_ladder(step, migration, _States(first=state, fresh=lambda: state))

    def _on_the_ladder(self, step: Callable[[Any], Any], migration: Any, states: _States) -> Any:
        """Call `step`, which applies or unapplies the migration from the state before it, and return its result."""
        # The backend's schema editor decides whether a migration is one transaction. The one of
        # django-pg-zero-downtime-migrations opens none, and its CREATE INDEX CONCURRENTLY would fail inside one.
        if not self.connection.schema_editor(atomic=migration.atomic).atomic_migration:
            with self._operations_on_the_ladder(migration), self.ladder.remembering_refusals():
                return step(states.first)
        return self._as_a_whole(step, migration, states)

    def _as_a_whole(self, step: Callable[[Any], Any], migration: Any, states: _States) -> Any:
        # Each attempt is one transaction around all that Django does, including the row in `django_migrations`. So an
        # attempt that fails leaves nothing behind. To try only a single statement again would not suffice: the locks of
        # earlier statements last until the COMMIT, and other sessions would wait for them all the while. An attempt
        # whose code has caught a lock error and gone on must not be committed, because its work is incomplete. Success
        # is reported after the COMMIT, where PostgreSQL checks deferred foreign keys and may still fail.
        progress = _ProgressOfAttempts(callback=self.progress_callback)

        def attempt() -> Any:
            self.progress_callback = progress.begin_attempt()
            before = states.next()
            with transaction.atomic(using=self.connection.alias):
                after = step(before)
                self.ladder.refuse_passed_over()
                return after

        try:
            after = self.ladder.run_with_retries(attempt, what=str(migration))
        finally:
            self.progress_callback = progress.callback
        progress.report_success()
        return after

    @contextmanager
    def _operations_on_the_ladder(self, migration: Any) -> Iterator[None]:
        """Try again each operation that has a transaction of its own, in a migration that is not one transaction."""
        # Django opens a transaction for an operation with `atomic=True`. Where the migration is atomic and only the
        # backend's schema editor is not, every operation gets one that is not `atomic=False`. The operations are copied
        # because all threads share them.
        operations = migration.operations

        def is_whole(operation: Any) -> bool:
            return bool(operation.atomic or (migration.atomic and operation.atomic is not False))

        if getattr(self.connection, STEPS, False):
            steps = StepByStep(connection=self.connection, ladder=self.ladder, migration=migration)
            migration.operations = steps.operations(is_whole)
        else:
            migration.operations = [self._with_retries(migration, one) if is_whole(one) else one for one in operations]
        try:
            yield
        finally:
            migration.operations = operations

    def _with_retries(self, migration: Any, operation: Any) -> Any:
        ours = copy(operation)
        setattr(ours, COPY_OF, operation)
        for name in ("database_forwards", "database_backwards"):
            setattr(ours, name, partial(self._retry, migration, getattr(operation, name)))
        return ours

    def _retry(self, migration: Any, step: Callable[..., Any], *args: Any) -> None:
        def attempt() -> None:
            with transaction.atomic(using=self.connection.alias):
                step(*args)
                self.ladder.refuse_passed_over()

        self.ladder.run_with_retries(attempt, what=str(migration), is_whole=False)

    def _state_before(self) -> Any:
        fresh: Any = MigrationExecutor(self.connection)
        state = fresh._create_project_state(with_applied_migrations=True)
        state.apps  # noqa: B018  (rendered, as the executor gives it)
        return state


@dataclass(kw_only=True, slots=True)
class _States:
    """Gives each attempt its own ProjectState from before the migration, because an attempt changes the state."""

    first: Any
    fresh: Callable[[], Any]
    """Returns the state before the migration once more, computed from `django_migrations`."""
    _is_used: bool = False

    def next(self) -> Any:
        """Return the given state for the first attempt, and a new one for each later attempt."""
        if self._is_used:
            return self.fresh()
        self._is_used = True
        return self.first


@dataclass(kw_only=True, slots=True)
class _ProgressOfAttempts:
    """Reports the start of a migration once, and its success after the COMMIT."""

    callback: Callable[..., None] | None
    """The `progress_callback` of Django's executor; None where there is none."""
    _attempts: int = 0
    _success: tuple[Any, ...] = ()

    def begin_attempt(self) -> Callable[..., None]:
        """Return the `progress_callback` for the next attempt."""
        self._attempts += 1
        return self._receive

    def _receive(self, action: str, *rest: Any) -> None:
        if action.endswith("_success"):
            self._success = (action, *rest)
        elif self.callback and self._attempts == 1:
            self.callback(action, *rest)

    def report_success(self) -> None:
        """Pass the success that the last attempt reported on to Django's callback."""
        if self.callback:
            self.callback(*self._success)


class SafeSchemaEditor(DatabaseSchemaEditor):
    """Adds foreign keys at the end of a migration, and leaves its transaction where a deferred statement fails."""

    connection: Connection
    ladder: LockLadder

    def add_constraint(self, model: Any, constraint: Any) -> None:
        """Add a constraint. A foreign key of an atomic migration is added at the end of it, as in Django."""
        # Writes to the referenced table wait from the ADD CONSTRAINT to the COMMIT, so all other statements run first.
        if isinstance(constraint, ForeignKeyConstraint) and self.atomic_migration:
            self.deferred_sql.append(constraint.create_sql(model, self))
        else:
            super().add_constraint(model, constraint)

    def remove_constraint(self, model: Any, constraint: Any) -> None:
        """Drop a constraint; a foreign key only where it exists, because a rollback may have dropped it before."""
        is_key = isinstance(constraint, ForeignKeyConstraint) and not self.collect_sql
        if not is_key or find_existing_key(self.connection, model, constraint):
            super().remove_constraint(model, constraint)

    def __exit__(self, *error: Any) -> None:
        """Run the deferred statements, and end the transaction also where one of them fails."""
        # Django leaves the transaction open where a deferred statement fails. The next attempt then ran inside this
        # transaction: `migrate` said "applied" with exit code 0, and nothing was ever committed.
        try:
            if error[0] is None:
                while self.deferred_sql:
                    self.execute(self.deferred_sql.pop(0), None)
        except BaseException as failure:
            super().__exit__(type(failure), failure, failure.__traceback__)
            raise
        super().__exit__(*error)
