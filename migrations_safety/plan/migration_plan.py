"""Reads Django: what `migrate` with the same arguments would do on this database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.operations import AddForeignKeyNotValid, ValidateForeignKey
from migrations_safety.plan import rollback_plan
from migrations_safety.plan.baseline import _faked, is_adopted
from migrations_safety.plan.operation_steps import follow
from migrations_safety.plan.planned_changes import (
    AlteredColumn,
    Drop,
    RemovedKey,
    Use,
    altered_columns,
    drops_of,
    indexed_columns,
    uses_of,
)
from migrations_safety.plan.planned_keys import Doubt, as_it_is_now, doubt_of, keys_of, labels
from migrations_safety.plan.planned_migration import PlannedMigration, count_operations, flat, planned
from migrations_safety.plan.rollback import Rollback
from migrations_safety.plan.state_changes import Changes
from migrations_safety.plan.targets import targets
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.declared_models import managed_models


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What would be done.

    `adopted` are baselines whose tables are there already: they are recorded, not run. `keys` are the foreign
    keys that are added, made anew or validated, `unapplied` what is taken back. What is there already has the name
    that it has now, whatever the plan renames. `relied_on` maps each table that must be there already to those of its
    columns that the keys need, `used` is what is altered. `removed` are keys that it takes away first, by table and
    name; `rekeyed` are columns whose keys it drops and makes again; `altered` are columns that it changes, with the
    type and whether they are unique then; `indexed` are columns that get an index of their own. `unsure` are names
    that are needed after code that may free them. `code` counts the operations that run code by kind, `unjudged` all
    others whose locks, rewrites and losses are not looked at. `in_steps` are keys, by app, model and name, that are
    added NOT VALID or validated, while all others are added in one statement. `rollback` is what the way back does.
    """

    adopted: tuple[PlannedMigration, ...]
    migrations: tuple[PlannedMigration, ...]
    operations: dict[str, int]
    keys: tuple[DeclaredKey, ...]
    relied_on: dict[str, frozenset[str]]
    declared_tables: frozenset[str]
    unapplied: tuple[PlannedMigration, ...] = ()
    removed: frozenset[RemovedKey] = frozenset()
    rekeyed: frozenset[tuple[str, str]] = frozenset()
    altered: frozenset[AlteredColumn] = frozenset()
    indexed: frozenset[tuple[str, str]] = frozenset()
    used: tuple[Use, ...] = ()
    dropped: tuple[Drop, ...] = ()
    doubts: dict[DeclaredKey, Doubt] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    code: dict[str, int] = field(default_factory=dict)
    unjudged: dict[str, int] = field(default_factory=dict)
    in_steps: frozenset[tuple[str, str, str]] = frozenset()
    rollback: Rollback = field(default_factory=Rollback)

    @property
    def backwards(self) -> bool:
        """True where migrations are taken back."""
        return bool(self.unapplied)

    @property
    def changes_something(self) -> bool:
        """Whether there is anything to be done."""
        return bool(self.adopted or self.migrations or self.unapplied)

    @property
    def not_judged(self) -> int:
        """How many operations run code, or have locks and losses that nobody judges."""
        on_the_way_back = len({*self.rollback.opaque, *self.rollback.unjudged})
        return sum(self.code.values()) + sum(self.unjudged.values()) + on_the_way_back

    @property
    def creates(self) -> frozenset[str]:
        """The tables that the plan makes."""
        return frozenset(table for migration in self.migrations for table in migration.creates)


def read(
    connection: Connection,
    *,
    app_label: str | None = None,
    migration_name: str | None = None,
    forwards_only: bool = False,
    with_rollback: bool = True,
    fake_initial: bool = False,
) -> Plan:
    """The plan of `migrate [app_label] [migration_name]`; nothing where it goes back and `forwards_only`.

    `fake_initial` as in `migrate`: an initial migration whose tables and columns are there is recorded, not run.
    `with_rollback` False leaves out what the way back does, which takes as long to read as Django takes to go it.

    Raises BaselineIncomplete where a baseline is there in part, CouldNotLook for an unknown app or migration.
    """
    executor: Any = MigrationExecutor(connection)
    steps = _steps(executor, app_label, migration_name)
    pending = [migration for migration, is_backwards in steps if not is_backwards]
    unapplied = [migration for migration, is_backwards in steps if is_backwards and not forwards_only]
    adopted = [migration for migration in pending if is_adopted(connection, migration)]
    if fake_initial:
        adopted += _faked(executor, [one for one in pending if one not in adopted])
    running = [migration for migration in pending if migration not in adopted]
    state = _state_before(executor, adopted)
    before = state.clone().apps
    changes = follow(running, state, alias=connection.alias)
    there = {model._meta.db_table for model in _models_with_migrations(executor, before)}
    new_keys = keys_of(changes, state.apps)
    return Plan(
        adopted=tuple(planned(one, connection.alias) for one in adopted),
        migrations=tuple(_planned(one, connection.alias, changes) for one in running),
        operations=count_operations(running, connection.alias, adding=changes.adding),
        keys=tuple(new_keys),
        relied_on=_relied_on(new_keys, there),
        declared_tables=_declared_tables(before, state.apps),
        unapplied=tuple(planned(one, connection.alias) for one in unapplied),
        doubts={key: doubt for key, one in new_keys.items() if (doubt := doubt_of(one, changes.code))},
        **_changed(changes, before, state.apps),
        in_steps=frozenset(_in_steps(running)),
        rollback=rollback_plan.read(executor, unapplied if with_rollback else ()),
    )


