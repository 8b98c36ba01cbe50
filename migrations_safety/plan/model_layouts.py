"""What the models of a migration state are in the database: their tables, columns, keys and indexes, by field.

Read from the state as the migrations write it, without rendering models: that would take as long as `migrate` itself.
The names follow `Options`, `ForeignKey.get_attname_column` and `create_many_to_many_intermediary_model` of Django.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.backends.utils import strip_quotes, truncate_name
from django.db.migrations.utils import resolve_relation

from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.schema import routing

LONGEST_NAME = 63
"""Bytes of a name in PostgreSQL, to which Django cuts the names that it makes up."""
ModelName = tuple[str, ...]
"""App and model in small letters; for the table of a many-to-many field, its name too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldLayout:
    """One column; `target` is the model that it points at, with the field where that is not the primary key."""

    column: str
    field: Any
    target: ModelName | None = None
    target_field: str | None = None
    has_key: bool = False
    has_index: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """One table: its columns by field, ForeignKeyConstraints by name, and the leading field of each named index."""

    model: ModelName
    table: str
    fields: dict[str, FieldLayout]
    keys: dict[str, ForeignKeyConstraint] = field(default_factory=dict)
    indexes: dict[str, str | None] = field(default_factory=dict)


class Layouts:
    """Reads layouts of one state after the other, for the database of one alias."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.columns: dict[tuple[int, str], tuple[Any, str]] = {}

    def of(self, state: Any, names: Iterable[tuple[str, str]] | None = None) -> dict[ModelName, Layout]:
        """The layouts of the named models, of all where none are named; what has no table here has none."""
        wanted = state.models if names is None else [name for name in names if name in state.models]
        return {one.model: one for name in wanted for one in self._of_model(state, state.models[name])}

    def target(self, state: Any, name: ModelName, field_name: str | None) -> tuple[str, str] | None:
        """Table and column of a referenced field; None where they cannot be known."""
        known = state.models.get(name[:2])
        if known is None:
            return _of_registry(name, field_name)
        for one in _with_bases(state, known):
            for found, this in one.fields.items():
                if (found == field_name) if field_name else this.primary_key:
                    column = self._column(found, this)
                    return (_table(one), column) if column else None
        return None

    def _of_model(self, state: Any, model: Any) -> Iterator[Layout]:
        name = (model.app_label, model.name_lower)
        if not _has_table(model) or not routing.has_model(self.alias, model.app_label, model.name_lower):
            return
        fields = {found: one for found, this in model.fields.items() if (one := self._field(name, found, this))}
        if model.options.get("order_with_respect_to"):
            fields["_order"] = FieldLayout(column="_order", field=models.OrderWrt())
        constraints = model.options.get("constraints", ())
        keys = {one.name: one for one in constraints if isinstance(one, ForeignKeyConstraint)}
        indexes = {one.name: _leading(one) for one in model.options.get("indexes", ())}
        indexes |= {one.name: _leading(one) for one in constraints if isinstance(one, models.UniqueConstraint)}
        yield Layout(model=name, table=_table(model), fields=fields, keys=keys, indexes=indexes)
        for found, this in model.fields.items():
            if this.many_to_many and not this.remote_field.through:
                yield _between(model, found, this)

    def _field(self, model: ModelName, name: str, this: Any) -> FieldLayout | None:
        column = self._column(name, this)
        if column is None:
            return None
        has_index = bool(this.db_index or this.unique)
        if not isinstance(this, models.ForeignKey):
            return FieldLayout(column=column, field=this, has_index=has_index)
        return FieldLayout(
            column=column,
            field=this,
            target=resolve_relation(this.remote_field.model, *model),
            target_field=this.remote_field.field_name,
            has_key=makes_its_own_key(this),
            has_index=has_index,
        )

    def _column(self, name: str, this: Any) -> str | None:
        """The name of a field's column, None where it has none."""
        if this.many_to_many or not hasattr(this, "get_attname_column"):
            return None
        if (id(this), name) not in self.columns:
            named = copy.copy(this)
            named.name = None
            named.set_attributes_from_name(name)
            self.columns[id(this), name] = this, named.column  # the field is kept, so that its id stays its own
        return self.columns[id(this), name][1]


def _with_bases(state: Any, model: Any) -> Iterator[Any]:
    """The model itself unless it is a proxy, then those that it inherits from."""
    if not model.options.get("proxy"):
        yield model
    for base in model.bases:
        name = resolve_relation(base, model.app_label) if isinstance(base, str) else None
        if name in state.models:
            yield from _with_bases(state, state.models[name])


def _has_table(model: Any) -> bool:
    options = model.options
    if options.get("proxy") or not options.get("managed", True):
        return False
    chosen = getattr(settings, options["swappable"], None) if options.get("swappable") else None
    return not chosen or chosen.lower() == f"{model.app_label}.{model.name_lower}".lower()


def _table(model: Any) -> str:
    made_up = truncate_name(f"{model.app_label}_{model.name_lower}", LONGEST_NAME)
    return str(model.options.get("db_table") or made_up)


def _leading(index: Any) -> str | None:
    """The field that an index leads with; None for expressions and for an index of some rows only."""
    names = [name.lstrip("-") for name in getattr(index, "fields", ())]
    return names[0] if names and not index.condition else None


def _between(model: Any, name: str, this: Any) -> Layout:
    """The table that Django makes for a many-to-many field."""
    own = (model.app_label, model.name_lower)
    other = resolve_relation(this.remote_field.model, *own)
    ends = {"source": own, "target": other}
    columns = {end: f"{target[1]}_id" for end, target in ends.items()}
    if own[1] == other[1]:
        columns = {"source": f"from_{own[1]}_id", "target": f"to_{other[1]}_id"}
    made_up = truncate_name(f"{strip_quotes(_table(model))}_{name}", LONGEST_NAME)
    has_key = bool(this.remote_field.db_constraint)
    fields = {
        end: FieldLayout(column=columns[end], field=this, target=target, has_key=has_key, has_index=True)
        for end, target in ends.items()
    }
    fields["id"] = FieldLayout(column="id", field=None, has_index=True)
    return Layout(model=(*own, name), table=this.db_table or made_up, fields=fields)


def _of_registry(name: ModelName, field_name: str | None) -> tuple[str, str] | None:
    """The same of a model that no migration makes."""
    try:
        meta: Any = apps.get_model(name[0], name[1])._meta
        target = meta.get_field(field_name) if field_name else meta.pk
    except LookupError:
        return None
    return target.model._meta.db_table, target.column
