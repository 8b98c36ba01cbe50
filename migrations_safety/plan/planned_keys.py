"""The foreign keys of a plan, by the names that their ends have now, and what is not known about their rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from migrations_safety.plan.lineage import Column, Lineage, Table
from migrations_safety.plan.opaque_operations import Code
from migrations_safety.plan.state_changes import Changes, NewKey
from migrations_safety.schema.declared_keys import DeclaredKey, declared_keys
from migrations_safety.schema.declared_models import managed_models


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """Why the rows of a key are not known by the time of the key.

    `default`: the plan makes the column with one; `code`: migrations before the key whose code may be about its rows;
    `any_code`: all those that run code before it.
    """

    default: bool = False
    code: str = ""
    any_code: str = ""


def keys_of(changes: Changes, after: Any) -> dict[DeclaredKey, NewKey]:
    """Each key once: where it is proved first."""
    declared = {
        (key.table, key.column, key.name): key for model in managed_models(after) for key in declared_keys(model)
    }
    found: dict[DeclaredKey, NewKey] = {}
    for one in changes.keys:
        key = _named_as_now(one, declared)
        if key and (key not in found or (one.is_proved and not found[key].is_proved)):
            found[key] = one
    return found


def _named_as_now(one: NewKey, declared: dict[Any, DeclaredKey]) -> DeclaredKey | None:
    child, parent = one.child, one.parent
    if parent is None:
        return None
    key = declared.get((child.table.then, child.then, one.name))
    if key is None or child.is_dropped or (key.target_table, key.target_column) != (parent.table.then, parent.then):
        key = _of_no_model(one)  # it is gone again, or another one, by the end
    ends: dict[str, Table | Column] = {
        "table": child.table,
        "column": child,
        "target_table": parent.table,
        "target_column": parent,
    }
    names: dict[str, Any] = {name: end.then if end.now is None else end.now for name, end in ends.items()}
    new = {name for name, end in ends.items() if end.now is None}
    row_id = child.table.column(key.row_id).now if key.row_id and not child.is_dropped else None
    return replace(key, **names, row_id=row_id, new=frozenset(new))


def as_it_is_now(key: DeclaredKey, lineage: Lineage) -> DeclaredKey:
    """A key of the models, with its referencing column by the name of now; a parent that is renamed is left alone."""
    table, parent = lineage.table(key.table), lineage.table(key.target_table)
    child = table.column(key.column)
    ends = {"table": table.now, "column": child.now, "target_table": parent.now}
    ends["target_column"] = parent.column(key.target_column).now
    names: dict[str, Any] = {end: name for end, name in ends.items() if name and end in {"table", "column"}}
    row_id = table.column(key.row_id).now if key.row_id else None
    return replace(key, **names, row_id=row_id, new=frozenset(end for end, name in ends.items() if name is None))


def _of_no_model(one: NewKey) -> DeclaredKey:
    assert one.parent is not None
    return DeclaredKey(
        app_label=one.model[0],
        model_name=one.model[1],
        table=one.child.table.then,
        column=one.child.then,
        column_type=None,
        target_table=one.parent.table.then,
        target_column=one.parent.then,
        name=one.name,
        on_delete="NO ACTION",
        on_update="NO ACTION",
        deferrable=one.name is None,
    )


def doubt_of(one: NewKey, code: Iterable[Code]) -> Doubt | None:
    """What may become of its rows before PostgreSQL looks at them, given all code of the plan; None where nothing."""
    assert one.parent is not None
    is_there = one.child.table.now is not None
    follows = [later for later in list(code)[len(one.code) :] if one.waits and later.migration == one.migration]
    since = [*one.code[one.since :], *follows]
    names = one.child.table.names | one.parent.table.names
    doubt = Doubt(
        default=one.is_filled and is_there,
        code=labels(code for code in since if code.names(names)),
        any_code=labels(one.code),
    )
    return doubt if doubt != Doubt() else None


def labels(code: Iterable[Code]) -> str:
    """The migrations that run it, each once."""
    return ", ".join(dict.fromkeys(one.migration for one in code))
