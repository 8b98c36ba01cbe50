"""Reads from Django what `migrate` with the same arguments would do on this database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.apps import apps
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.plan import rollback_plan
from migrations_safety.plan.lineage import ColumnName
from migrations_safety.plan.operation_steps import follow
from migrations_safety.plan.pending_migrations import PendingMigrations, pending_migrations
from migrations_safety.plan.planned_changes import (
    AlteredColumn,
    Drop,
    RemovedKey,
    Use,
    altered_columns,
    drops_of,
    indexed_columns,
    rekeyed_columns,
    removed_keys,
    uses_of,
)
from migrations_safety.plan.planned_keys import (
    Doubt,
    KeyName,
    by_current_names,
    doubts_of,
    ends_of,
    keys_in_steps,
    keys_of,
    labels,
)
from migrations_safety.plan.planned_migration import PlannedMigration, count_operations, planned
from migrations_safety.plan.rollback import Rollback
from migrations_safety.plan.state_changes import Changes
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.declared_models import managed_models


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What `migrate` would do. Existing tables and columns have their names in the database, whatever it renames."""

    adopted: tuple[PlannedMigration, ...]
    """Baselines whose tables exist: they are recorded as applied, not run."""
    migrations: tuple[PlannedMigration, ...]
    """Migrations that are run, in their order."""
    operations: dict[str, int]
    """How many operations of each of `planned_migration.KINDS` they have."""
    keys: tuple[DeclaredKey, ...]
    """Foreign keys that are added, dropped and added again, or validated."""
    relied_on: dict[str, frozenset[str]]
    """Each table that must exist for the keys, with its columns that must exist."""
    declared_tables: frozenset[str]
    """Tables of all models, by their names before the plan, after it, and in the code."""
    unapplied: tuple[PlannedMigration, ...] = ()
    """Migrations that are rolled back, in their order."""
    removed: frozenset[RemovedKey] = frozenset()
    """Keys that are dropped."""
    rekeyed: frozenset[ColumnName] = frozenset()
    """Columns whose key, one that Django makes, is dropped and added again."""
    altered: frozenset[AlteredColumn] = frozenset()
    """Columns that get another type, or become unique or stop being so."""
    indexed: frozenset[ColumnName] = frozenset()
    """Columns that get an index which leads with them."""
    used: tuple[Use, ...] = ()
    """Tables and columns that must exist because operations alter or drop them."""
    dropped: tuple[Drop, ...] = ()
    """Tables and columns that are dropped."""
    doubts: dict[DeclaredKey, Doubt] = field(default_factory=dict)
    """Keys whose orphans may change between a count and the key, with the reason."""
    unsure: dict[str, str] = field(default_factory=dict)
    """Names that must be free and that code of the plan may free, with the labels of its migrations."""
    code: dict[str, int] = field(default_factory=dict)
    """How many operations of each kind run code (RunPython, RunSQL, operations of other packages)."""
    unjudged: dict[str, int] = field(default_factory=dict)
    """How many operations of each other kind change existing tables in a way that no check judges."""
    in_steps: frozenset[KeyName] = frozenset()
    """Keys that are added NOT VALID or validated. All others are added in one statement, which scans the table."""
    rollback: Rollback = field(default_factory=Rollback)
    """What rolling back the unapplied migrations does."""

    @property
    def backwards(self) -> bool:
        """Whether migrations are rolled back."""
        return bool(self.unapplied)

    @property
    def changes_something(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.adopted or self.migrations or self.unapplied)

    @property
    def not_judged(self) -> int:
        """How many operations run code, or take locks and lose data in a way that no check judges."""
        in_rollback = len({*self.rollback.opaque, *self.rollback.unjudged})
        return sum(self.code.values()) + sum(self.unjudged.values()) + in_rollback

    @property
    def creates(self) -> frozenset[str]:
        """The tables that the plan creates."""
        return frozenset(table for migration in self.migrations for table in migration.creates)


@dataclass(frozen=True, kw_only=True, slots=True)
class _States:
    """The models before and after the migrations that run, as Django's `apps`, and what changes between the two."""

    before: Any
    after: Any
    changes: Changes


