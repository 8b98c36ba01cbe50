"""What each operation of a migration makes or removes in the database, as far as the catalog can show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.operations import CreateExtension, ValidateConstraint
from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState
from django.db.models.options import normalize_together

from migrations_safety.locking.index_builds import BUILDS_INDEX
from migrations_safety.operations import AddForeignKeyNotValid, CreateEnum, ValidateForeignKey
from migrations_safety.plan.model_layouts import FieldLayout, Layout, Layouts
from migrations_safety.sql.composition import address

TABLE, COLUMN, TYPE, NOT_NULL, NAMED, UNIQUE, VALID, ENUM, EXTENSION = (
    "table", "column", "type", "not null", "named", "unique", "valid", "enum", "extension",
)  # fmt: skip

CONCURRENTLY = re.compile(r"CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Element:
    """One thing that the catalog shows: a table, a column, its type, an index or constraint by its name, …"""

    kind: str
    table: str = ""
    name: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What one operation adds and removes; both are empty where the catalog cannot show what it does."""

    operation: Any
    added: frozenset[Element] = frozenset()
    removed: frozenset[Element] = frozenset()
    own: frozenset[Element] = frozenset()
    """Those that it adds and of which the models say nothing."""


class Elements:
    """Reads the elements of the models of one app from a ProjectState, for a database connection."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.layouts = Layouts(connection.alias)
        self._known: dict[tuple[Any, ...], tuple[frozenset[Element], tuple[Any, ...]]] = {}

    def of(self, state: Any, app_label: str) -> frozenset[Element]:
        """Return the elements that the models of the app have in this state."""
        return frozenset().union(*(self._of_model(state, name) for name in state.models if name[0] == app_label))

    def _of_model(self, state: Any, name: tuple[str, str]) -> frozenset[Element]:
        """Return the elements of one model, which are known if none of its fields and options is another object.

        An operation changes few models of an app. The objects are kept, so that no other one can get the same id.
        """
        model = state.models[name]
        parts = (*model.fields.values(), *model.options.values())
        key = (name, *model.fields, None, *model.options, *map(id, parts))
        if key not in self._known:
            layouts = self.layouts.of(state, [name]).values()
            found = frozenset(one for layout in layouts for one in self._of_table(layout, state))
            self._known[key] = found, parts
        return self._known[key][0]

    def effects(self, migration: Any, state: Any) -> list[Effect]:
        """Return the effect of each operation; `state` is that before the migration, and that after it at the end."""
        app, found = migration.app_label, []
        before = self.of(state, app)
        for operation in migration.operations:
            effect = self._effect(operation, app, state, before)
            is_plain = not isinstance(operation, SeparateDatabaseAndState)
            before = (before - effect.removed) | (effect.added - effect.own) if is_plain else self.of(state, app)
            found.append(effect)
        return found

    def _effect(self, operation: Any, app_label: str, state: Any, before: frozenset[Element]) -> Effect:
        """Return the effect of one operation, and change the state as it does; `before` are the elements before it."""
        own = _own(operation, app_label, state)
        database = list(getattr(operation, "database_operations", ()))
        if isinstance(operation, SeparateDatabaseAndState) and not all(map(_is_code, database)):
            copy = state.clone()
            for one in database:
                own |= _own(one, app_label, copy)
                one.state_forwards(app_label, copy)
            after = self.of(copy, app_label)
            operation.state_forwards(app_label, state)
        else:
            operation.state_forwards(app_label, state)
            is_told_apart = isinstance(operation, SeparateDatabaseAndState) and not database
            after = before if is_told_apart else self.of(state, app_label)
        return Effect(operation=operation, added=(after - before) | own, removed=before - after, own=own - after)

    def _of_table(self, layout: Layout, state: Any) -> Iterator[Element]:
        yield Element(kind=TABLE, table=layout.table)
        for one in layout.fields.values():
            yield from self._of_column(layout.table, one)
        for name in (*layout.keys, *layout.indexes, *_constraints(layout)):
            yield Element(kind=NAMED, table=layout.table, name=name)
        yield from _together(layout, state)

    def _of_column(self, table: str, layout: FieldLayout) -> Iterator[Element]:
        yield Element(kind=COLUMN, table=table, name=layout.column)
        field = layout.field
        if field is None or field.many_to_many:
            return
        if not field.null:
            yield Element(kind=NOT_NULL, table=table, name=layout.column)
        if layout.target is None and (type := _type(field, self.connection)):
            yield Element(kind=TYPE, table=table, name=layout.column, detail=type)


def _constraints(layout: Layout) -> Iterable[str]:
    return [name for name in layout.constraints if not name.startswith("unique (")]


def _together(layout: Layout, state: Any) -> Iterator[Element]:
    model = state.models.get(layout.model[:2])
    if model is None or len(layout.model) > 2:
        return
    for fields in normalize_together(model.options.get("unique_together")):
        columns = [layout.fields[name].column for name in fields if name in layout.fields]
        yield Element(kind=UNIQUE, table=layout.table, name=",".join(sorted(columns)))


def _type(field: Any, connection: Any) -> str:
    try:
        return str(field.db_type(connection) or "")
    except Exception:  # a field of another package may need its model
        return ""


def _is_code(operation: Any) -> bool:
    return isinstance(operation, RunSQL | RunPython)


def _own(operation: Any, app_label: str, state: Any) -> frozenset[Element]:
    """Return what an operation makes of which the models say nothing."""
    if isinstance(operation, CreateEnum):
        return frozenset({Element(kind=ENUM, name=operation.name)})
    if isinstance(operation, CreateExtension):
        return frozenset({Element(kind=EXTENSION, name=operation.name)})
    if isinstance(operation, RunSQL):
        return frozenset(_indexes(operation))
    if isinstance(operation, ValidateForeignKey | ValidateConstraint):
        model = state.models.get((app_label, operation.model_name.lower()))
        if model is not None:
            table = model.options.get("db_table") or f"{app_label}_{operation.model_name.lower()}"
            return frozenset({Element(kind=VALID, table=table, name=operation.name)})
    return frozenset()


def _statements(operation: RunSQL) -> list[str]:
    given = [operation.sql] if isinstance(operation.sql, str) else operation.sql
    texts = [one if isinstance(one, str) else one[0] for one in given]
    return [text.strip() for one in texts for text in str(one).split(";") if text.strip()]


def _indexes(operation: RunSQL) -> Iterator[Element]:
    """Yield the indexes that SQL builds."""
    for text in _statements(operation):
        if (found := BUILDS_INDEX.match(text)) and found[2]:
            _, table = address(found[3])
            yield Element(kind=NAMED, table=table, name=address(found[2])[1])


def is_repeatable(operation: Any) -> bool:
    """Whether `migrate` may run an operation again whose work is done, or done in part."""
    kinds = (CreateEnum, CreateExtension, ValidateForeignKey, ValidateConstraint, AddForeignKeyNotValid)
    if isinstance(operation, RunSQL):
        return all(CONCURRENTLY.match(text) for text in _statements(operation))
    return isinstance(operation, kinds) or type(operation).__name__ in {
        "AddIndexConcurrently",
        "RemoveIndexConcurrently",
    }
