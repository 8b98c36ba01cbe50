"""Follows a plan operation by operation, and notes what each one does to tables, columns and foreign keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.migrations.operations import (
    AlterField,
    AlterModelManagers,
    AlterModelOptions,
    CreateModel,
    DeleteModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation, ModelOptionOperation

from migrations_safety.operations import AddForeignKeyNotValid, CreateEnum, ValidateForeignKey
from migrations_safety.plan.followed_operation import FollowedOperation
from migrations_safety.plan.key_steps import find_indexes, find_keys
from migrations_safety.plan.model_layouts import Layout, Layouts, ModelName
from migrations_safety.plan.opaque_operations import code_of
from migrations_safety.plan.state_changes import Changes
from migrations_safety.plan.table_steps import alter_table, create_table, drop_table
from migrations_safety.schema.routing import runs_on

STATE_ONLY = (AlterModelOptions, AlterModelManagers)
KEY_ALONE = "AlterField that adds a key"
"""The kind of an AlterField that only makes Django add a foreign key, whose orphans a check counts separately."""
JUDGED = (CreateEnum, CreateModel, AddForeignKeyNotValid, ValidateForeignKey)
"""Operation classes whose effect on existing tables the checks judge: enums, new tables, and foreign keys that are
added NOT VALID and validated later."""


def follow(migrations: Iterable[Any], state: Any, *, alias: str) -> Changes:
    """Return what the migrations change in the database `alias`, when they begin at the ProjectState `state`.

    `state` itself is changed: afterwards it is the state after all the migrations.
    """
    walk = _Walk(changes=Changes(), layouts=Layouts(alias))
    for migration in migrations:
        for walk.number, operation in enumerate(migration.operations, 1):
            walk.operation(migration, operation, state)
    return walk.changes


@dataclass(kw_only=True)
class _Walk:
    changes: Changes
    layouts: Layouts
    number: int = 0
    """The number of the operation in its migration, counted from 1."""

    def operation(self, migration: Any, operation: Any, state: Any, *, code_from: int | None = None) -> None:
        """Note the changes of one operation; `code_from` is explained in FollowedOperation."""
        code_so_far = len(self.changes.code)
        runs_code = self._note_code(migration, operation)
        if isinstance(operation, SeparateDatabaseAndState):
            self._separate(migration, operation, state, code_from=code_from)
        elif isinstance(operation, RunSQL):
            for of_state in operation.state_operations:
                self.operation(migration, of_state, state, code_from=code_so_far)
        else:
            self._follow(migration, operation, state, code_from=code_from, runs_code=runs_code)

    def _note_code(self, migration: Any, operation: Any) -> bool:
        """Note the code that the operation runs on this database; return False where it runs no code there."""
        if not runs_on(self.layouts.alias, migration.app_label, operation):
            return False
        code = code_of(operation, migration=str(migration))
        if code:
            self.changes.code.append(code)
        return code is not None

    def _separate(self, migration: Any, operation: Any, state: Any, *, code_from: int | None) -> None:
        """Follow the database operations of a SeparateDatabaseAndState, on a state of their own as Django does.

        The state operations usually change nothing in the database. But where RunSQL or RunPython stands among the
        database operations, the state operations describe what that code does, such as a RunSQL that renames a table.
        Then the tables are followed through the state operations, too.
        """
        code_so_far = len(self.changes.code)
        database_state = state.clone()
        for of_database in operation.database_operations:
            self.operation(migration, of_database, database_state, code_from=code_from)
        if len(self.changes.code) == code_so_far:
            operation.state_forwards(migration.app_label, state)
            return
        for of_state in operation.state_operations:
            self.operation(migration, of_state, state, code_from=code_so_far)

    def _follow(self, migration: Any, operation: Any, state: Any, *, code_from: int | None, runs_code: bool) -> None:
        """Compare the layouts of the tables before and after the operation, and note the differences.

        This comparison needs no knowledge about each operation class. So it also covers operation classes of other
        packages that change the state, and fields that a model inherits.
        """
        names = _affected_models(migration.app_label, operation)
        before = self.layouts.of(state, names)
        operation.state_forwards(migration.app_label, state)
        if isinstance(operation, STATE_ONLY):
            return
        after = self.layouts.of(state, names)
        followed = FollowedOperation(
            changes=self.changes,
            layouts=self.layouts,
            operation=operation,
            state=state,
            app_label=migration.app_label,
            migration=str(migration),
            number=self.number,
            code_from=code_from,
        )
        _compare(followed, before, after)
        if not runs_code and followed.alters_existing and not isinstance(operation, JUDGED):
            self.changes.unjudged[_kind(operation, before, after)] += 1


def _compare(followed: FollowedOperation, before: dict[ModelName, Layout], after: dict[ModelName, Layout]) -> None:
    """Note the changes of all tables and columns first, then the changes of their foreign keys and indexes."""
    created, kept = dict(after), []
    for name, old in before.items():
        new = created.pop(followed.renamed(name), None)
        if new is None:
            drop_table(followed, old)
        else:
            alter_table(followed, old, new)
            kept.append((old, new))
    for new in created.values():
        create_table(followed, new)
    for old, new in kept:
        find_keys(followed, old, new)
        find_indexes(followed, old, new)
    for new in created.values():
        find_keys(followed, None, new)
        find_indexes(followed, None, new)


def _affected_models(app_label: str, operation: Any) -> list[tuple[str, str]] | None:
    """App label and name of each model whose table the operation changes; None where it may change any table."""
    if isinstance(operation, (FieldOperation, IndexOperation, ValidateForeignKey)):
        model_name: str = operation.model_name  # type: ignore[union-attr]
        return [(app_label, model_name.lower())]
    if isinstance(operation, (CreateModel, DeleteModel, ModelOptionOperation)):
        return [(app_label, operation.name_lower)]
    return [] if isinstance(operation, (RunPython, CreateEnum)) else None


def _kind(operation: Any, before: dict[ModelName, Layout], after: dict[ModelName, Layout]) -> str:
    """The name of the operation's class, or KEY_ALONE."""
    if isinstance(operation, AlterField) and _adds_key_alone(operation, before, after):
        return KEY_ALONE
    return type(operation).__name__


def _adds_key_alone(operation: AlterField, before: dict[ModelName, Layout], after: dict[ModelName, Layout]) -> bool:
    """Whether the operation makes Django add its own foreign key for the field, and changes nothing else about it."""
    old, new = (
        next((layout.fields[operation.name] for layout in layouts.values() if operation.name in layout.fields), None)
        for layouts in (before, after)
    )
    if old is None or new is None or old.has_key or not new.has_key:
        return False
    (_, *was), (_, *becomes) = old.field.deconstruct(), new.field.deconstruct()
    return [*was[:2], {**was[2], "db_constraint": True}] == [*becomes[:2], {**becomes[2], "db_constraint": True}]
