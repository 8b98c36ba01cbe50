"""Lists the models of the project that have their own table, and tells the types of their columns."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection, connections, router


def column_type(field: Any) -> str | None:
    """Return the SQL type of a field's column on PostgreSQL, whatever the engine of the default database is.

    None where the field has no column.
    """
    postgresql = next((one for one in connections.all() if one.vendor == "postgresql"), connection)
    found: str | None = field.db_type(postgresql)
    return found


def managed_models(apps: Any) -> list[Any]:
    """Return the models that have their own table and are managed, including those of many-to-many fields."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
    ]


def models_on(alias: str) -> list[Any]:
    """Return the managed models whose tables belong to the database of that alias, according to the routers."""
    models = managed_models(apps)
    return [one for one in models if router.allow_migrate_model(alias, one)]
