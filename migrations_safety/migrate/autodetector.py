"""What `makemigrations` writes for a foreign key that is declared on a table that exists already.

Django would write one `AddConstraint`, which scans the table under a lock on both. Here the key is added NOT VALID
in one migration and validated in the next: each is one transaction, so both may stay atomic.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.db.migrations import AddConstraint, CreateModel, Migration
from django.db.migrations.autodetector import MigrationAutodetector

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.operations import AddForeignKeyNotValid, ValidateForeignKey


def splitting_keys(kind: type[MigrationAutodetector]) -> type[MigrationAutodetector]:
    """An autodetector (Django's or somebody else's) that adds foreign keys on existing tables in three steps."""
    return type("SafeAutodetector", (SplittingKeys, kind), {})


class SplittingKeys(MigrationAutodetector):
    """What is done with the migrations that an autodetector has found, before they are named and numbered."""

    def arrange_for_graph(self, changes: dict[str, list[Any]], graph: Any, migration_name: str | None = None) -> Any:
        """Split the migrations that add keys to existing tables, then name and number them all."""
        split = {app_label: _split(app_label, migrations) for app_label, migrations in changes.items()}
        return super().arrange_for_graph(split, graph, migration_name)


def _split(app_label: str, migrations: list[Any]) -> list[Any]:
    """Each migration without its keys, then one that adds them NOT VALID, then one that validates them."""
    created = {
        operation.name_lower
        for migration in migrations
        for operation in migration.operations
        if isinstance(operation, CreateModel)
    }
    arranged: list[Any] = []
    for migration in migrations:
        keys = [one for one in migration.operations if _is_key_on_existing_table(one, created)]
        if not keys:
            arranged.append(migration)
            continue
        migration.operations = [one for one in migration.operations if one not in keys]
        not_valid = [AddForeignKeyNotValid(key.model_name, key.constraint) for key in keys]
        proofs = [ValidateForeignKey(key.model_name, key.constraint.name) for key in keys]
        if migration.operations:
            arranged.append(migration)
            arranged.append(_following(app_label, f"{migration.name}_keys", not_valid))
        else:
            migration.operations = not_valid
            arranged.append(migration)
        arranged.append(_following(app_label, f"{migration.name}_proofs", proofs))
    for previous, following in pairwise(arranged):
        following.dependencies = list({*following.dependencies, (app_label, previous.name)})
    return arranged


def _is_key_on_existing_table(operation: Any, created: set[str]) -> bool:
    return (
        isinstance(operation, AddConstraint)
        and isinstance(operation.constraint, ForeignKeyConstraint)
        and operation.model_name_lower not in created
    )


def _following(app_label: str, name: str, operations: list[Any]) -> Any:
    return type("Migration", (Migration,), {"operations": operations, "dependencies": []})(name, app_label)
