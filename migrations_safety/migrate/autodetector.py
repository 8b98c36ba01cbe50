"""What `makemigrations` writes for a ForeignKeyConstraint on an existing table.

Django would write one `AddConstraint`, which scans the table under a lock on both tables. Here one migration adds the
key NOT VALID and the next one validates it: each is one transaction, so both may be atomic.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from django.db.migrations import AddConstraint, CreateModel, Migration
from django.db.migrations.autodetector import MigrationAutodetector

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.operations import AddForeignKeyNotValid, ValidateForeignKey


def splitting_keys(kind: type[MigrationAutodetector]) -> type[MigrationAutodetector]:
    """A subclass of an autodetector, Django's or another package's, that splits foreign keys on existing tables."""
    return type("SafeAutodetector", (SplittingKeys, kind), {})


class SplittingKeys(MigrationAutodetector):
    """Splits the migrations that an autodetector has found, before it names and numbers them."""

    def arrange_for_graph(self, changes: dict[str, list[Any]], graph: Any, migration_name: str | None = None) -> Any:
        """Split the migrations that add keys to existing tables, then let the autodetector arrange all of them."""
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
    arranged = [part for migration in migrations for part in _parts(app_label, migration, created)]
    for previous, following in pairwise(arranged):
        following.dependencies = list({*following.dependencies, (app_label, previous.name)})
    return arranged


def _parts(app_label: str, migration: Any, created: set[str]) -> Iterator[Any]:
    """The migration itself, where it adds no key to an existing table; else up to three."""
    keys = [operation for operation in migration.operations if _is_key_on_existing_table(operation, created)]
    if not keys:
        yield migration
        return
    migration.operations = [operation for operation in migration.operations if operation not in keys]
    not_valid = [AddForeignKeyNotValid(key.model_name, key.constraint) for key in keys]
    validations = [ValidateForeignKey(key.model_name, key.constraint.name) for key in keys]
    if migration.operations:
        yield migration
        yield _following(app_label, f"{migration.name}_keys", not_valid)
    else:
        migration.operations = not_valid
        yield migration
    yield _following(app_label, f"{migration.name}_validations", validations)


def _is_key_on_existing_table(operation: Any, created: set[str]) -> bool:
    return (
        isinstance(operation, AddConstraint)
        and isinstance(operation.constraint, ForeignKeyConstraint)
        and operation.model_name_lower not in created
    )


def _following(app_label: str, name: str, operations: list[Any]) -> Any:
    return type("Migration", (Migration,), {"operations": operations, "dependencies": []})(name, app_label)
