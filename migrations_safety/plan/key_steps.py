"""Notes what an operation of a migration does to the foreign keys and indexes of a table."""

from __future__ import annotations

from django.db.migrations.operations import AddField, CreateModel

from migrations_safety.operations import AddForeignKeyNotValid, ValidateForeignKey
from migrations_safety.plan.followed_operation import FollowedOperation
from migrations_safety.plan.lineage import Column
from migrations_safety.plan.model_layouts import FieldLayout, Layout
from migrations_safety.plan.state_changes import NewKey


def find_keys(followed: FollowedOperation, old: Layout | None, new: Layout) -> None:
    """Note the foreign keys that the operation adds, drops and adds again, or validates.

    `old` and `new` are the table before and after the operation; `old` is None for a new table.
    """
    _find_keys_of_django(followed, old, new)
    for name, key in new.keys.items():
        if key.field not in new.fields:
            continue
        if old is None or name not in old.keys:
            _add_key(followed, new, new.fields[key.field], name)
        elif isinstance(followed.operation, ValidateForeignKey) and name == followed.operation.name:
            followed.use(followed.lineage.table(new.table))
            _add_key(followed, new, new.fields[key.field], name)


def _find_keys_of_django(followed: FollowedOperation, old: Layout | None, new: Layout) -> None:
    """Note the constraints that Django itself makes for the ForeignKeys of the table."""
    before = followed.fields_by_new_name(old)
    for name, field in new.fields.items():
        if not field.has_key or not _is_key_made(followed, before.get(name), field):
            continue
        column = _add_key(followed, new, field)
        if name in before and before[name].has_key:
            followed.changes.rekeyed.add(column)
        else:
            followed.changes.adding.add(id(followed.operation))


def _is_key_made(followed: FollowedOperation, old: FieldLayout | None, new: FieldLayout) -> bool:
    """Whether the operation makes the constraint that Django has for a ForeignKey, for the first time or again.

    Django drops the constraint and makes it again where either of its columns gets another name, type or options.
    """
    if old is None or not old.has_key or old.target is None or old.column != new.column:
        return True
    if followed.renamed(old.target) != new.target or new.target in followed.renamed_models:
        return True
    return followed.is_altered(old, new)


def _add_key(followed: FollowedOperation, new: Layout, field: FieldLayout, name: str | None = None) -> Column:
    """Note a foreign key with both of its columns; return the referencing column.

    `name` is the name of a ForeignKeyConstraint, None for the constraint that Django makes for a ForeignKey.
    """
    child = followed.lineage.table(new.table).column(field.column)
    child.table.names.add(new.model[1])
    followed.changes.keys.append(
        NewKey(
            migration=followed.migration,
            model=new.model,
            child=child,
            parent=_parent(followed, field),
            name=name,
            is_validated=not isinstance(followed.operation, AddForeignKeyNotValid),
            is_filled=child in followed.changes.filled,
            code=tuple(followed.changes.code),
            code_before_column=followed.changes.created_after.get(child, 0),
            is_deferred=isinstance(followed.operation, (AddField, CreateModel)),
        )
    )
    return child


def _parent(followed: FollowedOperation, field: FieldLayout) -> Column | None:
    """The referenced column; None where neither the migrations nor an installed model has it."""
    if field.target is None:
        return None
    end = followed.layouts.target(followed.state, field.target, field.target_field)
    if end is None:
        return None
    parent = followed.lineage.table(end.table).column(end.column)
    parent.table.names.add(field.target[1])
    return parent


def find_indexes(followed: FollowedOperation, old: Layout | None, new: Layout) -> None:
    """Note each column that becomes the first column of a new index, and the index names of a new table.

    `old` and `new` are the table before and after the operation; `old` is None for a new table.
    """
    table = followed.lineage.table(new.table)
    before = followed.fields_by_new_name(old)
    for name, field in new.fields.items():
        if field.has_index and not (name in before and before[name].has_index):
            table.column(field.column).is_indexed = True
    for name, leading_field in new.indexes.items():
        if old is not None and name in old.indexes:
            continue
        if table.current_name is None:
            followed.claim_name(name, followed.changes.other_names)
        if leading_field in new.fields:
            table.column(new.fields[leading_field].column).is_indexed = True
