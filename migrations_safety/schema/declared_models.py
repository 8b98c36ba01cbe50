"""The models of the project that have a table of their own, and their columns' types."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection, connections, router


def column_type(field: Any) -> str | None:
    """The type of a field's column on PostgreSQL, whatever database is the default one."""
    postgresql = next((one for one in connections.all() if one.vendor == "postgresql"), connection)
    found: str | None = field.db_type(postgresql)
    return found


def managed_models(apps: Any) -> list[Any]:
    """The models that have a table of their own, those of many-to-many fields among them."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
    ]


def models_on(alias: str) -> list[Any]:
    """Those of the project that have a table of their own in the database of that alias, say its routers."""
    models = managed_models(apps)
    return [one for one in models if router.allow_migrate_model(alias, one)]
