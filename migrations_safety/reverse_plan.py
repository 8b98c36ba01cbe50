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
from django.db.migrations.operations import AddField, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation

from migrations_safety.column_values import digits_of, filling_of, is_filled, length_of
from migrations_safety.lineage import Lineage
from migrations_safety.operations import CreateEnum
from migrations_safety.recording_editor import RecordingEditor
from migrations_safety.way_back import (
    Demand,
    DroppedColumn,
    DroppedTable,
    RequiredColumn,
    RetypedColumn,
    Step,
    WayBack,
)

DJANGOS = "django.db.migrations.operations."
KNOWN = ("django.contrib.postgres.operations", "migrations_safety.operations")
"""Modules whose operations do on the database what the operations of Django do that they are made of, or less."""


def read(executor: Any, migrations: Iterable[Any]) -> WayBack:
    """What taking back the migrations, in this order, does to the database as it is now."""
    plan = [(migration, True) for migration in migrations]
    if not plan:
        return WayBack()
    walk: Any = _Walk(executor.connection)
    walk.loader = executor.loader
    full_plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    walk._migrate_all_backwards(plan, full_plan, fake=False)
    found: WayBack = walk.notes.way_back(irreversible(migration for migration, _ in plan))
    return found


def irreversible(migrations: Iterable[Any]) -> tuple[Step, ...]:
    """The operations that cannot be taken back, in the order in which they would be met."""
    return tuple(
        _step(migration, number, operation)
        for migration in migrations
        for number, operation in enumerate(migration.operations, start=1)
        if not _is_reversible(operation)
    )


def _is_reversible(operation: Any) -> bool:
    if isinstance(operation, SeparateDatabaseAndState):
        return operation.reversible and all(_is_reversible(one) for one in operation.database_operations)
    return bool(operation.reversible)


def _step(migration: Any, number: int, operation: Any) -> Step:
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

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.notes = _Notes()
        self.editor = RecordingEditor(connection, self.notes)

    def unapply_migration(self, state: Any, migration: Any, fake: bool = False) -> Any:
        """Note what its operations do, the last one first."""
        for number, operation, before, after in reversed(list(_steps(migration, state))):
            self.notes.begin(migration, number, operation)
            _take_back(operation, migration.app_label, self.editor, after=after, before=before)
        self.notes.baseline(migration)
        return state


def _steps(migration: Any, state: Any) -> Iterator[tuple[int, Any, Any, Any]]:
    """Each operation on the database with its place and the states before and after it."""
    for number, operation in enumerate(migration.operations, start=1):
        after = _after(operation, migration.app_label, state)
        for step in _database_steps(operation, migration.app_label, state, after):
            yield number, *step
        state = after


def _database_steps(operation: Any, app_label: str, before: Any, after: Any) -> Iterator[tuple[Any, Any, Any]]:
    """The operation itself; the database goes by the operations for the database alone, as in Django."""
    if not isinstance(operation, SeparateDatabaseAndState):
        yield operation, before, after
        return
    for one in operation.database_operations:
        then = _after(one, app_label, before)
        yield from _database_steps(one, app_label, before, then)
        before = then


def _after(operation: Any, app_label: str, state: Any) -> Any:
    state = state.clone()
    operation.state_forwards(app_label, state)
    return state


def _take_back(operation: Any, app_label: str, editor: RecordingEditor, *, after: Any, before: Any) -> None:
    """Run the reverse of what Django wrote; what somebody else wrote is read as what it was made of, and opaque."""
    if isinstance(operation, RunPython | RunSQL):
        if not _does_nothing(operation) and router.allow_migrate(editor.connection.alias, app_label, **operation.hints):
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


