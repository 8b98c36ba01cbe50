"""What the project's database routers let happen on the database of one alias, as Django's operations ask them."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import router


def has_model(alias: str, app_label: str, model_name: str) -> bool:
    """Whether the table of a model belongs there; routers get the model as it is now, where there is one."""
    try:
        hints: dict[str, Any] = {"model": apps.get_model(app_label, model_name)}
    except LookupError:  # a model of older migrations
        hints = {}
    return bool(router.allow_migrate(alias, app_label, model_name=model_name.lower(), **hints))


def kept_out(alias: str) -> frozenset[str]:
    """The tables that routers let nobody make there, which the project has somewhere else."""
    models = apps.get_models(include_auto_created=True)
    return frozenset(model._meta.db_table for model in models if not router.allow_migrate_model(alias, model))


def runs_on(alias: str, app_label: str, operation: Any) -> bool:
    """Whether an operation of a migration does anything there."""
    if model_name := _model_of(operation):
        return has_model(alias, app_label, model_name)
    return bool(router.allow_migrate(alias, app_label, **getattr(operation, "hints", {})))


def _model_of(operation: Any) -> str | None:
    """By its newest name: operations on fields and indexes name it so, those on models themselves have its name."""
    for attribute in ("model_name", "new_name_lower", "name_lower"):
        if isinstance(name := getattr(operation, attribute, None), str):
            return name
    return None
