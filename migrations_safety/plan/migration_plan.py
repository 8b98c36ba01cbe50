"""Reads from Django what `migrate` with the same arguments would do on this database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.apps import apps
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.plan import rollback_plan
from migrations_safety.plan.applied_schema import AppliedSchema
from migrations_safety.plan.irreversible import IrreversibleOperation, irreversible_operations
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
from migrations_safety.plan.planned_steps import PlannedSteps
from migrations_safety.plan.rollback import Rollback
from migrations_safety.plan.running_release import RunningRelease, running_release
from migrations_safety.plan.state_changes import Changes
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.declared_models import managed_models


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan(PlannedSteps):
    """What `migrate` would do. Existing tables and columns appear under the names that they have before the plan."""

    operations: dict[str, int]
    """The number of operations of each kind in these migrations; the kinds are `planned_migration.KINDS`."""
    keys: tuple[DeclaredKey, ...]
    """Foreign keys that are added, dropped and added again, or validated."""
    relied_on: dict[str, frozenset[str]]
    """The name of each table that must exist for `keys`, with the names of its columns that must exist."""
    declared_tables: frozenset[str]
    """Names of the tables of all models: as they are before the plan, after the plan, and in the installed code."""
    removed: frozenset[RemovedKey] = frozenset()
    """Foreign keys that are dropped."""
    rekeyed: frozenset[ColumnName] = frozenset()
    """Columns whose foreign key Django itself makes, and drops and adds again."""
    altered: frozenset[AlteredColumn] = frozenset()
    """Columns that get another type, or become unique or stop being so."""
    indexed: frozenset[ColumnName] = frozenset()
    """Columns that become the first column of a new index."""
    used: tuple[Use, ...] = ()
    """Tables and columns that must exist because operations alter or drop them."""
    dropped: tuple[Drop, ...] = ()
    """Tables and columns that are dropped."""
    doubts: dict[DeclaredKey, Doubt] = field(default_factory=dict)
    """Foreign keys whose number of orphans may change between the count and the ALTER TABLE, with the reason."""
    unsure: dict[str, str] = field(default_factory=dict)
    """Names that must be free, and that RunPython or RunSQL of the plan may free. The value has the labels of the
    migrations with that code, separated by commas."""
    code: dict[str, int] = field(default_factory=dict)
    """How many operations of each kind run code (RunPython, RunSQL, operations of other packages)."""
    unjudged: dict[str, int] = field(default_factory=dict)
    """How many operations of each other kind change existing tables in a way that no check judges."""
    in_steps: frozenset[KeyName] = frozenset()
    """Foreign keys that an operation of this package adds NOT VALID or validates. Any other foreign key is added in one
    statement, which scans the table."""
    rollback: Rollback = field(default_factory=Rollback)
    """What the rollback of `unapplied` does to the database."""
    running_release: RunningRelease = field(default_factory=RunningRelease)
    """What the migrations that run mean for the release that is running."""
    irreversible: tuple[IrreversibleOperation, ...] = ()
    """Operations of `migrations` that have no reverse."""
    applied: AppliedSchema | None = None
    """The tables that the applied migrations have made."""

    @property
    def backwards(self) -> bool:
        """Whether `migrate` rolls migrations back."""
        return bool(self.unapplied)

    @property
    def not_judged(self) -> int:
        """The number of operations that run code, or that take locks or lose data in a way that no check judges."""
        in_rollback = len({*self.rollback.opaque, *self.rollback.unjudged})
        return sum(self.code.values()) + sum(self.unjudged.values()) + in_rollback

    def without(self, labels: Container[str]) -> Plan:
        """Return the plan without the migrations of these labels, as far as it is told by migration."""
        left = tuple(one for one in self.migrations if one.label not in labels)
        counts = Counter(dict.fromkeys(self.operations, 0))
        for migration in left:
            counts.update(migration.operations)
        return replace(
            self,
            adopted=tuple(one for one in self.adopted if one.label not in labels),
            migrations=left,
            unapplied=tuple(one for one in self.unapplied if one.label not in labels),
            operations=dict(counts),
        )

    @property
    def creates(self) -> frozenset[str]:
        """Names of the tables that the plan creates."""
        return frozenset(table for migration in self.migrations for table in migration.creates)


@dataclass(frozen=True, kw_only=True, slots=True)
class _States:
    """The models before and after the migrations that run (Django's StateApps), and the changes in between."""

    before: Any
    after: Any
    changes: Changes


def read(
    connection: Connection,
    *,
    app_label: str | None = None,
    migration_name: str | None = None,
    fake_initial: bool = False,
) -> Plan:
    """Return the plan of `migrate [app_label] [migration_name]`; nothing is changed in the database.

    With `fake_initial=True`, as in `migrate`, an initial migration whose tables and columns exist is recorded as
    applied and does not run. Reading the rollback takes about half as long as the rollback itself.

    Raises BaselineIncomplete where only a part of a baseline's tables exists. Raises CouldNotLook for an unknown app or
    migration, and for conflicting migrations.
    """
    executor: Any = MigrationExecutor(connection)
    pending = pending_migrations(executor, app_label, migration_name, fake_initial=fake_initial)
    return _plan(executor, pending, _states(executor, pending), rollback_plan.read(executor, pending.unapplied))


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
        running_release=running_release(changes),
        irreversible=irreversible_operations(pending.running),
        applied=AppliedSchema(executor, states.before),
    )


