"""Notes what an operation of a migration does to tables and columns."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import AddField, AlterModelTable, RenameModel
from django.db.migrations.operations.models import IndexOperation, ModelOptionOperation
from django.db.models import NOT_PROVIDED

from migrations_safety.plan.followed_operation import FollowedOperation
from migrations_safety.plan.lineage import Table
from migrations_safety.plan.model_layouts import FieldLayout, Layout
from migrations_safety.plan.release_steps import (
    note,
    note_column_added,
    note_column_altered,
    note_column_dropped,
    note_constraints,
    note_table_dropped,
)
from migrations_safety.plan.state_changes import Step


def create_table(followed: FollowedOperation, new: Layout) -> None:
    """Note a new table with its columns."""
    followed.claim_name(new.table, followed.changes.table_names)
    table = followed.lineage.create(new.table)
    for field in new.fields.values():
        followed.changes.created_after[table.add(field.column)] = followed.code_so_far
    note(followed, Step.ADDS, table)


def drop_table(followed: FollowedOperation, old: Layout) -> None:
    """Note a dropped table, which frees the names of its indexes."""
    table = followed.lineage.table(old.table)
    followed.changes.dropped.append(followed.use(table))
    note_table_dropped(followed, table)
    followed.lineage.drop(old.table)
    followed.changes.freed_indexes.update(old.indexes)


def alter_table(followed: FollowedOperation, old: Layout, new: Layout) -> None:
    """Note the changes of a table's name, columns, indexes and constraints between the layouts `old` and `new`."""
    table = _rename_table(followed, old, new)
    _alter_columns(followed, table, old, new)
    followed.changes.freed_indexes.update(set(old.indexes) - set(new.indexes))
    note_constraints(followed, table, old, new)
    followed.changes.removed.update((table, name) for name in set(old.keys) - set(new.keys))
    alters_options = isinstance(followed.operation, (IndexOperation, ModelOptionOperation))
    if alters_options and not isinstance(followed.operation, AlterModelTable):
        followed.use(table)


def _rename_table(followed: FollowedOperation, old: Layout, new: Layout) -> Table:
    """Note the rename of the table, if there is one; return the table."""
    has_moved = followed.is_done_by_code and followed.lineage.has_moved(old.table, new.table)
    table = followed.lineage.table(new.table if has_moved else old.table)
    table.names |= {old.model[1], new.model[1]}
    if old.table != new.table and not has_moved:
        followed.use(table)
        followed.claim_name(new.table, followed.changes.other_names)
        followed.lineage.rename(old.table, new.table)
        note(followed, Step.RENAMES, table, detail=new.table)
        if isinstance(followed.operation, RenameModel):
            followed.renamed_models.add(new.model)
    return table


def _alter_columns(followed: FollowedOperation, table: Table, old: Layout, new: Layout) -> None:
    added = dict(new.fields)
    for name, field in old.fields.items():
        after = added.pop(followed.renamed_field(old.model, name), None)
        if after is None:
            column = table.column(field.column)
            followed.changes.dropped.append(followed.use(table, column))
            note_column_dropped(followed, table, column, field.field)
            table.drop(field.column)
        else:
            _alter_column(followed, table, field, after)
    for name, field in added.items():
        _add_column(followed, table, name, field)


def _alter_column(followed: FollowedOperation, table: Table, old: FieldLayout, new: FieldLayout) -> None:
    if followed.is_done_by_code and table.has_moved(old.column, new.column):
        return
    if old.column != new.column or followed.is_altered(old, new):
        followed.use(table, table.column(old.column))
    note_column_altered(followed, table, table.column(old.column), old, new)
    if old.column != new.column:
        table.rename(old.column, new.column)


def _add_column(followed: FollowedOperation, table: Table, name: str, field: FieldLayout) -> None:
    followed.use(table)
    column = table.add(field.column)
    followed.changes.created_after[column] = followed.code_so_far
    note_column_added(followed, table, column, field.field)
    operation = followed.operation
    if isinstance(operation, AddField) and name == operation.name and _has_default(operation):
        followed.changes.filled.add(column)


def _has_default(operation: AddField) -> bool:
    field: Any = operation.field
    return bool(field.has_default() or getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED)
