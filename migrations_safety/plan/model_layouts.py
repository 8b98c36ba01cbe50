"""The tables, columns, foreign keys and indexes that the models of a ProjectState have in the database.

The names are read from the `ModelState`s. Rendered models (`state.apps`) would give the same names. But Django renders
all related models anew after each operation, so reading a plan of many operations would take as long as applying it.
So this module makes the names in the way that Django does: see `Options`, `ForeignKey.get_attname_column` and
`create_many_to_many_intermediary_model`. A test compares both ways for the migrations of Django's own apps.
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
from django.db.models.options import normalize_together

from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.plan.lineage import ColumnName
from migrations_safety.schema import routing

LONGEST_NAME = 63
"""The most bytes that a name may have in PostgreSQL. Django cuts the names that it generates to this length."""
ModelName = tuple[str, ...]
"""App label and model name in lower case. For the table of a many-to-many field a third element names the field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldLayout:
    """One column of a table, as a field of the model declares it."""

    column: str
    field: Any
    """Django's model field; None for the `id` of a many-to-many table."""
    target: ModelName | None = None
    """The model that a ForeignKey references; None for any other field."""
    target_field: str | None = None
    """The name of the field that a ForeignKey references; None for the primary key, and for any other field."""
    has_key: bool = False
    """Whether Django itself makes a foreign key for the column (`db_constraint`)."""
    has_index: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """One table, as its model declares it."""

    model: ModelName
    table: str
    fields: dict[str, FieldLayout]
    """The columns, by the name of the model's field."""
    keys: dict[str, ForeignKeyConstraint] = field(default_factory=dict)
    """The ForeignKeyConstraints of the model, by their names."""
    indexes: dict[str, str | None] = field(default_factory=dict)
    """The name of each index and unique constraint, with the first field in it. The field is None for an expression and
    for an index of only some rows."""
    constraints: dict[str, str] = field(default_factory=dict)
    """What limits the rows of the table besides its fields, by name: constraints, and fields unique together. The value
    is how a message names it."""


class Layouts:
    """Reads the layouts of the tables from one ProjectState after another, for the database `alias`."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._column_names: dict[tuple[int, str], tuple[Any, str]] = {}

    def of(self, state: Any, names: Iterable[tuple[str, str]] | None = None) -> dict[ModelName, Layout]:
        """The layouts of the named models in a ProjectState, as far as they have a table in this database.

        `names` are pairs of app label and model name in lower case; None stands for all models.
        """
        wanted = state.models if names is None else [name for name in names if name in state.models]
        return {layout.model: layout for name in wanted for layout in self._of_model(state.models[name])}

    def target(self, state: Any, name: ModelName, field_name: str | None) -> ColumnName | None:
        """The table and column of the field that a ForeignKey references; None where the model or field is unknown.

        `field_name` None stands for the primary key of the model.
        """
        if name[:2] not in state.models:
            return _of_registry(name, field_name)
        for model, found, model_field in _targets(state, name, field_name):
            column = self._column(found, model_field)
            return ColumnName(table=_table(model), column=column) if column else None
        return None

    def target_model_field(self, state: Any, name: ModelName, field_name: str | None) -> Any | None:
        """The model field that a ForeignKey references, with the arguments of `target`.

        Where that is a ForeignKey itself, it is the field that this one references, and so on.
        """
        if name[:2] not in state.models:
            return _in_registry(name, field_name)
        for model, _, model_field in _targets(state, name, field_name):
            if not isinstance(model_field, models.ForeignKey):
                return model_field
            further = resolve_relation(model_field.remote_field.model, model.app_label, model.name_lower)
            return self.target_model_field(state, further, model_field.remote_field.field_name)
        return None

    def _of_model(self, model: Any) -> Iterator[Layout]:
        """The layout of the model's table, then those of the tables of its many-to-many fields."""
        name = (model.app_label, model.name_lower)
        if not _has_table(model) or not routing.has_model(self.alias, model.app_label, model.name_lower):
            return
        yield Layout(
            model=name,
            table=_table(model),
            fields=self._fields(name, model),
            keys=_constraints(model, ForeignKeyConstraint),
            indexes={index: _leading_field(found) for index, found in _indexes(model).items()},
            constraints=_limits(model),
        )
        for field_name, model_field in model.fields.items():
            if model_field.many_to_many and not model_field.remote_field.through:
                yield _many_to_many_layout(model, field_name, model_field)

    def _fields(self, name: ModelName, model: Any) -> dict[str, FieldLayout]:
        found = {field_name: self._field(name, field_name, this) for field_name, this in model.fields.items()}
        fields = {field_name: layout for field_name, layout in found.items() if layout}
        if model.options.get("order_with_respect_to"):
            fields["_order"] = FieldLayout(column="_order", field=models.OrderWrt())
        return fields

    def _field(self, model: ModelName, name: str, model_field: Any) -> FieldLayout | None:
        column = self._column(name, model_field)
        if column is None:
            return None
        has_index = bool(model_field.db_index or model_field.unique)
        if not isinstance(model_field, models.ForeignKey):
            return FieldLayout(column=column, field=model_field, has_index=has_index)
        return FieldLayout(
            column=column,
            field=model_field,
            target=resolve_relation(model_field.remote_field.model, *model),
            target_field=model_field.remote_field.field_name,
            has_key=makes_its_own_key(model_field),
            has_index=has_index,
        )

    def _column(self, name: str, model_field: Any) -> str | None:
        """The name of the field's column; None for a field without a column.

        A field in a ModelState does not know its name, so a copy of the field gets the name. ProjectStates share their
        field objects, so the result is cached by `id()` of the field. The cache also holds the field itself, so that
        no other object can get the same id.
        """
        if model_field.many_to_many or not hasattr(model_field, "get_attname_column"):
            return None
        known = (id(model_field), name)
        if known not in self._column_names:
            named = copy.copy(model_field)
            named.name = None
            named.set_attributes_from_name(name)
            self._column_names[known] = model_field, named.column
        return self._column_names[known][1]


