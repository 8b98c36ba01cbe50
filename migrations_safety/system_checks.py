"""`check --database default`: are the declared foreign keys really in the database?

Django can drop a key without a word (a change of the parent's primary key type does), so what the applied
migrations declare is compared with what is there. Keys whose migration is still pending are not missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connections, router
from django.db.migrations.executor import MigrationExecutor

from migrations_safety import catalog
from migrations_safety.declarations import DeclaredKey, declared_keys, managed_models
from migrations_safety.session import settle


def check_declared_keys(*, databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """A warning for each declared key that is missing or has another definition."""
    return [
        message
        for alias in databases or ()
        if connections[alias].vendor == "postgresql"
        for message in _check(connections[alias])
    ]


def _check(connection: Any) -> list[CheckMessage]:
    settle(connection)
    history = catalog.tables(connection, ["django_migrations"]).get("django_migrations")
    if history and not history.may_select:
        return []  # the command that asked for the checks says so
    state = MigrationExecutor(connection)._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined]
    keys = [
        key
        for model in managed_models(state.apps)
        if router.allow_migrate_model(connection.alias, model)
        for key in declared_keys(model)
        if key.name
    ]
    tables = catalog.tables(connection, {name for key in keys for name in (key.table, key.target_table)})
    oids = [table.oid for table in tables.values()]
    there = [key for key in catalog.foreign_keys(connection, oids) if not key.partition]
    by_name = {(one.table_oid, one.name): one for one in there}
    return [message for key in keys for message in _compare(key, tables, by_name)]


def _compare(
    key: DeclaredKey, tables: dict[str, catalog.Table], there: dict[tuple[int, str], catalog.ForeignKey]
) -> list[CheckMessage]:
    table, target = tables.get(key.table), tables.get(key.target_table)
    hint = "python manage.py sqlmigrate prints the statement that adds it; python manage.py precheck counts first."
    if table is None or target is None or (table.oid, str(key.name)) not in there:
        problem = f"The foreign key {key.name} of {key.table} is declared, but is not in the database."
        return [Warning(problem, hint=hint, id="migrations_safety.W001")]
    if difference := key.difference(there[table.oid, str(key.name)], target_oid=target.oid):
        problem = f"The foreign key {key.name} of {key.table} is declared as {difference[0]}, it is {difference[1]}."
        return [Warning(problem, hint=hint, id="migrations_safety.W002")]
    return []
