"""Asks the project's database routers which tables belong to a database, in the way of Django's operations."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import router


def has_model(alias: str, app_label: str, model_name: str) -> bool:
    """Whether the routers let the table of a model be made in the database of `alias`.

    The routers get the current model as a hint, or only its name if it exists only in older migrations.
    """
    try:
        hints: dict[str, Any] = {"model": apps.get_model(app_label, model_name)}
    except LookupError:  # the model exists only in older migrations
        hints = {}
    return bool(router.allow_migrate(alias, app_label, model_name=model_name.lower(), **hints))


def kept_out(alias: str) -> frozenset[str]:
    """Return the tables that the routers do not allow in the database of `alias`."""
    models = apps.get_models(include_auto_created=True)
    return frozenset(model._meta.db_table for model in models if not router.allow_migrate_model(alias, model))


def runs_on(alias: str, app_label: str, operation: Any) -> bool:
    """Whether the routers let an operation run on the database of `alias`."""
    if model_name := _model_of(operation):
        return has_model(alias, app_label, model_name)
    return bool(router.allow_migrate(alias, app_label, **getattr(operation, "hints", {})))


def _model_of(operation: Any) -> str | None:
    """Return the name of the model that an operation changes (the new one for a rename), or None."""
    for attribute in ("model_name", "new_name_lower", "name_lower"):
        if isinstance(name := getattr(operation, attribute, None), str):
            return name
    return None
