"""Follows a plan operation by operation: what each does to tables, columns and keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db.migrations.operations import (
    AddField,
    AlterField,
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTable,
    CreateModel,
    DeleteModel,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation, ModelOptionOperation
from django.db.models import NOT_PROVIDED

from migrations_safety.operations import AddForeignKeyNotValid, CreateEnum, ValidateForeignKey
from migrations_safety.plan.lineage import Column, Table
from migrations_safety.plan.model_layouts import FieldLayout, Layout, Layouts, ModelName
from migrations_safety.plan.opaque_operations import code_of
from migrations_safety.plan.state_changes import Changes, NewKey, Use
from migrations_safety.schema.routing import runs_on

OF_THE_STATE_ALONE = (AlterModelOptions, AlterModelManagers)
KEY_ALONE = "AlterField that adds a key"
"""Its rows are counted; its lock is not judged."""
LOOKED_AT = (CreateEnum, CreateModel, AddForeignKeyNotValid, ValidateForeignKey)
"""Operations whose effect on what is there is judged: new tables, and keys in two steps."""


def follow(migrations: Iterable[Any], state: Any, *, alias: str) -> Changes:
    """What the migrations do, beginning at a state, which is the one after them in the end."""
    changes, layouts = Changes(), Layouts(alias)
    for migration in migrations:
        for operation in migration.operations:
            _follow(changes, layouts, migration, operation, state)
    return changes


def _follow(
    changes: Changes, layouts: Layouts, migration: Any, operation: Any, state: Any, *, since: int | None = None
) -> None:
    """One operation; `since` is given where code that stands there in the list does it instead of Django."""
    label = f"{migration.app_label}.{migration.name}"
    follow_as = partial(_follow, changes, layouts, migration)
    so_far = len(changes.code)
    code = code_of(operation, migration=label) if runs_on(layouts.alias, migration.app_label, operation) else None
    if code:
        changes.code.append(code)
    if isinstance(operation, SeparateDatabaseAndState):
        database = state.clone()
        for one in operation.database_operations:
            follow_as(one, database, since=since)
        if len(changes.code) == so_far:
            operation.state_forwards(migration.app_label, state)
        else:  # what the state says is done by that code
            for one in operation.state_operations:
                follow_as(one, state, since=so_far)
        return
    if isinstance(operation, RunSQL):
        for one in operation.state_operations:
            follow_as(one, state, since=so_far)
        return
    names = _touched(migration.app_label, operation)
    before = layouts.of(state, names)
    operation.state_forwards(migration.app_label, state)
    if not isinstance(operation, OF_THE_STATE_ALONE):
        step = _Step(changes, layouts, operation, state, app_label=migration.app_label, label=label, since=since)
        step.run(before, layouts.of(state, names))
        if not code and step.alters_what_is_there and not isinstance(operation, LOOKED_AT):
            adds_a_key = isinstance(operation, AlterField) and _adds_a_key_alone(
                operation, before, layouts.of(state, names)
            )
            changes.unjudged[KEY_ALONE if adds_a_key else type(operation).__name__] += 1


def _adds_a_key_alone(operation: AlterField, before: dict[ModelName, Layout], after: dict[ModelName, Layout]) -> bool:
    """Whether the field gets Django's own key and is otherwise what it was."""
    old, new = (
        next((one.fields[operation.name] for one in found.values() if operation.name in one.fields), None)
        for found in (before, after)
    )
    if old is None or new is None or old.has_key or not new.has_key:
        return False
    (_, *was), (_, *becomes) = old.field.deconstruct(), new.field.deconstruct()
    return [*was[:2], {**was[2], "db_constraint": True}] == [*becomes[:2], {**becomes[2], "db_constraint": True}]


def _touched(app_label: str, operation: Any) -> list[tuple[str, str]] | None:
    """The models whose tables it changes; None where these may be any."""
    if isinstance(operation, (FieldOperation, IndexOperation, ValidateForeignKey)):
        model_name: str = operation.model_name  # type: ignore[union-attr]
        return [(app_label, model_name.lower())]
    if isinstance(operation, (CreateModel, DeleteModel, ModelOptionOperation)):
        return [(app_label, operation.name_lower)]
    return [] if isinstance(operation, (RunPython, CreateEnum)) else None


