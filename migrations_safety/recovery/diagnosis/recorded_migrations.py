"""Compares the migrations that are recorded with those of the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.postgres.operations import ValidateConstraint
from django.db.backends.base.introspection import TableInfo
from django.db.migrations.exceptions import InconsistentMigrationHistory, NodeNotFoundError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import AddIndex, SeparateDatabaseAndState

from migrations_safety.operations import ValidateForeignKey
from migrations_safety.plan.baseline import is_adopted
from migrations_safety.plan.operation_effects import Elements
from migrations_safety.postgresql.connection import Connection
from migrations_safety.registry import rollback_commands
from migrations_safety.sql import statement

VALIDATIONS = (ValidateForeignKey, ValidateConstraint)
"""The operations that check the older rows of a constraint."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migrations:
    """The migrations, by label (`app.name`)."""

    recorded: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    """Those that `migrate` would run, in its order, without those that it only records."""
    adopted: tuple[str, ...] = ()
    """Those that `migrate` would only record, because their tables are older than the project."""
    gone: tuple[str, ...] = ()
    """Those that are recorded, and for which the code has no file."""
    files: frozenset[str] = frozenset()
    """Those that the code has."""
    waits_for: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For each pending one the pending ones that it depends on, which `migrate --fake` would record, too."""
    validates: frozenset[str] = frozenset()
    """The names of the constraints that pending migrations validate."""
    builds: frozenset[str] = frozenset()
    """The names of the indexes that pending migrations build."""
    problem: str = ""
    """Why `migrate` would refuse to begin, in Django's words; empty where it would not."""


