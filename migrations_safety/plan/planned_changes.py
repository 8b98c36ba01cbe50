"""What a plan alters, drops and indexes, as plain values. Tables and columns have the names in the database now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from migrations_safety.plan.lineage import ColumnName
from migrations_safety.plan.planned_keys import labels
from migrations_safety.plan.state_changes import Changes
from migrations_safety.plan.state_changes import Use as StateUse
from migrations_safety.schema.declared_models import column_type, managed_models


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """A table or column that a migration alters or drops, so that it must exist."""

    table: str
    column: str | None
    """None where the table as a whole is altered."""
    migration: str
    """Label of the migration."""
    code: str
    """Labels of earlier migrations whose code may create the table or column, separated by commas."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlteredColumn:
    """A column that gets another type, or becomes unique or stops being so."""

    table: str
    column: str
    type: str
    """The type of the column after the plan, as SQL in lower case."""
    is_unique: bool
    """Whether the column is unique after the plan."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovedKey:
    """A foreign key that the plan drops."""

    table: str
    name: str | None
    """The name of a ForeignKeyConstraint; None for the constraint that Django makes and names for a ForeignKey."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drop:
    """A table or column that a migration drops."""

    table: str
    column: str | None
    """None where the whole table is dropped."""
    migration: str
    """Label of the migration."""
    code: str
    """Labels of earlier migrations whose code names the table and may have kept its contents, separated by commas."""
    made_again: str
    """The name, where the plan later creates an empty table or column of the same name; otherwise an empty string."""
    done_by: str | None
    """None where Django drops the table or column. Otherwise RunPython or RunSQL does so: then these are the labels of
    the migrations whose code may drop it, or an empty string where no code contains a word for dropping."""


def removed_keys(changes: Changes) -> Iterator[RemovedKey]:
    """The ForeignKeyConstraints that the plan drops from existing tables."""
    for table, name in changes.removed:
        if table.current_name is not None:
            yield RemovedKey(table=table.current_name, name=name)


def rekeyed_columns(changes: Changes) -> Iterator[ColumnName]:
    """Existing columns whose foreign key Django itself makes, and drops and adds again."""
    return (found for column in changes.rekeyed if (found := column.in_database))


def altered_columns(changes: Changes, before: Any, after: Any) -> Iterator[AlteredColumn]:
    """Existing columns that get another type, or become unique or stop being so.

    `before` and `after` are the StateApps of the models before and after the plan.
    """
    known = set(_columns(before))
    names = {ColumnName(table=column.table, column=column.column) for column in known}
    for column in _columns(after):
        current = changes.lineage.in_database(column.table, column.column)
        if current not in names or current is None:
            continue
        altered = replace(column, table=current.table, column=current.column)
        if altered not in known:
            yield altered


def _columns(state_apps: Any) -> Iterator[AlteredColumn]:
    """The type and uniqueness of every column of the managed models in these StateApps."""
    for model in managed_models(state_apps):
        for field in model._meta.local_concrete_fields:
            yield AlteredColumn(
                table=model._meta.db_table,
                column=field.column,
                type=str(column_type(field)).lower(),
                is_unique=bool(field.unique),
            )


def indexed_columns(changes: Changes) -> Iterator[ColumnName]:
    """Existing columns that become the first column of a new index."""
    for table in changes.lineage.all_tables():
        for column in table.columns.values():
            if column.is_indexed and (found := column.in_database):
                yield found


def uses_of(changes: Changes) -> Iterator[Use]:
    """Tables and columns that must exist, each once, with the first migration that alters or drops it."""
    seen: set[tuple[str, str | None]] = set()
    for used in changes.used:
        table, column = _current_names(used)
        if table is None or (used.column and column is None) or (table, column) in seen:
            continue
        seen.add((table, column))
        yield Use(table=table, column=column, migration=used.migration, code=labels(used.code))


def drops_of(changes: Changes) -> Iterator[Drop]:
    """Existing tables and columns that the plan drops."""
    for dropped in changes.dropped:
        table, column = _current_names(dropped)
        if table is None or (dropped.column and column is None):
            continue
        yield Drop(
            table=table,
            column=column,
            migration=dropped.migration,
            code=labels(code for code in dropped.code if dropped.table and code.names(dropped.table.names)),
            made_again=_made_again(changes, dropped),
            done_by=_done_by(dropped),
        )


def _current_names(used: StateUse) -> tuple[str | None, str | None]:
    """The names of the table and of the column in the database; each is None where it does not exist there."""
    return used.table.current_name if used.table else None, used.column.current_name if used.column else None


def _made_again(changes: Changes, dropped: StateUse) -> str:
    """The name of the dropped table or column, where a new one has this name after the plan; else an empty string."""
    assert dropped.table is not None
    there = dropped.table.columns if dropped.column else changes.lineage.tables
    name = (dropped.column or dropped.table).planned_name
    return name if name in there and there[name].current_name is None else ""


def _done_by(dropped: StateUse) -> str | None:
    if dropped.done_by is None:
        return None
    return labels(code for code in dropped.done_by if code.may_drop)