def by_names_in_database(connection: Connection, keys: Iterable[DeclaredKey]) -> list[DeclaredKey]:
    """The same foreign keys, with the names that table and column have before all pending migrations.

    The models declare the names that exist after these migrations.
    """
    executor: Any = MigrationExecutor(connection)
    pending = pending_migrations(executor)
    changes = follow(pending.running, pending.state_before_running(executor), alias=connection.alias)
    return [by_current_names(key, changes.lineage) for key in keys]


def follow_models(connection: Connection, app_label: str | None = None, migration_name: str | None = None) -> None:
    """Raise the error of an operation that does not fit the models, before any migration of the plan is applied."""
    executor: Any = MigrationExecutor(connection)
    pending = pending_migrations(executor, app_label, migration_name)
    follow(pending.running, pending.state_before_running(executor), alias=connection.alias)


def _states(executor: Any, pending: PendingMigrations) -> _States:
    """The models before and after all migrations that run, and the changes in between."""
    # The checks look at existing tables, whose names the plan may change. A comparison of the models before and after
    # the plan would take a rename for a drop and a creation. It would also take a new table for a dropped one of the
    # same name. So each operation is followed on `ModelState`s. To render the models after each operation would take as
    # long as `migrate` itself, so they are rendered only before and after the plan, to read types and declared keys.
    state = pending.state_before_running(executor)
    before = state.clone().apps if pending.running else state.apps
    changes = follow(pending.running, state, alias=executor.connection.alias)
    return _States(before=before, after=state.apps, changes=changes)


def _with_names(migration: Any, alias: str, changes: Changes) -> PlannedMigration:
    """The migration as a value, with the names that it gives to tables and indexes and that must be free."""
    label = str(migration)
    tables = [use.name for use in changes.table_names if use.migration == label]
    others = [use.name for use in changes.other_names if use.migration == label]
    counts = count_operations([migration], alias, adding=changes.adding)
    return planned(migration, alias, tables=tables, others=others, counts=counts)


def _migrated_tables(executor: Any, state_apps: Any) -> set[str]:
    """Names of the tables of apps with migrations. Tables of other apps may not exist until `migrate --run-syncdb`."""
    migrated = executor.loader.migrated_apps
    return {model._meta.db_table for model in managed_models(state_apps) if model._meta.app_label in migrated}


def _declared_tables(*registries: Any) -> frozenset[str]:
    return frozenset(model._meta.db_table for registry in registries for model in managed_models(registry))


def _unsure_names(changes: Changes) -> dict[str, str]:
    return {use.name: labels(use.code) for use in (*changes.table_names, *changes.other_names) if use.code}