def _targets(state: Any, name: ModelName, field_name: str | None) -> Iterator[tuple[Any, str, Any]]:
    """Each field of that name (None: each primary key) with its model and its name, those of parents after its own."""
    for model in _with_bases(state, state.models[name[:2]]):
        for found, model_field in model.fields.items():
            if (found == field_name) if field_name else model_field.primary_key:
                yield model, found, model_field


def _with_bases(state: Any, model: Any) -> Iterator[Any]:
    """The ModelStates in which a model's fields are looked up: the model unless it is a proxy, then its parents."""
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
    generated = truncate_name(f"{model.app_label}_{model.name_lower}", LONGEST_NAME)
    return str(model.options.get("db_table") or generated)


def _constraints(model: Any, kind: type[Any]) -> dict[str, Any]:
    return {found.name: found for found in model.options.get("constraints", ()) if isinstance(found, kind)}


def _indexes(model: Any) -> dict[str, Any]:
    """The indexes and unique constraints of a model, by name."""
    return {index.name: index for index in model.options.get("indexes", ())} | _constraints(
        model, models.UniqueConstraint
    )


def _limits(model: Any) -> dict[str, str]:
    """The constraints of a model, and its sets of fields that are unique together, as messages name them."""
    together = normalize_together(model.options.get("unique_together"))
    sets = {f"unique ({', '.join(fields)})": f"unique ({', '.join(fields)})" for fields in together}
    return sets | {found.name: f'"{found.name}"' for found in model.options.get("constraints", ())}


def _leading_field(index: Any) -> str | None:
    """The name of the first field in an index; None for an expression and for an index of only some rows."""
    names = [name.lstrip("-") for name in getattr(index, "fields", ())]
    return names[0] if names and not index.condition else None


def _many_to_many_layout(model: Any, name: str, model_field: Any) -> Layout:
    """The layout of the table that Django makes for a many-to-many field."""
    own = (model.app_label, model.name_lower)
    other = resolve_relation(model_field.remote_field.model, *own)
    ends = {"source": own, "target": other}
    columns = {end: f"{target[1]}_id" for end, target in ends.items()}
    if own[1] == other[1]:
        columns = {"source": f"from_{own[1]}_id", "target": f"to_{other[1]}_id"}
    generated = truncate_name(f"{strip_quotes(_table(model))}_{name}", LONGEST_NAME)
    has_key = bool(model_field.remote_field.db_constraint)
    fields = {
        end: FieldLayout(column=columns[end], field=model_field, target=target, has_key=has_key, has_index=True)
        for end, target in ends.items()
    }
    fields["id"] = FieldLayout(column="id", field=None, has_index=True)
    return Layout(model=(*own, name), table=model_field.db_table or generated, fields=fields)


def _of_registry(name: ModelName, field_name: str | None) -> ColumnName | None:
    """The table and column of the referenced field, for an installed model that no migration creates."""
    target = _in_registry(name, field_name)
    return ColumnName(table=target.model._meta.db_table, column=target.column) if target else None


def _in_registry(name: ModelName, field_name: str | None) -> Any | None:
    try:
        meta: Any = apps.get_model(name[0], name[1])._meta
        return meta.get_field(field_name) if field_name else meta.pk
    except LookupError:
        return None
