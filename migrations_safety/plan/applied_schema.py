"""The tables that the applied migrations make, as far as the operations say so.

The models before a plan say what the tables are. Where code of an applied migration (RunSQL, RunPython, an operation of
another package) may have changed a table, or where the state of a migration was told apart from the database, the
models do not say it, and the table is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db import router
from django.db.migrations import operations
from django.db.migrations.operations import (
    AlterModelTable,
    CreateModel,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)

from migrations_safety.plan.opaque_operations import code_of
from migrations_safety.schema.declared_models import managed_models

DEFINES = re.compile(r"\bexecute\w*\b|editor\s*\.\s*(?!connection\b|quote)\w+")
"""What the Python code of a migration has that changes tables and not rows."""
PACKAGES = ("django.contrib.", "migrations_safety.")
"""Packages whose operations do in the database what they do to the models."""

ModelName = tuple[str, str]
"""The label of the app, and the name of the model in lower case."""


class AppliedSchema:
    """The models as the applied and adopted migrations leave them; read when they are first needed.

    `executor` is Django's, and `before` the StateApps before the plan.
    """

    def __init__(self, executor: Any, before: Any) -> None:
        self._executor = executor
        self._before = before

    @cached_property
    def models(self) -> tuple[Any, ...]:
        """The managed models whose tables migrations have made in this database."""
        unmigrated = set(self._executor.loader.unmigrated_apps)
        alias = self._executor.connection.alias
        return tuple(
            model
            for model in managed_models(self._before)
            if model._meta.app_label not in unmigrated and router.allow_migrate_model(alias, model)
        )

    @cached_property
    def tables_of_others(self) -> frozenset[str]:
        """The tables of these models that are older than their migrations, or that code may have changed."""
        walk = _Walk()
        for migration in self._applied:
            walk.follow(migration.app_label, migration.operations)
        owners = [(model, model._meta.auto_created or model) for model in self.models]
        by_code = {model._meta.db_table for model, owner in owners if walk.may_have_changed(model, owner)}
        return frozenset(by_code | self._older)

    @cached_property
    def _applied(self) -> list[Any]:
        """The applied migrations in their order; those that a squashed one replaces stand at the end."""
        loader = self._executor.loader
        plan = self._executor.migration_plan(loader.graph.leaf_nodes(), clean_start=True)
        ordered = {(one.app_label, one.name): one for one, _ in plan} | loader.disk_migrations
        return [one for key, one in ordered.items() if key in loader.applied_migrations]

    @property
    def _older(self) -> set[str]:
        """The tables that a baseline describes, wherever it is: a project may have given up on adopting it."""
        return {table for one in self._executor.loader.disk_migrations.values() for table in getattr(one, "adopts", ())}


class _Walk:
    """Follows the operations of migrations, and notes what code says and which models it is about."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        """The words of all code that may define something."""
        self.models: set[ModelName] = set()
        """The models whose state was told apart from the database, or that unknown operations are about."""
        self.tables: defaultdict[ModelName, set[str]] = defaultdict(set)
        """All names that the table of a model has had."""

    def follow(self, app_label: str, applied: Iterable[Any]) -> None:
        """Follow operations of an app in their order."""
        for operation in applied:
            if isinstance(operation, SeparateDatabaseAndState):
                self._note_models(app_label, [*operation.state_operations, *operation.database_operations])
                self.follow(app_label, [*operation.state_operations, *operation.database_operations])
            elif isinstance(operation, RunSQL | RunPython):
                self._note_words(app_label, operation)
            else:
                self._follow_names(app_label, operation)
                if not _is_known(operation):
                    self._note_models(app_label, [operation])

    def may_have_changed(self, model: Any, owner: Any) -> bool:
        """Whether code may have changed the table of a model; `owner` is the model of its many-to-many field."""
        name, its_owner = _name_of(model), _name_of(owner)
        tables = {model._meta.db_table, *self.tables[name], *self.tables[its_owner]}
        is_told_apart = name in self.models or its_owner in self.models or not self._told_apart.isdisjoint(tables)
        return is_told_apart or not self.words.isdisjoint(map(_bare, tables))

    @cached_property
    def _told_apart(self) -> set[str]:
        """The names that the tables of models have had whose state was told apart: such a table moves between apps."""
        return {table for model in self.models for table in self.tables.get(model, ())}

    def _note_words(self, app_label: str, operation: Any) -> None:
        code = code_of(operation, migration=app_label)
        if code is None or code.text is None:
            return
        text = code.text.lower()
        if isinstance(operation, RunSQL):
            self.words.update(re.findall(r"\w+", text))
        elif DEFINES.search(text):
            words = set(re.findall(r"\w+", text))
            self.words |= words
            self.models |= {(app_label, word) for word in words}

    def _note_models(self, app_label: str, applied: Iterable[Any]) -> None:
        for operation in applied:
            for attribute in ("model_name", "name", "old_name", "new_name"):
                if isinstance(name := getattr(operation, attribute, None), str):
                    self.models.add((app_label, name.lower()))

    def _follow_names(self, app_label: str, operation: Any) -> None:
        if isinstance(operation, CreateModel):
            name = (app_label, operation.name_lower)
            self.tables[name].add(str(operation.options.get("db_table") or "_".join(name)))
        elif isinstance(operation, AlterModelTable):
            self.tables[app_label, operation.name_lower].add(str(operation.table))
        elif isinstance(operation, RenameModel):
            old, new = (app_label, operation.old_name_lower), (app_label, operation.new_name_lower)
            self.tables[new] |= self.tables[old] | {"_".join(new)}
            self.models |= {new} if old in self.models else set()


def _is_known(operation: Any) -> bool:
    """Whether an operation changes the database as its state says: one of Django's or ours, or made from one."""
    return any(
        getattr(operations, kind.__name__, None) is kind or kind.__module__.startswith(PACKAGES)
        for kind in type(operation).__mro__
    )


def _name_of(model: Any) -> ModelName:
    return model._meta.app_label, model._meta.model_name


def _bare(table: str) -> str:
    """Return the last part of a table's name, as a word of a text in lower case."""
    return str(re.findall(r"\w+", table.lower() or "_")[-1])
