"""Django's executor and schema editor on the lock ladder: no statement waits long for a lock, no step is half done.

An atomic migration and its record are one transaction, which is tried again as a whole. (Django records a migration
with deferred SQL after its COMMIT: a kill between the two leaves it applied and not recorded.) A migration that is not
atomic is tried again statement by statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import django.core.management.commands.migrate as django_migrate
from django.db import transaction
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.locking.guarded_statements import StatementGuard
from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.postgresql.connection import Connection


@contextmanager
def on_the_ladder(connection: Connection, ladder: LockLadder) -> Iterator[None]:
    """Let Django's `migrate` use our executor and schema editor on this connection, and on no other."""
    # Django's command has no hook for its executor, so the name in its module is replaced, and stays so: our executor
    # is Django's on every connection without a ladder. Replacing it for the length of one run was tried; with two
    # threads on two aliases one ran on the other's ladder. The schema editor is an attribute of the connection, and is
    # mixed with the backend's own (PostGIS has one).
    _offer_executor()
    before = vars(connection).get("SchemaEditorClass")
    kinds = (SafeSchemaEditor, connection.SchemaEditorClass)
    connection.SchemaEditorClass = type(SafeSchemaEditor.__name__, kinds, {"ladder": ladder})
    try:
        with StatementGuard(ladder).entered():
            yield
    finally:
        del connection.SchemaEditorClass
        if before:
            connection.SchemaEditorClass = before


def ladder_of(connection: Connection) -> LockLadder | None:
    """The ladder of the `migrate` that is at work on this connection, None where none is."""
    return getattr(connection.SchemaEditorClass, "ladder", None)


def is_on_the_ladder(connection: Connection) -> bool:
    """Whether a `migrate` with a ladder is at work on this connection."""
    return hasattr(connection.SchemaEditorClass, "ladder")


def _offer_executor() -> None:
    """Put our executor in place of Django's, or on top of the one that another package has put there."""
    kind: Any = django_migrate.MigrationExecutor  # type: ignore[attr-defined]
    if not issubclass(kind, SafeExecutor):
        ours = SafeExecutor if kind is MigrationExecutor else type(SafeExecutor.__name__, (SafeExecutor, kind), {})
        django_migrate.MigrationExecutor = ours  # type: ignore[attr-defined]


class SafeExecutor(MigrationExecutor):
    """Applies and unapplies each atomic migration as a whole, and tries again until its locks are free.

    On a connection without a ladder it is Django's executor.
    """

    connection: Connection

    @property
    def ladder(self) -> LockLadder:
        """The ladder of the connection."""
        editor: Any = self.connection.SchemaEditorClass
        return cast(LockLadder, editor.ladder)

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """Apply a migration as Django does, in one transaction with the record of it."""
        apply = super().apply_migration

        def step(before: Any) -> Any:
            return apply(before, migration, fake=fake, fake_initial=fake_initial)

        if not is_on_the_ladder(self.connection):
            return step(state)
        return self._on_the_ladder(step, migration, _States(first=state, fresh=self._state_before))

    def unapply_migration(self, state: Any, migration: Any, fake: bool = False) -> Any:
        """Unapply a migration as Django does, in one transaction with the record of it."""
        unapply = super().unapply_migration

        def step(before: Any) -> Any:
            return unapply(before, migration, fake=fake)

        if not is_on_the_ladder(self.connection):
            return step(state)
        return self._on_the_ladder(step, migration, _States(first=state, fresh=lambda: state))

    def _on_the_ladder(self, step: Callable[[Any], Any], migration: Any, states: _States) -> Any:
        """The state that `step` returns; `step` applies or unapplies the migration, given the state before it."""
        # The backend's schema editor decides whether a migration is one transaction: that of
        # django-pg-zero-downtime-migrations makes none, and its CREATE INDEX CONCURRENTLY fails in ours.
        if not self.connection.schema_editor(atomic=migration.atomic).atomic_migration:
            with self._operations_on_the_ladder(migration), self.ladder.remembering_refusals():
                return step(states.first)
        return self._as_a_whole(step, migration, states)

    def _as_a_whole(self, step: Callable[[Any], Any], migration: Any, states: _States) -> Any:
        # Each attempt is one transaction around all that Django does, its record included, so whatever ends it leaves
        # nothing behind. Trying a single statement again would not do: the locks of earlier statements last to the
        # COMMIT, and others would wait behind them all the while. An attempt whose code has caught the error of a lock
        # and gone on must not be committed, for the rows that it skipped would be lost. Success is reported after the
        # COMMIT only, as deferred keys are checked there and may still fail.
        progress = _ProgressOfAttempts(callback=self.progress_callback)

        def attempt() -> Any:
            self.progress_callback = progress.begin_attempt()
            before = states.next()
            with transaction.atomic(using=self.connection.alias):
                after = step(before)
                self.ladder.refuse_passed_over()
                return after

        try:
            after = self.ladder.run_with_retries(attempt, what=f"{migration.app_label}.{migration.name}")
        finally:
            self.progress_callback = progress.callback
        progress.report_success()
        return after

    @contextmanager
    def _operations_on_the_ladder(self, migration: Any) -> Iterator[None]:
        """Let operations with a transaction of their own, in a migration without one, be tried again in it."""
        # Django gives one to an atomic operation; where the migration is atomic and only the backend's schema editor is
        # not, to every operation that is not `atomic=False`. The operations are shared by all threads, hence copies.
        operations = migration.operations
        migration.operations = [
            self._with_retries(migration, operation)
            if operation.atomic or (migration.atomic and operation.atomic is not False)
            else operation
            for operation in operations
        ]
        try:
            yield
        finally:
            migration.operations = operations

    def _with_retries(self, migration: Any, operation: Any) -> Any:
        ours = copy(operation)
        for name in ("database_forwards", "database_backwards"):
            setattr(ours, name, partial(self._retry, migration, getattr(operation, name)))
        return ours

    def _retry(self, migration: Any, step: Callable[..., Any], *args: Any) -> None:
        def attempt() -> None:
            with transaction.atomic(using=self.connection.alias):
                step(*args)
                self.ladder.refuse_passed_over()

        self.ladder.run_with_retries(attempt, what=f"{migration.app_label}.{migration.name}", is_whole=False)

    def _state_before(self) -> Any:
        fresh: Any = MigrationExecutor(self.connection)
        state = fresh._create_project_state(with_applied_migrations=True)
        state.apps  # noqa: B018  (rendered, as the executor gives it)
        return state


