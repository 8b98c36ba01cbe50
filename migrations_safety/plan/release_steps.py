"""Notes what each operation means for the release that is running while `migrate` works."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.migrations.operations import RenameField

from migrations_safety.plan.column_types import Fit, demands_value, fit, type_of, writes_value
from migrations_safety.plan.followed_operation import FollowedOperation
from migrations_safety.plan.lineage import Column, Table
from migrations_safety.plan.model_layouts import FieldLayout, Layout
from migrations_safety.plan.state_changes import ReleaseStep, Step

OF_TYPES = {Fit.WIDER: Step.ADDS, Fit.NARROWER: Step.NARROWS, Fit.OTHER: Step.RETYPES}


def note(
    followed: FollowedOperation,
    kind: Step,
    table: Table,
    column: Column | None = None,
    *,
    detail: str = "",
    blocks_new: bool = False,
) -> None:
    """Note one step of the operation, whichever table it is about."""
    followed.changes.release_steps.append(
        ReleaseStep(
            kind=kind,
            migration=followed.migration,
            operation=followed.number,
            table=table,
            column=column,
            detail=detail,
            blocks_new=blocks_new,
        )
    )


def note_table_dropped(followed: FollowedOperation, table: Table) -> None:
    """Note a dropped table, unless code makes the change and none of its text has a word for dropping."""
    if not followed.is_done_by_code or _code_may_drop(followed):
        note(followed, Step.DROPS, table)


def note_column_dropped(followed: FollowedOperation, table: Table, column: Column, field: Any) -> None:
    """Note a dropped column, unless code makes the change and none of its text has a word for dropping."""
    if not followed.is_done_by_code or _code_may_drop(followed):
        note(followed, Step.DROPS, table, column, blocks_new=demands_value(field))


def note_column_added(followed: FollowedOperation, table: Table, column: Column, field: Any) -> None:
    """Note a new column, and whether an INSERT that leaves it out fails from now on."""
    note(followed, Step.ADDS, table, column)
    if demands_value(field) and not _code_may_set_default(followed):
        note(followed, Step.DEMANDS, table, column)


def note_column_altered(
    followed: FollowedOperation, table: Table, column: Column, old: FieldLayout, new: FieldLayout
) -> None:
    """Note what an AlterField changes for the running release: type, NULL, default and constraints."""
    if old.column != new.column:
        note(followed, Step.RENAMES, table, column, detail=new.column)
    if old.field is new.field or None in (old.field, new.field) or old.field.many_to_many or new.field.many_to_many:
        return
    was, becomes = type_of(followed, old), type_of(followed, new)
    if was and becomes and (kind := OF_TYPES.get(fit(was, becomes))):
        note(followed, kind, table, column, detail=f"{was} to {becomes}")
    _note_null(followed, table, column, old.field, new.field)
    for added in sorted(_limits(followed, new) - _limits(followed, old)):
        note(followed, Step.CONSTRAINS, table, column, detail=added)


def _note_null(followed: FollowedOperation, table: Table, column: Column, old: Any, new: Any) -> None:
    """Note whether the column takes fewer or more INSERTs than before: without a value, and with NULL."""
    if (new.null and not old.null) or (demands_value(old) and not demands_value(new)):
        note(followed, Step.ADDS, table, column)
    if not demands_value(new) and not (old.null and not new.null):
        return
    if demands_value(new) and not demands_value(old) and not old.null:
        note(followed, Step.DEMANDS, table, column)  # its default goes
    elif old.null and not new.null:
        _note_not_null(followed, table, column, old, new)


def _note_not_null(followed: FollowedOperation, table: Table, column: Column, old: Any, new: Any) -> None:
    if column.current_name is None:
        if demands_value(new):
            note(followed, Step.DEMANDS, table, column)  # the running release does not know the column at all
    elif demands_value(new) and not writes_value(old):
        note(followed, Step.FORBIDS_NULL, table, column)
    else:
        note(followed, Step.REQUIRES, table, column)


def note_constraints(followed: FollowedOperation, table: Table, old: Layout, new: Layout) -> None:
    """Note the constraints that the operation adds to the rows of the table, and that it takes away."""
    if isinstance(followed.operation, RenameField):
        return
    for name in sorted(set(new.constraints) - set(old.constraints)):
        note(followed, Step.CONSTRAINS, table, detail=new.constraints[name])
    if set(old.constraints) - set(new.constraints):
        note(followed, Step.ADDS, table)


def _limits(followed: FollowedOperation, layout: FieldLayout) -> set[str]:
    """What the field itself demands of the values of its column, in words."""
    field, found = layout.field, set()
    if field.unique and not field.primary_key:
        found.add("unique")
    if layout.has_key:
        found.add("a foreign key")
    if field.get_internal_type() in connections[followed.layouts.alias].data_type_check_constraints:
        found.add("a check that it is not negative")
    return found


def _code_may_drop(followed: FollowedOperation) -> bool:
    return any(code.may_drop for code in followed.changes.code[followed.code_so_far :])


def _code_may_set_default(followed: FollowedOperation) -> bool:
    """Whether code makes the change that may give the column a default, which no model shows."""
    made_by = followed.changes.code[followed.code_so_far :] if followed.is_done_by_code else ()
    return any(code.text is None or "default" in code.text.lower() for code in made_by)
