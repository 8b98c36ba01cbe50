"""Reads Django: what `migrate` with the same arguments would do on this database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import router
from django.db.migrations.exceptions import AmbiguityError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import (
    RemoveConstraint,
)

from migrations_safety import catalog, reverse_plan
from migrations_safety.declarations import DeclaredKey, column_type, declared_keys, managed_models
from migrations_safety.operations import ValidateForeignKey
from migrations_safety.planned import KINDS, PlannedMigration, count_operations, flat, planned
from migrations_safety.refusals import BaselineIncomplete, CouldNotLook
from migrations_safety.way_back import WayBack


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What would be done.

    `adopted` are baselines whose tables are there already: they are recorded, not run. `keys` are the foreign
    keys that are added or validated, `unapplied` what is taken back. `relied_on` maps each table that must be
    there already to those of its columns that the keys need. `removed` are keys that it takes away first, by
    table and name; `altered` are columns that it makes or changes, with the type and whether they are unique then;
    `indexed` are columns that get an index of their own; `way_back` is what the way back does.
    """

    adopted: tuple[PlannedMigration, ...]
    migrations: tuple[PlannedMigration, ...]
    operations: dict[str, int]
    keys: tuple[DeclaredKey, ...]
    relied_on: dict[str, frozenset[str]]
    declared_tables: frozenset[str]
    unapplied: tuple[PlannedMigration, ...] = ()
    removed: frozenset[tuple[str, str | None]] = frozenset()
    altered: frozenset[tuple[str, str, str, bool]] = frozenset()
    indexed: frozenset[tuple[str, str]] = frozenset()
    way_back: WayBack = field(default_factory=WayBack)

    @property
    def backwards(self) -> bool:
        """True where migrations are taken back."""
        return bool(self.unapplied)

    @property
    def changes_something(self) -> bool:
        """Whether there is anything to be done."""
        return bool(self.adopted or self.migrations or self.unapplied)

    @property
    def creates(self) -> frozenset[str]:
        """The tables that the plan makes."""
        return frozenset(table for migration in self.migrations for table in migration.creates)


def targets(executor: Any, app_label: str | None, migration_name: str | None) -> list[tuple[str, str | None]]:
    """The nodes of the migration graph that the arguments of `migrate` mean; CouldNotLook for unknown ones."""
    leaves = executor.loader.graph.leaf_nodes()
    if app_label is None:
        return list(leaves)
    if app_label not in {config.label for config in apps.get_app_configs()}:
        raise CouldNotLook(f'There is no app "{app_label}".', hint="python manage.py showmigrations lists the apps.")
    if app_label not in executor.loader.migrated_apps:
        raise CouldNotLook(
            f'The app "{app_label}" has no migrations.', hint="python manage.py makemigrations makes them."
        )
    if migration_name is None:
        return [leaf for leaf in leaves if leaf[0] == app_label]
    if migration_name == "zero":
        return [(app_label, None)]
    try:
        found = executor.loader.get_migration_by_prefix(app_label, migration_name)
        target = (app_label, found.name)
        if target not in executor.loader.graph.nodes and target in executor.loader.replacements:
            target = executor.loader.replacements[target].replaces[-1]  # a squashed one that is applied in part
        return [target]
    except (AmbiguityError, KeyError):
        problem = f'No single migration of "{app_label}" starts with "{migration_name}".'
        raise CouldNotLook(problem, hint=f"python manage.py showmigrations {app_label} lists them.") from None


def read(
    connection: Any,
    *,
    app_label: str | None = None,
    migration_name: str | None = None,
    forwards_only: bool = False,
) -> Plan:
    """The plan of `migrate [app_label] [migration_name]`; nothing where it goes back and `forwards_only`.

    Raises BaselineIncomplete where a baseline is there in part, CouldNotLook for an unknown app or migration.
    """
    executor: Any = MigrationExecutor(connection)
    steps = _steps(executor, app_label, migration_name)
    pending = [migration for migration, is_backwards in steps if not is_backwards]
    unapplied = [migration for migration, is_backwards in steps if is_backwards and not forwards_only]
    adopted = [migration for migration in pending if is_adopted(connection, migration)]
    running = [migration for migration in pending if migration not in adopted]
    before, after = _states(executor, adopted, running)
    recorded = _models_with_migrations(executor, before)
    there = frozenset(model._meta.db_table for model in recorded)
    keys = tuple(key for key in _keys(before, after, running) if _is_here(connection, after, key))
    return Plan(
        adopted=tuple(planned(one, connection.alias) for one in adopted),
        migrations=tuple(planned(one, connection.alias, there=there) for one in running),
        operations=count_operations(running),
        keys=keys,
        relied_on=_relied_on(recorded, keys, alias=connection.alias),
        declared_tables=frozenset(model._meta.db_table for model in managed_models(after)),
        unapplied=tuple(planned(one, connection.alias) for one in unapplied),
        removed=frozenset(_removed(before, running)),
        altered=frozenset(_columns(after) - _columns(before) if running else ()),
        indexed=frozenset(_indexed(after) - _indexed(before) if running else ()),
        way_back=reverse_plan.read(executor, unapplied),
    )