class _Notes:
    """What the recording editor tells, under the names of now."""

    def __init__(self) -> None:
        self._lineage = Lineage()
        self._dropped: list[DroppedTable] = []
        self._dropped_columns: list[DroppedColumn] = []
        self._retyped: list[RetypedColumn] = []
        self._required: list[RequiredColumn] = []
        self._demands: list[Demand] = []
        self._opaque: list[Step] = []
        self._unjudged: list[Step] = []
        self._enums: list[str] = []
        self._names: dict[str, str] = {}
        self._altered: set[str] = set()
        self._locked: set[str] = set()
        self._creates = False

    def way_back(self, irreversible: tuple[Step, ...]) -> WayBack:
        """All that was noted."""
        return WayBack(
            tables=tuple(self._dropped),
            every_column=tuple(self._dropped_columns),
            retyped=tuple(self._retyped),
            required=tuple(self._required),
            enums=tuple(self._enums),
            demands=tuple(dict.fromkeys(self._demands)),
            irreversible=irreversible,
            opaque=tuple(dict.fromkeys(one for one in self._opaque if one not in irreversible)),
            unjudged=tuple(dict.fromkeys(self._unjudged)),
            names=self._names,
            altered=frozenset(self._altered),
            locked=frozenset(self._locked),
            creates=self._creates,
        )

    def begin(self, migration: Any, number: int, operation: Any) -> None:
        """What follows is of this operation."""
        self._migration, self._operation = migration, operation
        self._step = _step(migration, number, operation)

    def baseline(self, migration: Any) -> None:
        """What a baseline stands for goes with it, also where nothing says how."""
        label = f"{migration.app_label}.{migration.name}"
        for now in (self._lineage.table(name).now for name in getattr(migration, "adopts", ())):
            if now and now not in {one.table for one in self._dropped}:
                apps = frozenset({migration.app_label})
                self._dropped.append(DroppedTable(table=now, migration=label, apps=apps, is_baseline=True))

    def _of(self, table: str, app: str) -> dict[str, Any]:
        return {"table": table, "migration": self._step.migration, "apps": frozenset({app, self._migration.app_label})}

    def _claim(self, table: str) -> None:
        """A name is taken; where nothing on the way has freed it, it must be free now."""
        self._creates = True
        if self._lineage.table(table).now is not None:
            self._names.setdefault(table, self._step.migration)

    def statement(self) -> None:
        self._opaque.append(self._step)

    def enum_dropped(self, name: str) -> None:
        self._enums.append(name)

    def table_made(self, table: str) -> None:
        self._claim(table)
        self._lineage.create(table)

    def table_renamed(self, old: str, new: str) -> None:
        self._claim(new)
        self.altered(old)
        self._lineage.rename(old, new)

    def table_dropped(self, table: str, *, app: str) -> None:
        if now := self._lineage.drop(table).now:
            is_baseline = hasattr(self._migration, "adopts")
            self._dropped.append(DroppedTable(**self._of(now, app), is_baseline=is_baseline))

    def altered(self, table: str) -> None:
        if now := self._lineage.table(table).now:
            self._altered.add(now)

    def locked(self, table: str) -> None:
        if now := self._lineage.table(table).now:
            self._locked.add(now)

    def read_through(self, table: str) -> None:
        if self._lineage.table(table).now:
            self._unjudged.append(self._step)

    def demanded(self, table: str, what: str) -> None:
        if now := self._lineage.table(table).now:
            self._unjudged.append(self._step)
            self._demands.append(Demand(table=now, migration=self._step.migration, what=what))

    def column_made(self, table: str, field: Any) -> None:
        there = self._lineage.table(table)
        there.add(field.column)
        if now := there.now:
            self.altered(table)
            if not field.null and not is_filled(field):
                self._require(now, None, field)

    def column_dropped(self, table: str, field: Any, *, app: str) -> None:
        column = self._lineage.table(table).drop(field.column)
        if now := column.table.now:
            self.altered(table)
            if column.now and not field.generated:
                filling = filling_of(self._operation.field if isinstance(self._operation, AddField) else field)
                self._dropped_columns.append(DroppedColumn(**self._of(now, app), column=column.now, filling=filling))

    def column_altered(self, table: str, old: Any, new: Any, *, app: str, types: tuple[str, str], cast: bool) -> None:
        column = self._lineage.table(table).column(old.column)
        column.table.rename(old.column, new.column)
        if not (now := column.table.now):
            return
        self.altered(table)
        if old.null and not new.null and not (new.has_default() or new.has_db_default()):
            self._require(now, column.now, new)
        if new.unique and not old.unique:
            self.demanded(table, f"that ({new.name}) is unique")
        if column.now and types[0] != types[1]:
            bounds: dict[str, Any] = {"length": length_of(new, types[1]), "digits": digits_of(new)}
            self._retyped.append(
                RetypedColumn(**self._of(now, app), column=column.now, types=types, cast=cast, **bounds)
            )

    def _require(self, table: str, column: str | None, field: Any) -> None:
        words = {"table": table, "name": field.column, "migration": self._step.migration}
        self._required.append(RequiredColumn(column=column, **words))
