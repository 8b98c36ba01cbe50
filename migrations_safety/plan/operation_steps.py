"""Follows a plan operation by operation: what each does to tables, columns and keys."""

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
"""Kind of an operation: its orphans are counted, its lock is not judged."""
JUDGED = (CreateEnum, CreateModel, AddForeignKeyNotValid, ValidateForeignKey)
"""Operations whose effect on existing tables the checks judge: new tables, and keys added in two steps."""


def follow(migrations: Iterable[Any], state: Any, *, alias: str) -> Changes:
    """What the migrations do on the database `alias`, beginning at `state`.

    The state is changed: it is the one after all migrations in the end.
    """
    walk = _Walk(changes=Changes(), layouts=Layouts(alias))
    for migration in migrations:
        for operation in migration.operations:
            walk.operation(migration, operation, state)
    return walk.changes


@dataclass(kw_only=True)
class _Walk:
    changes: Changes
    layouts: Layouts

    def operation(self, migration: Any, operation: Any, state: Any, *, code_from: int | None = None) -> None:
        """Follow one operation; `code_from` as in FollowedOperation."""
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
        """Add the code that the operation runs on this database to the changes; False where it runs none."""
        if not runs_on(self.layouts.alias, migration.app_label, operation):
            return False
        code = code_of(operation, migration=f"{migration.app_label}.{migration.name}")
        if code:
            self.changes.code.append(code)
        return code is not None

    def _separate(self, migration: Any, operation: Any, state: Any, *, code_from: int | None) -> None:
        """Follow the database operations, on a state of their own as Django does.

        The state operations change nothing in the database, unless code stands among the database operations: then
        they say what that code does (a RunSQL that renames a table), and the tables are followed through them.
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
        """Compare the layouts of the tables before and after the operation.

        Comparing layouts, and not asking each kind of operation what it does, also follows operations of other
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
            migration=f"{migration.app_label}.{migration.name}",
            code_from=code_from,
        )
        _compare(followed, before, after)
        if not runs_code and followed.alters_existing and not isinstance(operation, JUDGED):
            self.changes.unjudged[_kind(operation, before, after)] += 1


def _compare(followed: FollowedOperation, before: dict[ModelName, Layout], after: dict[ModelName, Layout]) -> None:
    """Note the changes of all tables and columns first, then those of the keys and indexes on them."""
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
    """The models whose tables the operation changes; None where these may be any."""
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
    """Whether the field gets Django's own key and is otherwise unchanged."""
    old, new = (
        next((layout.fields[operation.name] for layout in layouts.values() if operation.name in layout.fields), None)
        for layouts in (before, after)
    )
    if old is None or new is None or old.has_key or not new.has_key:
        return False
    (_, *was), (_, *becomes) = old.field.deconstruct(), new.field.deconstruct()
    return [*was[:2], {**was[2], "db_constraint": True}] == [*becomes[:2], {**becomes[2], "db_constraint": True}]
