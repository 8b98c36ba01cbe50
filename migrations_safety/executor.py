"""Django's executor and schema editor, on the ladder: no statement waits long, no half-done step is left.

An atomic migration is one transaction with its own record in it, and is tried again as a whole. (Django records
a migration with deferred SQL after its commit: a kill between the two leaves it applied and not recorded.) A
migration that is not atomic is tried again statement by statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django.core.management.commands.migrate as django_migrate
from django.db import transaction
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.locks import Ladder
from migrations_safety.sql import statement

TAKES_LOCKS = re.compile(r"\s*(ALTER|CREATE|DROP|TRUNCATE|LOCK|COMMENT|REINDEX|CLUSTER|REFRESH)\b", re.IGNORECASE)
CONCURRENTLY = re.compile(r"\s*(CREATE|DROP|REINDEX)\b.*\bCONCURRENTLY\b", re.IGNORECASE | re.DOTALL)
BUILDS_INDEX = re.compile(
    r"\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(\"(?:[^\"]|\"\")+\"|\w+)",
    re.IGNORECASE,
)
VALIDATES = re.compile(r"\s*ALTER\s+TABLE\b.*\bVALIDATE\s+CONSTRAINT\b", re.IGNORECASE | re.DOTALL)


@contextmanager
def on_the_ladder(connection: Any, ladder: Ladder) -> Iterator[None]:
    """Let Django's `migrate` use our executor and schema editor on this connection.

    `migrate` has no hook for its executor, so its module's name for it is ours meanwhile; the schema editor is
    an attribute of the connection.
    """
    django_migrate.MigrationExecutor = _bound(ladder, SafeExecutor)  # type: ignore[attr-defined]
    connection.SchemaEditorClass = _bound(ladder, SafeSchemaEditor, connection.SchemaEditorClass)
    try:
        yield
    finally:
        django_migrate.MigrationExecutor = MigrationExecutor  # type: ignore[attr-defined]
        del connection.SchemaEditorClass


def _bound(ladder: Ladder, *kinds: type) -> type:
    """A class with the ladder; the last kind is the backend's own editor (PostGIS has one), which stays at work."""
    return type(kinds[0].__name__, kinds, {"ladder": ladder})


class SafeExecutor(MigrationExecutor):
    """Applies and unapplies atomic migrations as a whole, again and again until the locks were free."""

    ladder: Ladder

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """As Django does, in one transaction with the record of it."""
        options = {"fake": fake, "fake_initial": fake_initial}
        return self._climb(super().apply_migration, state, self._state_before, migration, options)

    def unapply_migration(self, state: Any, migration: Any, fake: bool = False) -> Any:
        """As Django does, in one transaction with the record of it."""
        return self._climb(super().unapply_migration, state, lambda: state, migration, {"fake": fake})

    def _climb(self, step: Callable, state: Any, again: Callable[[], Any], migration: Any, options: Any) -> Any:
        if not migration.atomic:
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
                return step(before, migration, **options)

        try:
            return self.ladder.climb(attempt, what=f"{migration.app_label}.{migration.name}")
        finally:
            self.progress_callback = callback

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
    """Runs each statement of a migration that is not atomic in a short transaction of its own."""

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
        """Run one statement; in an atomic migration it belongs to that migration's transaction."""
        text = str(sql)
        run = super().execute
        if self.collect_sql:
            run(sql, params)
        elif self.connection.in_atomic_block:
            self.ladder.give_way()
            self._lift_timeouts(text)
            run(sql, params)
        elif CONCURRENTLY.match(text):
            self._run_concurrently(text, lambda: run(sql, params))
        elif TAKES_LOCKS.match(text):
            self.ladder.climb(lambda: self._run_alone(text, lambda: run(sql, params)), what=_name(text))
        else:
            run(sql, params)

    def _run_alone(self, text: str, run: Callable[[], None]) -> None:
        with transaction.atomic(using=self.connection.alias):
            self.ladder.limit_waiting()
            self._lift_timeouts(text)
            if VALIDATES.match(text):
                with self.ladder.watchdog.only_counting():
                    run()
            else:
                run()

    def _lift_timeouts(self, text: str) -> None:
        if VALIDATES.match(text):
            with self.connection.cursor() as cursor:
                cursor.execute(statement("watch.lift_timeouts"))

    def _run_concurrently(self, text: str, run: Callable[[], None]) -> None:
        """No lock timeout here: it would leave an invalid index, and reads and writes do not wait for this.

        An invalid index of an earlier build is dropped first; one that is there as asked for is left.
        """
        with self.connection.cursor() as cursor, self.ladder.watchdog.only_counting():
            cursor.execute(statement("watch.lift_session_timeouts"))
            try:
                if not (name := BUILDS_INDEX.match(text)) or self._is_to_build(cursor, name.group(1), text):
                    run()
            finally:
                for part in statement("watch.reset_session_timeouts").split(";"):
                    cursor.execute(part)

    def _is_to_build(self, cursor: Any, name: str, text: str) -> bool:
        cursor.execute(statement("watch.index_of_name"), {"name": name})
        found = cursor.fetchone()
        if found is None:
            return True
        definition, is_valid = found
        if is_valid and _plain(definition) == _plain(text):
            return False
        if not is_valid:
            self.ladder.progress.say(f"The index {name} is invalid, left by an earlier build: building it anew.")
            cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
        return True


def _name(text: str) -> str:
    """The statement's first words, up to the object it is about."""
    return " ".join(text.split()[:3])


def _plain(definition: str) -> str:
    """A CREATE INDEX without what PostgreSQL adds or Django leaves out: quotes, schema, method, keywords."""
    bare = re.sub(r'"', "", definition)
    bare = re.sub(r"\bCONCURRENTLY\b|\bIF NOT EXISTS\b|\bUSING btree\b", "", bare, flags=re.IGNORECASE)
    bare = re.sub(r"\bON (ONLY )?\w+\.(?=\w)", "ON ", bare)
    return re.sub(r"[\s;()]+", "", bare).lower()
