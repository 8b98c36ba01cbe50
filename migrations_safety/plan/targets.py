"""Which nodes of the migration graph the arguments of `migrate` mean."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.migrations.exceptions import AmbiguityError

from migrations_safety.messages.refusals.base import CouldNotLook


def targets(executor: Any, app_label: str | None, migration_name: str | None) -> list[tuple[str, str | None]]:
    """The nodes that the arguments of `migrate` mean, as pairs of app label and migration name (None for `zero`).

    Raises CouldNotLook, with the message of Django's `migrate`, for an unknown app or migration, an ambiguous prefix,
    and an app without migrations.
    """
    leaves = executor.loader.graph.leaf_nodes()
    if app_label is None:
        return list(leaves)
    _refuse_unknown_app(executor.loader, app_label)
    if migration_name is None:
        return [leaf for leaf in leaves if leaf[0] == app_label]
    if migration_name == "zero":
        return [(app_label, None)]
    return [_in_the_graph(executor.loader, (app_label, _full_name(executor.loader, app_label, migration_name)))]


def _refuse_unknown_app(loader: Any, app_label: str) -> None:
    try:
        apps.get_app_config(app_label)
    except LookupError as error:
        raise CouldNotLook(str(error), hint="python manage.py showmigrations lists the apps.") from None
    if app_label not in loader.migrated_apps:
        problem = f"App '{app_label}' does not have migrations."
        raise CouldNotLook(problem, hint="python manage.py makemigrations makes them.")


def _full_name(loader: Any, app_label: str, prefix: str) -> str:
    try:
        return str(loader.get_migration_by_prefix(app_label, prefix).name)
    except AmbiguityError:
        problem = f"More than one migration matches '{prefix}' in app '{app_label}'. Please be more specific."
    except KeyError:
        problem = f"Cannot find a migration matching '{prefix}' from app '{app_label}'."
    raise CouldNotLook(problem, hint=f"python manage.py showmigrations {app_label} lists them.")


def _in_the_graph(loader: Any, target: tuple[str, str]) -> tuple[str, str]:
    """The target itself; but for a squashed migration that is partly applied, the last migration that it replaces."""
    is_partial = target not in loader.graph.nodes and target in loader.replacements
    return loader.replacements[target].replaces[-1] if is_partial else target
