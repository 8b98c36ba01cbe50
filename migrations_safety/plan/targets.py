"""Which migrations the arguments of `migrate` mean."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.migrations.exceptions import AmbiguityError

from migrations_safety.messages.refusals.base import CouldNotLook


def targets(executor: Any, app_label: str | None, migration_name: str | None) -> list[tuple[str, str | None]]:
    """The nodes of the migration graph that the arguments of `migrate` mean.

    Raises CouldNotLook for unknown ones, in the sentences of Django's `migrate`.
    """
    leaves = executor.loader.graph.leaf_nodes()
    if app_label is None:
        return list(leaves)
    try:
        apps.get_app_config(app_label)
    except LookupError as error:
        raise CouldNotLook(str(error), hint="python manage.py showmigrations lists the apps.") from None
    if app_label not in executor.loader.migrated_apps:
        problem = f"App '{app_label}' does not have migrations."
        raise CouldNotLook(problem, hint="python manage.py makemigrations makes them.")
    if migration_name is None:
        return [leaf for leaf in leaves if leaf[0] == app_label]
    if migration_name == "zero":
        return [(app_label, None)]
    try:
        found = executor.loader.get_migration_by_prefix(app_label, migration_name)
    except AmbiguityError:
        problem = f"More than one migration matches '{migration_name}' in app '{app_label}'. Please be more specific."
    except KeyError:
        problem = f"Cannot find a migration matching '{migration_name}' from app '{app_label}'."
    else:
        return [_in_the_graph(executor.loader, (app_label, found.name))]
    raise CouldNotLook(problem, hint=f"python manage.py showmigrations {app_label} lists them.")


def _in_the_graph(loader: Any, target: tuple[str, str]) -> tuple[str, str]:
    """Itself; of a squashed migration that is applied in part the last of those that it replaces."""
    is_partial = target not in loader.graph.nodes and target in loader.replacements
    return loader.replacements[target].replaces[-1] if is_partial else target
