"""The foreign keys of a plan, under the names of tables and columns in the database, and why a count may be wrong."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from migrations_safety.operations import AddForeignKeyNotValid, ValidateForeignKey
from migrations_safety.plan.lineage import Column, Lineage, Table
from migrations_safety.plan.opaque_operations import Code
from migrations_safety.plan.planned_migration import flat
from migrations_safety.plan.state_changes import Changes, NewKey
from migrations_safety.schema.declared_keys import DeclaredKey, declared_keys
from migrations_safety.schema.declared_models import managed_models


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """Why a count of orphans before the plan may differ from the number when the foreign key is added."""

    default: bool = False
    """Whether the plan creates the column with a default. This default must then be the id of a row in the parent."""
    code: str = ""
    """Labels of the migrations whose code may change the foreign key's rows before PostgreSQL checks them, separated by
    commas."""
    any_code: str = ""
    """Labels of all migrations that run code before the foreign key is added, separated by commas."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyName:
    """The name of a ForeignKeyConstraint, with its model."""

    app_label: str
    model_name: str
    """The name of the model in lower case."""
    name: str


def keys_of(changes: Changes, after: Any) -> dict[DeclaredKey, NewKey]:
    """Each foreign key of the plan once, with the first operation in which PostgreSQL checks the existing rows.

    Where no operation does so, it is the one that adds the foreign key NOT VALID. `after` are the StateApps of the
    models after the plan.
    """
    declared = {
        (key.table, key.column, key.name): key for model in managed_models(after) for key in declared_keys(model)
    }
    found: dict[DeclaredKey, NewKey] = {}
    for new_key in changes.keys:
        key = _by_current_names(new_key, declared)
        if key and (key not in found or (new_key.is_validated and not found[key].is_validated)):
            found[key] = new_key
    return found


def _by_current_names(
    new_key: NewKey, declared: Mapping[tuple[str, str, str | None], DeclaredKey]
) -> DeclaredKey | None:
    """The foreign key as the models declare it after the plan, under the present names of tables and columns.

    None where the referenced column is unknown.
    """
    child, parent = new_key.child, new_key.parent
    if parent is None:
        return None
    key = declared.get((child.table.planned_name, child.planned_name, new_key.name))
    references_parent = key and (key.target_table, key.target_column) == (
        parent.table.planned_name,
        parent.planned_name,
    )
    if key is None or child.is_dropped or not references_parent:
        key = _undeclared(new_key, parent)  # a later operation drops this foreign key, or replaces it by another one
    ends: dict[str, Table | Column] = {
        "table": child.table,
        "column": child,
        "target_table": parent.table,
        "target_column": parent,
    }
    names: dict[str, Any] = {
        name: end.planned_name if end.current_name is None else end.current_name for name, end in ends.items()
    }
    new = {name for name, end in ends.items() if end.current_name is None}
    row_id = child.table.column(key.row_id).current_name if key.row_id and not child.is_dropped else None
    return replace(key, **names, row_id=row_id, new=frozenset(new))


def by_current_names(key: DeclaredKey, lineage: Lineage) -> DeclaredKey:
    """A foreign key that the models declare, with the present names of the referencing table and column.

    The parent's table and column keep the names of the models, even where the plan renames them.
    """
    table, parent = lineage.table(key.table), lineage.table(key.target_table)
    ends = {
        "table": table.current_name,
        "column": table.column(key.column).current_name,
        "target_table": parent.current_name,
        "target_column": parent.column(key.target_column).current_name,
    }
    names: dict[str, Any] = {end: name for end, name in ends.items() if name and end in {"table", "column"}}
    row_id = table.column(key.row_id).current_name if key.row_id else None
    return replace(key, **names, row_id=row_id, new=frozenset(end for end, name in ends.items() if name is None))


def _undeclared(new_key: NewKey, parent: Column) -> DeclaredKey:
    """A foreign key that no model declares after the plan. Only its orphans are counted, so its rules do not matter."""
    return DeclaredKey(
        app_label=new_key.model[0],
        model_name=new_key.model[1],
        table=new_key.child.table.planned_name,
        column=new_key.child.planned_name,
        column_type=None,
        target_table=parent.table.planned_name,
        target_column=parent.planned_name,
        name=new_key.name,
        on_delete="NO ACTION",
        on_update="NO ACTION",
        deferrable=new_key.name is None,
    )


def ends_of(keys: Iterable[DeclaredKey], *, among: Container[str] | None = None) -> dict[str, frozenset[str]]:
    """The names of the existing tables at both ends of the foreign keys, each with its columns that the keys need.

    Where `among` is given, tables that are not in it are left out.
    """
    ends: dict[str, set[str]] = {}
    for key in keys:
        for end, column_end in (("table", "column"), ("target_table", "target_column")):
            table = getattr(key, end)
            if end not in key.new and (among is None or table in among):
                columns = ends.setdefault(table, set())
                columns.update(set() if column_end in key.new else {getattr(key, column_end)})
    return {table: frozenset(columns) for table, columns in ends.items()}


def keys_in_steps(migrations: Iterable[Any]) -> Iterator[KeyName]:
    """The foreign keys that operations of this package add NOT VALID or validate."""
    for migration in migrations:
        for operation in flat(migration.operations):
            if isinstance(operation, (AddForeignKeyNotValid, ValidateForeignKey)):
                name = operation.name if isinstance(operation, ValidateForeignKey) else operation.constraint.name
                yield KeyName(app_label=migration.app_label, model_name=operation.model_name.lower(), name=name)


def doubts_of(keys: Mapping[DeclaredKey, NewKey], code: Iterable[Code]) -> dict[DeclaredKey, Doubt]:
    """The foreign keys whose number of orphans may change before PostgreSQL checks the rows, each with the reason.

    `code` is all code that the plan runs, in its order.
    """
    doubts = {key: _doubt(new_key, list(code)) for key, new_key in keys.items()}
    return {key: doubt for key, doubt in doubts.items() if doubt != Doubt()}


def _doubt(new_key: NewKey, code: list[Code]) -> Doubt:
    assert new_key.parent is not None
    exists = new_key.child.table.current_name is not None
    later = code[len(new_key.code) :]
    names = new_key.child.table.names | new_key.parent.table.names
    since_column = [
        *new_key.code[new_key.code_before_column :],
        *(found for found in later if new_key.is_deferred and found.migration == new_key.migration),
    ]
    return Doubt(
        default=new_key.is_filled and exists,
        code=labels(found for found in since_column if found.names(names)),
        any_code=labels(new_key.code),
    )


def labels(code: Iterable[Code]) -> str:
    """The labels of the migrations that run this code, each once, separated by commas."""
    return ", ".join(dict.fromkeys(found.migration for found in code))
