"""Chooses what is compared: the models, foreign keys and enums of a registered schema, or those of any apps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from django.apps import apps

from migrations_safety.fields import EnumField
from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.registry import SchemaToVerify, schema_of
from migrations_safety.schema.declared_constraints import unknown_constraints
from migrations_safety.schema.declared_keys import DeclaredKey, declared_keys
from migrations_safety.schema.declared_models import models_on
from migrations_safety.schema.routing import kept_out
from migrations_safety.verification.report import NotCompared

ALL_KINDS = ("tables", "columns", "indexes", "constraints", "foreign_keys", "enum_labels")
REGISTERED_KINDS = ("tables", "foreign_keys", "indexes", "enum_labels")


class Orphans(Enum):
    """For which foreign keys the rows without a parent are counted.

    The database does not hold a foreign key that is missing, NOT VALID, or different from the declared one.
    """

    OF_ALL_KEYS = "of all keys"
    OF_KEYS_NOT_HELD = "of keys that the database does not hold"
    OF_NONE = "of none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What is compared.

    `keys` are the declared foreign keys; `enums` holds the labels of each enum type by its name. `kinds` are the kinds
    of objects that the report counts.
    """

    app_labels: tuple[str, ...]
    models: tuple[Any, ...]
    keys: tuple[DeclaredKey, ...]
    enums: Mapping[str, tuple[str, ...]]
    kinds: tuple[str, ...]
    orphans: Orphans
    elsewhere: tuple[DeclaredKey, ...]
    """Foreign keys to tables that the routers keep out of this database, and so in another schema or database."""
    not_compared: tuple[NotCompared, ...] = ()

    @property
    def tables(self) -> list[str]:
        """The names of the tables of the models."""
        return [model._meta.db_table for model in self.models]


def of_registered(app_label: str) -> Callable[[str], Scope]:
    """Return what gives, for an alias, the scope that an app has registered; raises NothingRegistered at once."""
    return partial(_scope_of_schema, schema_of(app_label))


def of_apps(labels: Collection[str] = (), *, orphans: Orphans = Orphans.OF_KEYS_NOT_HELD) -> Callable[[str], Scope]:
    """Return what gives, for an alias, the scope of the named apps, or of all apps with tables there if none is named.

    The apps need not be registered.
    """
    return partial(_scope_of_apps, labels, orphans)


def _scope_of_schema(schema: SchemaToVerify, alias: str) -> Scope:
    """Return its tables, its enums, and all foreign keys on or to its tables."""
    models = _models_of({schema.app_label}, alias)
    return Scope(
        app_labels=(schema.app_label,),
        models=models,
        keys=_keys_of(models, alias),
        enums=schema.enums,
        kinds=REGISTERED_KINDS,
        orphans=Orphans.OF_ALL_KEYS,
        elsewhere=_leading_out(models, alias),
    )


def _scope_of_apps(labels: Collection[str], orphans: Orphans, alias: str) -> Scope:
    """Raises CouldNotLook for an app that is not installed or that has no table in the database of that alias."""
    for label in labels:
        _refuse_unknown(label)
    wanted = set(labels) or {config.label for config in apps.get_app_configs()}
    models = _models_of(wanted, alias)
    for label in labels:
        _models_of({label}, alias)
    elsewhere = _leading_out(models, alias)
    return Scope(
        app_labels=tuple(dict.fromkeys(model._meta.app_label for model in models)),
        models=models,
        keys=_keys_of(models, alias),
        enums=_enums_of(models),
        kinds=ALL_KINDS,
        orphans=orphans,
        elsewhere=elsewhere,
        not_compared=(*_unmanaged(wanted), *_of_other_apps(models), *map(_kept_out, elsewhere)),
    )


def _refuse_unknown(label: str) -> None:
    labels = sorted(config.label for config in apps.get_app_configs())
    if label not in labels:
        hint = f"Installed are {', '.join(labels)}."
        raise CouldNotLook(f'No installed app has the label "{label}"; nothing was looked at.', hint=hint)


def _models_of(labels: Collection[str], alias: str) -> tuple[Any, ...]:
    models = tuple(model for model in models_on(alias) if model._meta.app_label in labels)
    if not models:
        whose = f'the app "{next(iter(labels))}"' if len(labels) == 1 else "the installed apps"
        problem = f'No table of {whose} belongs to the database alias "{alias}".'
        raise CouldNotLook(problem, hint="Name another one with --database, or look at DATABASE_ROUTERS.")
    return models


def _keys_of(models: Collection[Any], alias: str) -> tuple[DeclaredKey, ...]:
    """Return the foreign keys on the models' tables, and those of other tables in the database that refer to them."""
    own_tables, elsewhere = {model._meta.db_table for model in models}, kept_out(alias)
    keys = [key for model in models_on(alias) for key in declared_keys(model)]
    return tuple(
        key
        for key in keys
        if (key.table in own_tables or key.target_table in own_tables) and key.target_table not in elsewhere
    )


def _enums_of(models: Collection[Any]) -> dict[str, tuple[str, ...]]:
    fields = [field for model in models for field in model._meta.local_concrete_fields if isinstance(field, EnumField)]
    return {field.enum_name: tuple(str(value) for value, _ in field.flatchoices) for field in fields if field.choices}


def _unmanaged(labels: Collection[str]) -> list[NotCompared]:
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.managed]
    return [
        NotCompared(name=model._meta.label, reason=f'the table "{model._meta.db_table}" is not managed by Django')
        for model in models
        if model._meta.app_label in labels and not model._meta.proxy and not model._meta.swapped
    ]


def _of_other_apps(models: Collection[Any]) -> list[NotCompared]:
    return [
        NotCompared(name=f"{model._meta.label}: {one.name}", reason=f"{type(one).__name__} is no constraint of Django")
        for model in models
        for one in unknown_constraints(model)
    ]


def _leading_out(models: Collection[Any], alias: str) -> tuple[DeclaredKey, ...]:
    elsewhere = kept_out(alias)
    return tuple(key for model in models for key in declared_keys(model) if key.target_table in elsewhere)


def _kept_out(key: DeclaredKey) -> NotCompared:
    return NotCompared(name=key.label, reason=f'routers keep its target "{key.target_table}" out of this database')
