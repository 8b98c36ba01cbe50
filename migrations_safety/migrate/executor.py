"""Django's executor and schema editor, on the ladder: no statement waits long, no half-done step is left.

An atomic migration is one transaction with its own record in it, and is tried again as a whole. (Django records
a migration with deferred SQL after its commit: a kill between the two leaves it applied and not recorded.) A
migration that is not atomic is tried again statement by statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import partial
from typing import Any, cast

import django.core.management.commands.migrate as django_migrate
from django.db import transaction
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.locking.guarded_statements import StatementGuard
from migrations_safety.locking.lock_ladder import Ladder
from migrations_safety.postgresql.connection import Connection


@contextmanager
def on_the_ladder(connection: Connection, ladder: Ladder) -> Iterator[None]:
    """Let Django's `migrate` use our executor and schema editor on this connection, and on no other.

    `migrate` has no hook for its executor, so its module's name for it becomes ours, for good: the executor looks
    at the connection it is given, and several threads may be at work on several. The schema editor is an attribute
    of the connection; the backend's own (PostGIS has one) stays at work.
    """
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


def ladder_of(connection: Connection) -> Ladder | None:
    """The ladder that a `migrate` of ours is on, on this connection."""
    return getattr(connection.SchemaEditorClass, "ladder", None)


def is_on_the_ladder(connection: Connection) -> bool:
    """Whether a `migrate` of ours is at work on this connection."""
    return hasattr(connection.SchemaEditorClass, "ladder")


def _offer_executor() -> None:
    """Where somebody else has put an executor there, ours is built on that one."""
    kind: Any = django_migrate.MigrationExecutor  # type: ignore[attr-defined]
    if not issubclass(kind, SafeExecutor):
        ours = SafeExecutor if kind is MigrationExecutor else type(SafeExecutor.__name__, (SafeExecutor, kind), {})
        django_migrate.MigrationExecutor = ours  # type: ignore[attr-defined]


class SafeExecutor(MigrationExecutor):
    """Applies and unapplies atomic migrations as a whole, again and again until the locks were free.

    On a connection that is not on a ladder it is Django's.
    """

    connection: Connection

    @property
    def ladder(self) -> Ladder:
        """That of the connection."""
        editor: Any = self.connection.SchemaEditorClass
        return cast(Ladder, editor.ladder)

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """As Django does, in one transaction with the record of it."""
        options = {"fake": fake, "fake_initial": fake_initial}
        if not is_on_the_ladder(self.connection):
            return super().apply_migration(state, migration, **options)
        return self._climb(super().apply_migration, state, self._state_before, migration, options)

    def unapply_migration(self, state: Any, migration: Any, fake: bool = False) -> Any:
        """As Django does, in one transaction with the record of it."""
        if not is_on_the_ladder(self.connection):
            return super().unapply_migration(state, migration, fake=fake)
        return self._climb(super().unapply_migration, state, lambda: state, migration, {"fake": fake})

    def _climb(
        self, step: Callable[..., Any], state: Any, again: Callable[[], Any], migration: Any, options: Any
    ) -> Any:
        if not self.connection.schema_editor(atomic=migration.atomic).atomic_migration:
            with self._operations_on_the_ladder(migration), self.ladder.remembering_refusals():
                return step(state, migration, **options)
        states = iter((state,))
        callback = self.progress_callback
        successes: list[tuple[Any, ...]] = []

        def attempt() -> Any:
            before = next(states, None)
            self.progress_callback = _of_attempt(callback, successes, is_first=before is not None)
            if before is None:  # the first attempt has changed the state
                before = again()
            with transaction.atomic(using=self.connection.alias):
                after = step(before, migration, **options)
                self.ladder.refuse_passed_over()
                return after

        try:
            after = self.ladder.run_with_retries(attempt, what=f"{migration.app_label}.{migration.name}")
        finally:
            self.progress_callback = callback
        if callback:  # the transaction is committed: nothing can fail any more
            callback(*successes[-1])
        return after

    @contextmanager
    def _operations_on_the_ladder(self, migration: Any) -> Iterator[None]:
        """Operations that get a transaction of their own in a migration that has none are tried again in it.

        (Copies of them are: the operations themselves belong to all threads.) Which ones Django decides: where the
        migration is atomic and the backend's schema editor is not, all that do not say no.
        """
        operations = migration.operations
        migration.operations = [
            self._tried_again(migration, one) if one.atomic or (migration.atomic and one.atomic is not False) else one
            for one in operations
        ]
        try:
            yield
        finally:
            migration.operations = operations

    def _tried_again(self, migration: Any, operation: Any) -> Any:
        ours = copy(operation)
        for name in ("database_forwards", "database_backwards"):
            setattr(ours, name, partial(self._again_and_again, migration, getattr(operation, name)))
        return ours

    def _again_and_again(self, migration: Any, step: Callable[..., Any], *args: Any) -> None:
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


def _of_attempt(callback: Any, successes: list[tuple[Any, ...]], *, is_first: bool) -> Any:
    """Tells the start once, and keeps the success until the transaction is committed."""

    def tell(action: str, *rest: Any) -> None:
        if action.endswith("_success"):
            successes.append((action, *rest))
        elif callback and is_first:
            callback(action, *rest)

    return tell


class SafeSchemaEditor(DatabaseSchemaEditor):
    """Puts keys last and leaves no transaction open; its statements are guarded as any other of the connection."""

    ladder: Ladder

    def add_constraint(self, model: Any, constraint: Any) -> None:
        """Add it; a key of an atomic migration comes among its last statements, as Django's own keys do.

        Writes to the key's target wait from there to the commit: indexes and the rest come before it.
        """
        if isinstance(constraint, ForeignKeyConstraint) and self.atomic_migration:
            self.deferred_sql.append(constraint.create_sql(model, self))
        else:
            super().add_constraint(model, constraint)

    def __exit__(self, *error: Any) -> None:
        """As Django's, but where a deferred statement fails its transaction is left too.

        Django's leaves it open, and the next attempt would work inside it: it would succeed and never be committed.
        """
        try:
            if error[0] is None:
                while self.deferred_sql:
                    self.execute(self.deferred_sql.pop(0), None)
        except BaseException as failure:
            super().__exit__(type(failure), failure, failure.__traceback__)
            raise
        super().__exit__(*error)