class Graph:
    """Django's executor on a connection; it reads the files of the migrations and `django_migrations` once."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @cached_property
    def executor(self) -> Any:
        """Django's executor. Raises NodeNotFoundError where a migration depends on one that has no file."""
        with _listing_the_record_alone(self.connection):
            return MigrationExecutor(self.connection)

    @cached_property
    def elements(self) -> Elements:
        """What the models have in the database; it remembers what it has read."""
        return Elements(self.connection)

    @cached_property
    def _recorded_state(self) -> Any:
        return self.executor._create_project_state(with_applied_migrations=True)

    def recorded_state(self) -> Any:
        """Return Django's ProjectState after the recorded migrations; the caller may change it."""
        return self._recorded_state.clone()

    def state_before(self, migration: Any) -> Any:
        """Return Django's ProjectState after the recorded migrations and the pending ones before this one."""
        state = self.recorded_state()
        for one in self.plan():
            if one is migration:
                break
            one.mutate_state(state, preserve=False)
        return state

    def plan(self) -> list[Any]:
        """Return the migrations that `migrate` would apply."""
        return [one for one, _ in self.executor.migration_plan(self.executor.loader.graph.leaf_nodes())]

    def migrations(self) -> Migrations:
        """Return what is recorded, pending, and recorded without a file."""
        try:
            loader = self.executor.loader
        except NodeNotFoundError as error:
            return Migrations(problem=str(error))
        applied = [label(*key) for key in loader.applied_migrations]
        known = _known(loader)
        gone = [label(*key) for key in loader.applied_migrations if key not in known]
        problem = self._problem()
        pending = [] if problem else self.plan()
        adopted = [one for one in pending if is_adopted(self.connection, one)]
        return Migrations(
            recorded=tuple(applied),
            pending=tuple(label_of(one) for one in pending if one not in adopted),
            adopted=tuple(map(label_of, adopted)),
            gone=tuple(gone),
            files=frozenset(label(*key) for key in loader.disk_migrations),
            waits_for=self._waits_for(pending),
            validates=frozenset(one.name for one in _operations(pending) if isinstance(one, VALIDATIONS)),
            builds=frozenset(one.index.name for one in _operations(pending) if isinstance(one, AddIndex)),
            problem=problem,
        )

    def _waits_for(self, pending: Sequence[Any]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for one in pending:  # in their order, so that what a migration depends on comes before it
            node = self.executor.loader.graph.node_map[one.app_label, one.name]
            parents = [each for each in sorted(label(*parent.key) for parent in node.parents) if each in found]
            found[label_of(one)] = tuple(dict.fromkeys([*(up for each in parents for up in found[each]), *parents]))
        return found

    def before(self, labels: Iterable[str]) -> list[tuple[str, str]]:
        """Return, for each app of these migrations, the migration to go back to; the app that depends comes first.

        An app is left out where the rollback command of another app unapplies its migrations.
        """
        graph = self.executor.loader.graph
        firsts: dict[str, str] = {}
        for one in labels:
            app, _, name = one.partition(".")
            if (app, name) in graph.nodes and (app, name) in self.executor.loader.applied_migrations:
                firsts.setdefault(app, name)
        ways = [(app, self._parent(app, name)) for app, name in reversed(firsts.items())]
        own = [app for app, parent in ways if parent == "zero" and app in rollback_commands()]
        reached = {key for app in own for key in graph.backwards_plan((app, firsts[app])) if key[0] != app}
        ways = [(app, parent) for app, parent in ways if (app, firsts[app]) not in reached]
        known = _known(self.executor.loader)
        gone = {key[0] for key in self.executor.loader.applied_migrations if key not in known}
        return [(app, self._last(app)) for app in sorted(gone)] + [way for way in ways if way[0] not in gone]

    def _last(self, app: str) -> str:
        """Return the last recorded migration of an app that has a file."""
        loader = self.executor.loader
        names = sorted(key[1] for key in loader.applied_migrations if key[0] == app and key in loader.graph.nodes)
        return names[-1] if names else "zero"

    def _parent(self, app: str, name: str) -> str:
        parents = [key for key in self.executor.loader.graph.node_map[app, name].parents if key[0] == app]
        return str(parents[0][1]) if parents else "zero"

    def _problem(self) -> str:
        loader = self.executor.loader
        try:
            with _listing_the_record_alone(self.connection):
                loader.check_consistent_history(self.connection)
        except InconsistentMigrationHistory as error:
            return str(error)
        conflicts = loader.detect_conflicts()
        named = "; ".join(f"{', '.join(sorted(names))} in {app}" for app, names in sorted(conflicts.items()))
        return f"Conflicting migrations: {named}." if named else ""


@contextmanager
def _listing_the_record_alone(connection: Connection) -> Iterator[None]:
    """Let Django ask for `django_migrations` alone: to know whether it exists it lists all tables, again and again."""
    introspection = connection.introspection

    def record_alone(cursor: Any) -> list[TableInfo]:
        cursor.execute(statement("recorded_migrations.record"))
        return [TableInfo(name, "t") for (name,) in cursor.fetchall()]

    outside = vars(introspection).get("get_table_list")  # that of a command which looks inside of its own work
    introspection.get_table_list = record_alone
    try:
        yield
    finally:
        del introspection.get_table_list
        if outside:
            introspection.get_table_list = outside


def _operations(migrations: Iterable[Any]) -> Iterator[Any]:
    for migration in migrations:
        yield from _flat(migration.operations)


def _flat(operations: Iterable[Any]) -> Iterator[Any]:
    for one in operations:
        if isinstance(one, SeparateDatabaseAndState):
            yield from _flat(one.database_operations)
        else:
            yield one


def _known(loader: Any) -> set[tuple[str, str]]:
    """The migrations that have a file, and those that a squashed one replaces."""
    replaced = {key for one in loader.disk_migrations.values() for key in one.replaces}
    unmigrated = {key for key in loader.applied_migrations if key[0] not in loader.migrated_apps}
    return {*loader.disk_migrations, *replaced} | unmigrated


def label(app: str, name: str) -> str:
    """Return the label of a migration."""
    return f"{app}.{name}"


def label_of(migration: Any) -> str:
    """Return the label of a Migration."""
    return label(migration.app_label, migration.name)
