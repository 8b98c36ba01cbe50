"""The autodetector of `makemigrations`, which adds a ForeignKeyConstraint to an existing table in two migrations.

Django would write one `AddConstraint`, which scans the table under a lock on both tables. Instead of this, one
migration adds the foreign key NOT VALID, and the next one validates the foreign key. Each migration is a transaction of
its own, so both may be atomic.
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
    """Return a subclass of `kind`, an autodetector class, that splits foreign keys on existing tables as above."""
    return type("SafeAutodetector", (SplittingKeys, kind), {})


class SplittingKeys(MigrationAutodetector):
    """A mixin for an autodetector, which splits the migrations before the autodetector names and numbers them."""

    def arrange_for_graph(self, changes: dict[str, list[Any]], graph: Any, migration_name: str | None = None) -> Any:
        """Split the migrations that add foreign keys to existing tables, then let the autodetector arrange them all.

        Arguments and result are those of the autodetector: `changes` maps app labels to lists of migrations.
        """
        split = {app_label: _split(app_label, migrations) for app_label, migrations in changes.items()}
        return super().arrange_for_graph(split, graph, migration_name)


def _split(app_label: str, migrations: list[Any]) -> list[Any]:
    """The migrations of one app, in which up to three replace each migration that adds such a foreign key.

    The first has all other operations, the second adds the foreign keys NOT VALID, and the third validates them.
    """
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
    """The migration itself where it adds no foreign key to an existing table; otherwise two or three migrations."""
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