class _Step:
    """One operation, by the layouts before and after it."""

    def __init__(
        self,
        changes: Changes,
        layouts: Layouts,
        operation: Any,
        state: Any,
        *,
        app_label: str,
        label: str,
        since: int | None,
    ) -> None:
        self.changes = changes
        self.lineage = changes.lineage
        self.layouts = layouts
        self.operation = operation
        self.state = state
        self.app_label = app_label
        self.label = label
        self.is_done_by_code = since is not None
        self.since = len(changes.code) if since is None else since
        self.moved: set[ModelName] = set()
        self.alters_what_is_there = False

    def run(self, before: dict[ModelName, Layout], after: dict[ModelName, Layout]) -> None:
        """Tables and columns first, then the keys between them."""
        rest = dict(after)
        pairs = [(old, rest.pop(self.renamed(name), None)) for name, old in before.items()]
        for old, new in pairs:
            if new is None:
                self.drop_table(old)
            else:
                self.alter_table(old, new)
        for new in rest.values():
            self.create_table(new)
        ends: list[tuple[Layout | None, Layout | None]] = [*pairs, *((None, one) for one in rest.values())]
        for before_it, after_it in ends:
            if after_it is not None:
                self.find_keys(before_it, after_it)
                self.find_indexes(before_it, after_it)

    def renamed(self, name: ModelName) -> ModelName:
        """What a model of before is called after it, and the table of a many-to-many field."""
        if isinstance(self.operation, RenameModel) and name[:2] == (self.app_label, self.operation.old_name_lower):
            return (self.app_label, self.operation.new_name_lower, *name[2:])
        if isinstance(self.operation, RenameField) and len(name) > 2:
            return (*name[:2], self.renamed_field(name[:2], name[2]))
        return name

    def renamed_field(self, model: ModelName, name: str) -> str:
        """What a field of before is called after it."""
        is_it = (
            isinstance(self.operation, RenameField)
            and model == (self.app_label, self.operation.model_name_lower)
            and name == self.operation.old_name
        )
        return self.operation.new_name if is_it else name

    def use(self, table: Table, column: Column | None = None) -> Use:
        """What the operation alters or drops has to be there, unless it is code that does it."""
        code = tuple(self.changes.code)
        done_by = code[self.since :] if self.is_done_by_code else None
        used = Use(migration=self.label, table=table, column=column, code=code, done_by=done_by)
        if not self.is_done_by_code:
            self.alters_what_is_there |= table.now is not None
            self.changes.used.append(used)
        return used

    def name(self, name: str, named: list[Use]) -> None:
        """What the operation makes needs a name that is free by then."""
        if self.is_done_by_code:
            return
        if not self.lineage.is_free(name) and name not in self.changes.freed_indexes:
            named.append(Use(migration=self.label, name=name, code=tuple(self.changes.code)))

    def create_table(self, new: Layout) -> None:
        """With its columns."""
        self.name(new.table, self.changes.named_tables)
        table = self.lineage.create(new.table)
        for one in new.fields.values():
            self.changes.made_at[table.add(one.column)] = self.since

    def drop_table(self, old: Layout) -> None:
        """With its indexes, whose names are free then."""
        self.changes.dropped.append(self.use(self.lineage.table(old.table)))
        self.lineage.drop(old.table)
        self.changes.freed_indexes.update(old.indexes)

    def alter_table(self, old: Layout, new: Layout) -> None:
        """Its name, its columns, the names of its indexes."""
        has_moved = self.is_done_by_code and self.lineage.has_moved(old.table, new.table)
        table = self.lineage.table(new.table if has_moved else old.table)
        table.names |= {old.model[1], new.model[1]}
        if old.table != new.table and not has_moved:
            self.use(table)
            self.name(new.table, self.changes.named_others)
            self.lineage.rename(old.table, new.table)
            if isinstance(self.operation, RenameModel):
                self.moved.add(new.model)
        rest = dict(new.fields)
        for name, one in old.fields.items():
            after = rest.pop(self.renamed_field(old.model, name), None)
            if after is None:
                self.changes.dropped.append(self.use(table, table.column(one.column)))
                table.drop(one.column)
            else:
                self.alter_column(table, one, after)
        for name, one in rest.items():
            self.use(table)
            column = table.add(one.column)
            self.changes.made_at[column] = self.since
            if isinstance(self.operation, AddField) and name == self.operation.name and _has_default(self.operation):
                self.changes.filled.add(column)
        self.changes.freed_indexes.update(set(old.indexes) - set(new.indexes))
        self.changes.removed.update((table, name) for name in set(old.keys) - set(new.keys))
        if isinstance(self.operation, (IndexOperation, ModelOptionOperation)) and not isinstance(
            self.operation, AlterModelTable
        ):
            self.use(table)

    def alter_column(self, table: Table, old: FieldLayout, new: FieldLayout) -> None:
        """Its name, or anything else of it that the database knows."""
        if self.is_done_by_code and table.has_moved(old.column, new.column):
            return
        if old.column != new.column or self.is_altered(old, new):
            self.use(table, table.column(old.column))
        if old.column != new.column:
            table.rename(old.column, new.column)

    def is_altered(self, old: FieldLayout, new: FieldLayout) -> bool:
        """Whether an AlterField does anything: `_field_should_be_altered` of Django's schema editor."""
        if not isinstance(self.operation, AlterField) or old.field is new.field or None in (old.field, new.field):
            return False
        return _of_the_database(old.field) != _of_the_database(new.field)

    def find_keys(self, old: Layout | None, new: Layout) -> None:
        """Those that it adds, makes anew or validates."""
        fields = {self.renamed_field(old.model, name): one for name, one in old.fields.items()} if old else {}
        for name, one in new.fields.items():
            before = fields.get(name)
            if one.has_key and self.is_made(before, one):
                column = self.add_key(new, one)
                if before and before.has_key:
                    self.changes.rekeyed.add(column)
                else:
                    self.changes.adding.add(id(self.operation))
        for key_name, key in new.keys.items():
            if (old is None or key_name not in old.keys) and key.field in new.fields:
                self.add_key(new, new.fields[key.field], key_name)
            elif self.validates(key_name) and key.field in new.fields:
                self.use(self.lineage.table(new.table))
                self.add_key(new, new.fields[key.field], key_name)

    def validates(self, name: str) -> bool:
        """Whether it proves the key of that name."""
        return isinstance(self.operation, ValidateForeignKey) and name == self.operation.name

    def is_made(self, old: FieldLayout | None, new: FieldLayout) -> bool:
        """Whether it makes Django's key of a column, which it drops and makes again where the column changes."""
        if old is None or not old.has_key or old.target is None or old.column != new.column:
            return True
        return self.renamed(old.target) != new.target or new.target in self.moved or self.is_altered(old, new)

    def add_key(self, new: Layout, one: FieldLayout, name: str | None = None) -> Column:
        """Both of its ends as they are called by then."""
        child = self.lineage.table(new.table).column(one.column)
        ends = self.layouts.target(self.state, one.target, one.target_field) if one.target else None
        parent = self.lineage.table(ends[0]).column(ends[1]) if ends else None
        child.table.names.add(new.model[1])
        if parent and one.target:
            parent.table.names.add(one.target[1])
        self.changes.keys.append(
            NewKey(
                migration=self.label,
                model=new.model,
                child=child,
                parent=parent,
                name=name,
                is_proved=not isinstance(self.operation, AddForeignKeyNotValid),
                is_filled=child in self.changes.filled,
                code=tuple(self.changes.code),
                since=self.changes.made_at.get(child, 0),
                waits=isinstance(self.operation, (AddField, CreateModel)),
            )
        )
        return child

    def find_indexes(self, old: Layout | None, new: Layout) -> None:
        """Columns that get an index of their own, and the names of the indexes of new tables."""
        table = self.lineage.table(new.table)
        fields = {self.renamed_field(old.model, name): one for name, one in old.fields.items()} if old else {}
        for name, one in new.fields.items():
            if one.has_index and not (name in fields and fields[name].has_index):
                table.column(one.column).is_indexed = True
        for name, leading in new.indexes.items():
            if old is not None and name in old.indexes:
                continue
            if table.now is None:
                self.name(name, self.changes.named_others)
            if leading in new.fields:
                table.column(new.fields[leading].column).is_indexed = True


def _has_default(operation: AddField) -> bool:
    made: Any = operation.field
    return bool(made.has_default() or getattr(made, "db_default", NOT_PROVIDED) is not NOT_PROVIDED)


def _of_the_database(made: Any) -> tuple[Any, ...]:
    _, path, arguments, options = made.deconstruct()
    return path, arguments, {name: value for name, value in options.items() if name not in made.non_db_attrs}
