"""Django's executor and schema editor, on the ladder: no statement waits long, no half-done step is left.

An atomic migration is one transaction with its own record in it, and is tried again as a whole. (Django records
a migration with deferred SQL after its commit: a kill between the two leaves it applied and not recorded.) A
migration that is not atomic is tried again statement by statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import partial
from itertools import chain, zip_longest
from typing import Any, cast

import django.core.management.commands.migrate as django_migrate
from django.db import transaction
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.locks import Ladder, bare, name_of
from migrations_safety.sql import statement

CONCURRENTLY = re.compile(r"(CREATE|DROP|REINDEX|ALTER\s+TABLE)\b.*\bCONCURRENTLY\b", re.IGNORECASE | re.DOTALL)
NAME = r"(?:\"(?:[^\"]|\"\")+\"|\w+)"
BUILDS_INDEX = re.compile(
    rf"CREATE\s+(UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?({NAME})"
    rf"\s+ON\s+(?:ONLY\s+)?({NAME}(?:\.{NAME})?)",
    re.IGNORECASE,
)
VALIDATES = re.compile(r"ALTER\s+TABLE\b.*\bVALIDATE\s+CONSTRAINT\b", re.IGNORECASE | re.DOTALL)
QUOTED = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")")
PLAIN_NAME = re.compile(r'"[a-z_][a-z0-9_]*"')
ADDED = re.compile(r"\busing btree\b")


@contextmanager
def on_the_ladder(connection: Any, ladder: Ladder) -> Iterator[None]:
    """Let Django's `migrate` use our executor and schema editor on this connection, and on no other.

    `migrate` has no hook for its executor, so its module's name for it becomes ours, for good: the executor looks
    at the connection it is given, and several threads may be at work on several. The schema editor is an attribute
    of the connection; the backend's own (PostGIS has one) stays at work.
    """
    _offer_executor()
    kinds = (SafeSchemaEditor, connection.SchemaEditorClass)
    connection.SchemaEditorClass = type(SafeSchemaEditor.__name__, kinds, {"ladder": ladder})
    try:
        with ladder.entered():
            yield
    finally:
        del connection.SchemaEditorClass


def is_on_the_ladder(connection: Any) -> bool:
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

    def _climb(self, step: Callable, state: Any, again: Callable[[], Any], migration: Any, options: Any) -> Any:
        if not migration.atomic:
            with self._operations_on_the_ladder(migration):
                return step(state, migration, **options)
        states = iter((state,))
        callback = self.progress_callback

        def attempt() -> Any:
            before = next(states, None)
            if before is None:  # not the first attempt: the state was changed, the start was told
                before = again()
                self.progress_callback = _without_start(callback)
            with transaction.atomic(using=self.connection.alias):
                self.ladder.limit_waiting()
                after = step(before, migration, **options)
                self.ladder.refuse_passed_over()
                return after

        try:
            return self.ladder.climb(attempt, what=f"{migration.app_label}.{migration.name}")
        finally:
            self.progress_callback = callback

    @contextmanager
    def _operations_on_the_ladder(self, migration: Any) -> Iterator[None]:
        """Operations that ask for a transaction of their own in a migration that has none are tried again in it.

        (Copies of them are: the operations themselves belong to all threads.)
        """
        operations = migration.operations
        migration.operations = [self._tried_again(migration, one) if one.atomic else one for one in operations]
        try:
            yield
        finally:
            migration.operations = operations

    def _tried_again(self, migration: Any, operation: Any) -> Any:
        ours = copy(operation)
        for name in ("database_forwards", "database_backwards"):
            setattr(ours, name, partial(self._again_and_again, migration, getattr(operation, name)))
        return ours

    def _again_and_again(self, migration: Any, step: Callable, *args: Any) -> None:
        def attempt() -> None:
            with transaction.atomic(using=self.connection.alias):
                self.ladder.limit_waiting()
                step(*args)
                self.ladder.refuse_passed_over()

        self.ladder.climb(attempt, what=f"{migration.app_label}.{migration.name}", is_whole=False)

    def _state_before(self) -> Any:
        fresh: Any = MigrationExecutor(self.connection)
        state = fresh._create_project_state(with_applied_migrations=True)
        state.apps  # noqa: B018  (rendered, as the executor gives it)
        return state


def _without_start(callback: Any) -> Any:
    def tell(action: str, *rest: Any) -> None:
        if callback and not action.endswith("_start"):
            callback(action, *rest)

    return tell


class SafeSchemaEditor(DatabaseSchemaEditor):
    """Knows the statements of a migration that take long and that nobody waits behind."""

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

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Run one statement; what is not long is on the ladder by itself (`Ladder.entered`)."""
        run = partial(super().execute, sql, params)
        text = bare(str(sql))
        if self.collect_sql:
            run()
        elif self.connection.in_atomic_block:
            self._lift_timeouts(text)
            run()
        elif CONCURRENTLY.match(text):
            with self.ladder.patiently():
                self._run_concurrently(text, run)
        elif VALIDATES.match(text):
            self.ladder.climb(lambda: self._validate(text, run), what=name_of(text), is_whole=False)
        else:
            run()

    def _validate(self, text: str, run: Callable[[], None]) -> None:
        with transaction.atomic(using=self.connection.alias):
            self.ladder.limit_waiting()
            self._lift_timeouts(text)
            with self.ladder.watchdog.only_counting():
                run()

    def _lift_timeouts(self, text: str) -> None:
        if VALIDATES.match(text):
            with self.connection.cursor() as cursor:
                cursor.execute(statement("watch.lift_timeouts"))

    def _run_concurrently(self, text: str, run: Callable[[], None]) -> None:
        """An invalid index of an earlier build is dropped first; one that is there as asked for is left."""
        found = BUILDS_INDEX.match(text)
        if not found or self._is_to_build(found.group(2), found.group(3), text):
            run()

    def _is_to_build(self, name: str, table: str, text: str) -> bool:
        with self.connection.cursor() as cursor:
            cursor.execute(statement("watch.index_of_name"), {"name": name, "table": table})
            found = cursor.fetchone()
            if found is None:
                return True
            definition, is_valid, qualified = found
            if is_valid:
                return _plain(definition) != _plain(text)
            self.ladder.progress.say(f"The index {name} is invalid, left by an earlier build: building it anew.")
            cursor.execute(f"DROP INDEX CONCURRENTLY {qualified}")
            return True


def _plain(definition: str) -> tuple[bool, str]:
    """Whether an index is unique, and what follows its table, without what PostgreSQL adds or Django leaves out.

    What stands in quotes is compared letter by letter, but for quotes that a name does not need.
    """
    head = BUILDS_INDEX.match(definition)
    parts = QUOTED.split(definition[head.end() :] if head else definition)
    words = [re.sub(r"[\s;()]+", "", ADDED.sub("", part.lower())) for part in parts[::2]]
    quoted = [part[1:-1] if PLAIN_NAME.fullmatch(part) else part for part in parts[1::2]]
    return bool(head and head.group(1)), "".join(chain(*zip_longest(words, quoted, fillvalue="")))