def read(
    connection: Connection,
    *,
    app_label: str | None = None,
    migration_name: str | None = None,
    forwards_only: bool = False,
    with_rollback: bool = True,
    fake_initial: bool = False,
) -> Plan:
    """The plan of `migrate [app_label] [migration_name]`.

    `forwards_only` leaves out what it would roll back. `with_rollback=False` names the migrations that it rolls back,
    but leaves `Plan.rollback` empty, which takes as long to read as Django takes to roll back.
    With `fake_initial`, as in `migrate`, an initial migration whose tables and columns exist is recorded, not run.

    Raises BaselineIncomplete where a baseline is there in part, CouldNotLook for an unknown app or migration.
    """
    executor: Any = MigrationExecutor(connection)
    pending = pending_migrations(executor, app_label, migration_name, fake_initial=fake_initial)
    if forwards_only:
        pending = replace(pending, unapplied=[])
    states = _states(executor, pending)
    return _plan(executor, pending, states, rollback_plan.read(executor, pending.unapplied if with_rollback else ()))


def _plan(executor: Any, pending: PendingMigrations, states: _States, rollback: Rollback) -> Plan:
    changes, alias = states.changes, executor.connection.alias
    keys = keys_of(changes, states.after)
    return Plan(
        adopted=tuple(planned(migration, alias) for migration in pending.adopted),
        migrations=tuple(_with_names(migration, alias, changes) for migration in pending.running),
        operations=count_operations(pending.running, alias, adding=changes.adding),
        keys=tuple(keys),
        relied_on=ends_of(keys, among=_migrated_tables(executor, states.before)),
        declared_tables=_declared_tables(states.before, states.after, apps),
        unapplied=tuple(planned(migration, alias) for migration in pending.unapplied),
        removed=frozenset(removed_keys(changes)),
        rekeyed=frozenset(rekeyed_columns(changes)),
        altered=frozenset(altered_columns(changes, states.before, states.after)),
        indexed=frozenset(indexed_columns(changes)),
        used=tuple(uses_of(changes)),
        dropped=tuple(drops_of(changes)),
        doubts=doubts_of(keys, changes.code),
        unsure=_unsure_names(changes),
        code=dict(Counter(code.kind for code in changes.code)),
        unjudged=dict(changes.unjudged),
        in_steps=frozenset(keys_in_steps(pending.running)),
        rollback=rollback,
    )


def by_names_in_database(connection: Connection, keys: Iterable[DeclaredKey]) -> list[DeclaredKey]:
    """Keys as the models declare them, with their referencing columns by the names before all pending migrations."""
    executor: Any = MigrationExecutor(connection)
    pending = pending_migrations(executor)
    changes = follow(pending.running, pending.state_before_running(executor), alias=connection.alias)
    return [by_current_names(key, changes.lineage) for key in keys]


def _states(executor: Any, pending: PendingMigrations) -> _States:
    """The models that are applied or adopted, those after all migrations that run, and the way between the two."""
    # The checks look at existing tables, whose names the plan may change. Comparing the models at both ends would take
    # a rename for a drop and a creation, and a name that is dropped and used again for the same table. So each
    # operation is followed, on `ModelState`s: rendering the models after each one takes as long as `migrate` itself.
    # They are rendered at the two ends only, where types and declared keys are read.
    state = pending.state_before_running(executor)
    before = state.clone().apps
    changes = follow(pending.running, state, alias=executor.connection.alias)
    return _States(before=before, after=state.apps, changes=changes)


def _with_names(migration: Any, alias: str, changes: Changes) -> PlannedMigration:
    """A migration with the names that it gives and that must be free."""
    label = f"{migration.app_label}.{migration.name}"
    tables = [use.name for use in changes.table_names if use.migration == label]
    others = [use.name for use in changes.other_names if use.migration == label]
    return planned(migration, alias, tables=tables, others=others)


def _migrated_tables(executor: Any, state_apps: Any) -> set[str]:
    """The tables of apps with migrations; those of other apps may not exist until `migrate --run-syncdb`."""
    migrated = executor.loader.migrated_apps
    return {model._meta.db_table for model in managed_models(state_apps) if model._meta.app_label in migrated}


def _declared_tables(*registries: Any) -> frozenset[str]:
    return frozenset(model._meta.db_table for registry in registries for model in managed_models(registry))


def _unsure_names(changes: Changes) -> dict[str, str]:
    return {use.name: labels(use.code) for use in (*changes.table_names, *changes.other_names) if use.code}
