"""Walks the way back as Django's executor does, with an editor that only records, and follows names to those of now.

A table that was renamed since it was made is dropped under its newest name; a table of a many-to-many field and one
of a SeparateDatabaseAndState are dropped too. So nothing is read from the names in the migrations: each operation is
taken back on the model states before and after it, in the order of `migrate`, and what it would have the schema
editor do is noted. Code of the project (RunPython, operations of its own) is not run: it is opaque.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import (
    AlterModelTable,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation

from migrations_safety.operations import CreateEnum
from migrations_safety.plan.recording_editor import RecordingEditor
from migrations_safety.plan.rollback import Rollback, Step
from migrations_safety.plan.rollback_notes import Notes
from migrations_safety.postgresql.connection import Connection

DJANGOS = "django.db.migrations.operations."
KNOWN = ("django.contrib.postgres.operations", "migrations_safety.operations")
"""Modules whose operations do on the database what the operations of Django do that they are made of, or less."""
RENAMES = (RenameModel, RenameField, AlterModelTable)


def read(executor: Any, migrations: Iterable[Any]) -> Rollback:
    """What taking back the migrations, in this order, does to the database as it is now."""
    plan = [(migration, True) for migration in migrations]
    if not plan:
        return Rollback()
    walk: Any = _Walk(executor.connection)
    walk.loader = executor.loader
    full_plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    walk._migrate_all_backwards(plan, full_plan, fake=False)
    found: Rollback = walk.notes.rollback(irreversible(migration for migration, _ in plan))
    return found


def irreversible(migrations: Iterable[Any]) -> tuple[Step, ...]:
    """The operations that cannot be taken back, in the order in which they would be met."""
    return tuple(
        step_of(migration, number, operation)
        for migration in migrations
        for number, operation in enumerate(migration.operations, start=1)
        if not _is_reversible(operation)
    )


def _is_reversible(operation: Any) -> bool:
    if isinstance(operation, SeparateDatabaseAndState):
        return operation.reversible and all(_is_reversible(one) for one in operation.database_operations)
    return bool(operation.reversible)


def step_of(migration: Any, number: int, operation: Any) -> Step:
    """An operation of a migration, in words."""
    label = f"{migration.app_label}.{migration.name}"
    return Step(migration=label, number=number, operation=_words(operation))


def _words(operation: Any) -> str:
    """`RunPython fill`, `RunSQL`, `Create model Bed`."""
    if isinstance(operation, SeparateDatabaseAndState):
        inside = [one for one in operation.database_operations if not _is_reversible(one)]
        return f"{type(operation).__name__}: {', '.join(map(_words, inside or operation.database_operations))}"
    if isinstance(operation, RunPython):
        return f"{type(operation).__name__} {getattr(operation.code, '__name__', '')}".strip()
    return str(type(operation).__name__ if isinstance(operation, RunSQL) else operation.describe())


class _Walk(MigrationExecutor):
    """Django's executor, which takes the migrations back on the states before them; nothing is undone."""

    connection: Connection

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.notes = Notes()
        self.aside = Notes(self.notes.lineage)

    def unapply_migration(self, state: Any, migration: Any, fake: bool = False) -> Any:
        """Note what its operations do, the last one first."""
        alias = self.connection.alias
        for number, operation, before, after, by_code in reversed(list(_steps(migration, state, alias))):
            notes = self.aside if by_code else self.notes
            notes.begin(migration, step_of(migration, number, operation), operation)
            editor = RecordingEditor(self.connection, notes)
            _take_back(operation, migration.app_label, editor, after=after, before=before)
        self.notes.baseline(migration)
        return state


def _steps(migration: Any, state: Any, alias: str) -> Iterator[tuple[int, Any, Any, Any, bool]]:
    """Each operation on the database with its place, the states before and after it, and whether code does it."""
    for number, operation in enumerate(migration.operations, start=1):
        after = _after(operation, migration.app_label, state)
        for step in _database_steps(operation, migration.app_label, state, after, alias):
            yield number, *step
        state = after


def _database_steps(
    operation: Any, app_label: str, before: Any, after: Any, alias: str
) -> Iterator[tuple[Any, Any, Any, bool]]:
    """The operation itself; the database goes by the operations for the database alone, as in Django."""
    if _runs_code(operation, app_label, alias):
        yield from _renames(operation, app_label, before)
    if not isinstance(operation, SeparateDatabaseAndState):
        yield operation, before, after, False
        return
    for one in operation.database_operations:
        then = _after(one, app_label, before)
        yield from _database_steps(one, app_label, before, then, alias)
        before = then


def _renames(operation: Any, app_label: str, before: Any) -> Iterator[tuple[Any, Any, Any, bool]]:
    """What the state says is renamed, which the code beside it does."""
    for one in getattr(operation, "state_operations", ()):
        then = _after(one, app_label, before)
        if isinstance(one, RENAMES):
            yield one, before, then, True
        before = then


def _runs_code(operation: Any, app_label: str, alias: str) -> bool:
    """Whether Python or SQL of a migration runs when it is taken back."""
    if isinstance(operation, SeparateDatabaseAndState):
        return any(_runs_code(one, app_label, alias) for one in operation.database_operations)
    if not isinstance(operation, RunPython | RunSQL) or _does_nothing(operation):
        return False
    return bool(router.allow_migrate(alias, app_label, **operation.hints))


def _after(operation: Any, app_label: str, state: Any) -> Any:
    state = state.clone()
    operation.state_forwards(app_label, state)
    return state


def _take_back(operation: Any, app_label: str, editor: RecordingEditor, *, after: Any, before: Any) -> None:
    """Run the reverse of what Django wrote; what somebody else wrote is read as what it was made of, and opaque."""
    if isinstance(operation, RunPython | RunSQL):
        if _runs_code(operation, app_label, editor.connection.alias):
            editor.recorder.statement()
        return
    if isinstance(operation, CreateEnum):
        if router.allow_migrate(editor.connection.alias, app_label, **operation.hints):
            editor.recorder.enum_dropped(operation.name)
        return
    django_class = next(one for one in type(operation).__mro__ if one.__module__.startswith(DJANGOS))
    methods = [getattr(type(operation), name) for name in ("database_forwards", "database_backwards")]
    if not all(method.__module__.startswith((DJANGOS, *KNOWN)) for method in methods):
        editor.recorder.statement()
    if django_class is not Operation:
        plain = copy.copy(operation)
        plain.__class__ = django_class
        plain.database_backwards(app_label, editor, after, before)


def _does_nothing(operation: Any) -> bool:
    if isinstance(operation, RunPython):
        return operation.reverse_code in (None, RunPython.noop)
    return not operation.reverse_sql