@dataclass(kw_only=True, slots=True)
class _States:
    """The state before a migration, for each attempt: applying it changes the state that is passed."""

    first: Any
    fresh: Callable[[], Any]
    """Makes the state again, from the record of migrations."""
    _is_used: bool = False

    def next(self) -> Any:
        """The given state for the first attempt, a fresh one for each later attempt."""
        if self._is_used:
            return self.fresh()
        self._is_used = True
        return self.first


@dataclass(kw_only=True, slots=True)
class _ProgressOfAttempts:
    """Reports the start of a migration once, and its success after the COMMIT."""

    callback: Callable[..., None] | None
    """Django's `progress_callback`, None where nobody listens."""
    _attempts: int = 0
    _success: tuple[Any, ...] = ()

    def begin_attempt(self) -> Callable[..., None]:
        """The callback that the executor gets for the next attempt."""
        self._attempts += 1
        return self._receive

    def _receive(self, action: str, *rest: Any) -> None:
        if action.endswith("_success"):
            self._success = (action, *rest)
        elif self.callback and self._attempts == 1:
            self.callback(action, *rest)

    def report_success(self) -> None:
        """Pass on what the last attempt reported."""
        if self.callback:
            self.callback(*self._success)


class SafeSchemaEditor(DatabaseSchemaEditor):
    """Adds keys last, and leaves its transaction where a deferred statement fails."""

    ladder: LockLadder

    def add_constraint(self, model: Any, constraint: Any) -> None:
        """Add a constraint; a key of an atomic migration is added at its end, as Django's own keys are."""
        # Writes to the referenced table wait from the ADD CONSTRAINT to the COMMIT: so all other statements come first.
        if isinstance(constraint, ForeignKeyConstraint) and self.atomic_migration:
            self.deferred_sql.append(constraint.create_sql(model, self))
        else:
            super().add_constraint(model, constraint)

    def __exit__(self, *error: Any) -> None:
        """Run the deferred statements, and leave the transaction also where one of them fails."""
        # Django leaves that transaction open. The next attempt then worked inside of it: `migrate` said applied, with
        # exit code 0, and nothing was ever committed.
        try:
            if error[0] is None:
                while self.deferred_sql:
                    self.execute(self.deferred_sql.pop(0), None)
        except BaseException as failure:
            super().__exit__(type(failure), failure, failure.__traceback__)
            raise
        super().__exit__(*error)
