"""Reads Django: what `migrate` with the same arguments would do on this database."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import router
from django.db.migrations.exceptions import AmbiguityError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import (
    AddConstraint,
    AddIndex,
    CreateModel,
    RemoveConstraint,
    SeparateDatabaseAndState,
)

from migrations_safety import catalog
from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.declarations import DeclaredKey, declared_keys, managed_models
from migrations_safety.operations import CreateEnum, ValidateForeignKey
from migrations_safety.refusals import BaselineIncomplete, CouldNotLook

KINDS = ("create_enum", "create_table", "create_index", "add_foreign_key", "validate_foreign_key", "other")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedMigration:
    """One pending migration; `creates` are the tables, `enums` the enums that it makes.

    `checksum` is the SHA-256 of the file that it stands in. A baseline is one that may be adopted instead of run.
    """

    app: str
    name: str
    atomic: bool
    creates: tuple[str, ...]
    enums: tuple[CreateEnum, ...]
    checksum: str
    is_baseline: bool

    @property
    def label(self) -> str:
        """`patients.0001_initial`."""
        return f"{self.app}.{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What would be done.

    `adopted` are baselines whose tables are there already: they are recorded, not run. `keys` are the foreign
    keys that are added or validated, `unapplied` what is taken back. `relied_on` maps each table that must be
    there already to those of its columns that the keys need. `removed` are keys that it takes away first, by
    table and name.
    """

    adopted: tuple[PlannedMigration, ...]
    migrations: tuple[PlannedMigration, ...]
    operations: dict[str, int]
    keys: tuple[DeclaredKey, ...]
    relied_on: dict[str, frozenset[str]]
    declared_tables: frozenset[str]
    unapplied: tuple[PlannedMigration, ...] = ()
    removed: frozenset[tuple[str, str | None]] = frozenset()

    @property
    def backwards(self) -> bool:
        """True where migrations are taken back."""
        return bool(self.unapplied)

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
        return [(app_label, executor.loader.get_migration_by_prefix(app_label, migration_name).name)]
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
    executor.loader.check_consistent_history(connection)
    steps = executor.migration_plan(targets(executor, app_label, migration_name))
    if forwards_only:
        steps = [step for step in steps if not step[1]]
    pending = [migration for migration, is_backwards in steps if not is_backwards]
    adopted = [migration for migration in pending if is_adopted(connection, migration)]
    running = [migration for migration in pending if migration not in adopted]

    state = executor._create_project_state(with_applied_migrations=True)
    for migration in adopted:
        state = migration.mutate_state(state)
    before = state.clone().apps
    for migration in running:
        state = migration.mutate_state(state)
    after = state.apps
    keys = tuple(_keys(before, after, running))
    return Plan(
        adopted=tuple(map(_planned, adopted)),
        migrations=tuple(map(_planned, running)),
        operations=count_operations(running),
        keys=keys,
        relied_on=_relied_on(before, keys, alias=connection.alias),
        declared_tables=frozenset(model._meta.db_table for model in managed_models(after)),
        unapplied=tuple(_planned(migration) for migration, is_backwards in steps if is_backwards),
        removed=frozenset(_removed(before, running)),
    )


def of_references(keys: Iterable[DeclaredKey], *, pending: Plan | None = None) -> Plan:
    """A plan that does nothing but stand on these keys: what is looked at where nothing is to be migrated.

    Both ends of each key must be there, less what `pending` is still to make.
    """
    keys = tuple(keys)
    to_come = pending.creates if pending else frozenset()
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


def count_operations(migrations: Iterable[Any]) -> dict[str, int]:
    """How many operations of each of `KINDS` the migrations run on the database."""
    counts: Counter[str] = Counter()
    for migration in migrations:
        for operation in _flat(migration.operations):
            counts.update(_kinds(operation))
    return {kind: counts[kind] for kind in KINDS}


def _flat(operations: Iterable[Any]) -> Iterator[Any]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _kinds(operation: Any) -> dict[str, int]:
    if isinstance(operation, CreateModel):
        return _kinds_of_model(operation)
    if isinstance(operation, CreateEnum):
        return {"create_enum": 1}
    if isinstance(operation, AddIndex):
        return {"create_index": 1}
    if isinstance(operation, AddConstraint) and isinstance(operation.constraint, ForeignKeyConstraint):
        return {"add_foreign_key": 1}
    if isinstance(operation, ValidateForeignKey):
        return {"validate_foreign_key": 1}
    return {"other": 1}


def _kinds_of_model(operation: CreateModel) -> dict[str, int]:
    if operation.options.get("proxy") or not operation.options.get("managed", True):
        return {}
    fields: list[Any] = [field for _, field in operation.fields]
    keys = [one for one in operation.options.get("constraints", ()) if isinstance(one, ForeignKeyConstraint)]
    own_keys = [field for field in fields if makes_its_own_key(field)]
    own_indexes = [field for field in fields if field.db_index and not field.primary_key]
    return {
        "create_table": 1 + sum(1 for field in fields if field.many_to_many),
        "create_index": len(operation.options.get("indexes", ())) + len(own_indexes),
        "add_foreign_key": len(keys) + len(own_keys),
    }


def _planned(migration: Any) -> PlannedMigration:
    operations = list(_flat(migration.operations))
    created = [one for one in operations if isinstance(one, CreateModel) and _kinds_of_model(one)]
    return PlannedMigration(
        app=migration.app_label,
        name=migration.name,
        atomic=migration.atomic,
        creates=tuple(one.options.get("db_table") or f"{migration.app_label}_{one.name.lower()}" for one in created),
        enums=tuple(one for one in operations if isinstance(one, CreateEnum)),
        checksum=sha256(Path(inspect.getfile(type(migration))).read_bytes()).hexdigest(),
        is_baseline=hasattr(migration, "adopts"),
    )


def _keys(before: Any, after: Any, running: Iterable[Any]) -> Iterator[DeclaredKey]:
    known = {(key.table, key.column, key.name) for model in managed_models(before) for key in declared_keys(model)}
    validated = {
        (migration.app_label, operation.model_name.lower(), operation.name)
        for migration in running
        for operation in _flat(migration.operations)
        if isinstance(operation, ValidateForeignKey)
    }
    for model in managed_models(after):
        for key in declared_keys(model):
            is_new = (key.table, key.column, key.name) not in known
            if is_new or (key.app_label, key.model_name, key.name) in validated:
                yield key


def _removed(before: Any, running: Iterable[Any]) -> Iterator[tuple[str, str | None]]:
    names = {
        (migration.app_label, operation.model_name_lower, operation.name)
        for migration in running
        for operation in _flat(migration.operations)
        if isinstance(operation, RemoveConstraint)
    }
    for model in managed_models(before):
        for key in declared_keys(model):
            if (key.app_label, key.model_name, key.name) in names:
                yield key.table, key.name


def _relied_on(before: Any, keys: Iterable[DeclaredKey], *, alias: str) -> dict[str, frozenset[str]]:
    recorded = {
        model._meta.db_table: {field.column for field in model._meta.local_concrete_fields}
        for model in managed_models(before)
        if router.allow_migrate_model(alias, model)
    }
    ends = [(key.table, key.column) for key in keys] + [(key.target_table, key.target_column) for key in keys]
    return {
        table: frozenset(column for name, column in ends if name == table and column in columns)
        for table, columns in recorded.items()
    }
