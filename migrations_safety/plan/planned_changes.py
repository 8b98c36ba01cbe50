"""What a plan alters, drops and indexes, as plain values by the names of now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from migrations_safety.plan.planned_keys import labels
from migrations_safety.plan.state_changes import Changes
from migrations_safety.schema.declared_models import column_type, managed_models


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """A table or column of now that a migration alters; `code` are migrations before it whose code may make it."""

    table: str
    column: str | None
    migration: str
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AlteredColumn:
    """A column by its names of now, with the type that it has after the plan, and whether it is unique then."""

    table: str
    column: str
    type: str
    is_unique: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovedKey:
    """A key of a table of now that the plan drops; `name` is None for one that Django made, and named, itself."""

    table: str
    name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Drop:
    """A table or column of now that a migration drops; `made_again` where the plan then makes one of that name.

    `done_by` are migrations whose code takes it, where Django does not: empty where that code drops nothing.
    """

    table: str
    column: str | None
    migration: str
    made_again: str
    done_by: str | None


def altered_columns(changes: Changes, before: Any, after: Any) -> Iterator[AlteredColumn]:
    """Each column that is there and gets another type, or becomes unique or no longer is."""
    known = set(_columns(before))
    names = {(one.table, one.column) for one in known}
    for one in _columns(after):
        now = changes.lineage.now(one.table, one.column)
        if now in names and (altered := replace(one, table=now[0], column=now[1])) not in known:
            yield altered


def _columns(state_apps: Any) -> Iterator[AlteredColumn]:
    """Every column, as this state has it."""
    for model in managed_models(state_apps):
        for one in model._meta.local_concrete_fields:
            yield AlteredColumn(
                table=model._meta.db_table,
                column=one.column,
                type=str(column_type(one)).lower(),
                is_unique=bool(one.unique),
            )


def indexed_columns(changes: Changes) -> Iterator[tuple[str, str]]:
    """Columns that are there and get an index that leads with them."""
    for table in changes.lineage.every():
        for column in table.columns.values():
            if column.is_indexed and table.now is not None and column.now is not None:
                yield table.now, column.now


def uses_of(changes: Changes) -> Iterator[Use]:
    """What is there now and is altered; the first use of each."""
    seen: set[tuple[str, str | None]] = set()
    for one in changes.used:
        table = one.table.now if one.table else None
        column = one.column.now if one.column else None
        if table is None or (one.column and column is None) or (table, column) in seen:
            continue
        seen.add((table, column))
        yield Use(table=table, column=column, migration=one.migration, code=labels(one.code))


def drops_of(changes: Changes) -> Iterator[Drop]:
    """What is there now and is dropped."""
    for one in changes.dropped:
        table, column = one.table, one.column
        if table is None or table.now is None or (column and column.now is None):
            continue
        names = table.columns if column else changes.lineage.tables
        again = (column or table).then
        made_again = again if again in names and names[again].now is None else ""
        name = column.now if column else None
        done_by = None if one.done_by is None else labels(code for code in one.done_by if code.may_drop)
        yield Drop(table=table.now, column=name, migration=one.migration, made_again=made_again, done_by=done_by)