def _in_steps(running: Iterable[Any]) -> Iterator[tuple[str, str, str]]:
    """The keys that operations of ours add NOT VALID or validate: app, model and name."""
    for migration in running:
        for one in flat(migration.operations):
            if isinstance(one, (AddForeignKeyNotValid, ValidateForeignKey)):
                name = one.name if isinstance(one, ValidateForeignKey) else one.constraint.name
                yield migration.app_label, one.model_name.lower(), name


def _changed(changes: Changes, before: Any, after: Any) -> dict[str, Any]:
    """What the plan does beside its keys."""
    return {
        "removed": frozenset(
            RemovedKey(table=table.now, name=name) for table, name in changes.removed if table.now is not None
        ),
        "rekeyed": frozenset((one.table.now, one.now) for one in changes.rekeyed if one.table.now and one.now),
        "altered": frozenset(altered_columns(changes, before, after)),
        "indexed": frozenset(indexed_columns(changes)),
        "used": tuple(uses_of(changes)),
        "dropped": tuple(drops_of(changes)),
        "unsure": {one.name: labels(one.code) for one in (*changes.named_tables, *changes.named_others) if one.code},
        "code": dict(Counter(one.kind for one in changes.code)),
        "unjudged": dict(changes.unjudged),
    }


def _steps(executor: Any, app_label: str | None, migration_name: str | None) -> list[tuple[Any, bool]]:
    """Each migration that the arguments mean, and whether it is taken back."""
    executor.loader.check_consistent_history(executor.connection)
    if conflicts := executor.loader.detect_conflicts():
        named = "; ".join(f"{', '.join(names)} in {app}" for app, names in conflicts.items())
        problem = f"Conflicting migrations detected; multiple leaf nodes in the migration graph: ({named})."
        raise CouldNotLook(problem, hint="To fix them run 'python manage.py makemigrations --merge'")
    return list(executor.migration_plan(targets(executor, app_label, migration_name)))


def _state_before(executor: Any, adopted: Iterable[Any]) -> Any:
    """The models before what runs."""
    state = executor._create_project_state(with_applied_migrations=True)
    for migration in adopted:
        state = migration.mutate_state(state)
    return state


def ends_of(keys: Iterable[DeclaredKey]) -> dict[str, frozenset[str]]:
    """The tables and columns at both ends of keys, less those that are still to be made."""
    keys = tuple(keys)
    there = {name for key in keys for end, name in _tables(key) if end not in key.new}
    return _relied_on(keys, there)


def _models_with_migrations(executor: Any, state_apps: Any) -> list[Any]:
    """Those of apps without migrations may have no table yet: `migrate --run-syncdb` makes it."""
    migrated = executor.loader.migrated_apps
    return [model for model in managed_models(state_apps) if model._meta.app_label in migrated]


def _planned(migration: Any, alias: str, changes: Changes) -> PlannedMigration:
    label = f"{migration.app_label}.{migration.name}"
    tables = [one.name for one in changes.named_tables if one.migration == label]
    others = [one.name for one in changes.named_others if one.migration == label]
    return planned(migration, alias, tables=tables, others=others)


def _declared_tables(before: Any, after: Any) -> frozenset[str]:
    """Those of all apps, by the names that they have before the plan, after it, and in the models."""
    return frozenset(model._meta.db_table for one in (before, after, apps) for model in managed_models(one))


def by_names_of_now(connection: Connection, keys: Iterable[DeclaredKey]) -> list[DeclaredKey]:
    """Keys as the models declare them, their referencing columns by the names from before all that is pending."""
    executor: Any = MigrationExecutor(connection)
    pending = [migration for migration, _ in _steps(executor, None, None)]
    adopted = [migration for migration in pending if is_adopted(connection, migration)]
    running = [migration for migration in pending if migration not in adopted]
    changes = follow(running, _state_before(executor, adopted), alias=connection.alias)
    return [as_it_is_now(key, changes.lineage) for key in keys]


def _tables(key: DeclaredKey) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("table", key.table), ("target_table", key.target_table)


def _relied_on(keys: Iterable[DeclaredKey], there: set[str]) -> dict[str, frozenset[str]]:
    """Both ends of the keys, as far as they are there before the plan."""
    ends: dict[str, set[str]] = {}
    for key in keys:
        for table, column in (("table", "column"), ("target_table", "target_column")):
            name = getattr(key, table)
            if table not in key.new and name in there:
                ends.setdefault(name, set()).update(set() if column in key.new else {getattr(key, column)})
    return {name: frozenset(columns) for name, columns in ends.items()}