def _steps(executor: Any, app_label: str | None, migration_name: str | None) -> list[tuple[Any, bool]]:
    """Each migration that the arguments mean, and whether it is taken back."""
    executor.loader.check_consistent_history(executor.connection)
    if conflicts := executor.loader.detect_conflicts():
        named = "; ".join(f"{app}: {', '.join(names)}" for app, names in conflicts.items())
        raise CouldNotLook(
            f"Several migrations are the last of their app ({named}).", hint="python manage.py makemigrations --merge"
        )
    return list(executor.migration_plan(targets(executor, app_label, migration_name)))


def _states(executor: Any, adopted: Iterable[Any], running: Iterable[Any]) -> tuple[Any, Any]:
    """The models before what runs, and after it."""
    state = executor._create_project_state(with_applied_migrations=True)
    for migration in adopted:
        state = migration.mutate_state(state)
    before = state.clone().apps
    for migration in running:
        state = migration.mutate_state(state)
    return before, state.apps


def of_references(keys: Iterable[DeclaredKey], *, pending: Iterable[Plan] = ()) -> Plan:
    """A plan that does nothing but stand on these keys: what is looked at where nothing is to be migrated.

    Both ends of each key must be there, less what the `pending` plans are still to make.
    """
    keys = tuple(keys)
    to_come = {table for one in pending for table in one.creates}
    ends = [(key.table, key.column) for key in keys] + [(key.target_table, key.target_column) for key in keys]
    relied_on = {
        table: frozenset(column for name, column in ends if name == table) for table, _ in ends if table not in to_come
    }
    return Plan(
        adopted=(),
        migrations=(),
        operations=dict.fromkeys(KINDS, 0),
        keys=keys,
        relied_on=relied_on,
        declared_tables=frozenset(model._meta.db_table for model in managed_models(apps)),
    )


def is_adopted(connection: Any, migration: Any) -> bool:
    """True where all that a baseline (a migration with `adopts`) relies on is there, False where none of it is.

    Raises BaselineIncomplete, naming what is missing, where only a part is there.
    """
    relied_on = getattr(migration, "adopts", {})
    there = catalog.tables(connection, relied_on)
    if not there:
        return False
    columns = catalog.columns(connection, [table.oid for table in there.values()])
    missing = [f"the table {table}" for table in relied_on if table not in there]
    for name, table in there.items():
        missing += [f'{name}."{column}"' for column in relied_on[name] if column not in columns[table.oid]]
    if missing:
        raise BaselineIncomplete(migration=f"{migration.app_label}.{migration.name}", missing=", ".join(missing))
    return True


def _models_with_migrations(executor: Any, state_apps: Any) -> list[Any]:
    """Those of apps without migrations may have no table yet: `migrate --run-syncdb` makes it."""
    migrated = executor.loader.migrated_apps
    return [model for model in managed_models(state_apps) if model._meta.app_label in migrated]


def _is_here(connection: Any, state_apps: Any, key: DeclaredKey) -> bool:
    model = state_apps.get_model(key.app_label, key.model_name)
    return router.allow_migrate_model(connection.alias, model)


def _columns(state_apps: Any) -> set[tuple[str, str, str, bool]]:
    """Every column: table, name, type, whether it is unique."""
    return {
        (model._meta.db_table, field.column, str(column_type(field)).lower(), bool(field.unique))
        for model in managed_models(state_apps)
        for field in model._meta.local_concrete_fields
    }


def _indexed(state_apps: Any) -> set[tuple[str, str]]:
    """Columns that an index leads with, as the models declare it."""
    found = set()
    for model in managed_models(state_apps):
        meta = model._meta
        found |= {
            (meta.db_table, field.column) for field in meta.local_concrete_fields if field.db_index or field.unique
        }
        leading = [index.fields_orders[0][0] for index in meta.indexes if index.fields_orders and not index.condition]
        found |= {(meta.db_table, meta.get_field(name).column) for name in leading}
    return found


def _keys(before: Any, after: Any, running: Iterable[Any]) -> Iterator[DeclaredKey]:
    known = {_identity(key) for model in before.get_models(include_auto_created=True) for key in declared_keys(model)}
    validated = {
        (migration.app_label, operation.model_name.lower(), operation.name)
        for migration in running
        for operation in flat(migration.operations)
        if isinstance(operation, ValidateForeignKey)
    }
    for model in managed_models(after):
        for key in declared_keys(model):
            if _identity(key) not in known or (key.app_label, key.model_name, key.name) in validated:
                yield key


def _identity(key: DeclaredKey) -> tuple[str, ...]:
    return key.table, key.column, key.name or "", key.target_table, key.target_column


def _removed(before: Any, running: Iterable[Any]) -> Iterator[tuple[str, str | None]]:
    names = {
        (migration.app_label, operation.model_name_lower, operation.name)
        for migration in running
        for operation in flat(migration.operations)
        if isinstance(operation, RemoveConstraint)
    }
    for model in managed_models(before):
        for key in declared_keys(model):
            if (key.app_label, key.model_name, key.name) in names:
                yield key.table, key.name


def _relied_on(models: Iterable[Any], keys: Iterable[DeclaredKey], *, alias: str) -> dict[str, frozenset[str]]:
    recorded = {
        model._meta.db_table: {field.column for field in model._meta.local_concrete_fields}
        for model in models
        if router.allow_migrate_model(alias, model)
    }
    ends = [(key.table, key.column) for key in keys] + [(key.target_table, key.target_column) for key in keys]
    return {
        table: frozenset(column for name, column in ends if name == table and column in columns)
        for table, columns in recorded.items()
    }
