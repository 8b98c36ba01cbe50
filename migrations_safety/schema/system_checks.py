"""Adds a check to `manage.py check --database default`: are the declared foreign keys in the database?

Django can drop a foreign key silently, for example when the type of the parent's primary key changes. So the foreign
keys that the applied migrations declare, by a `ForeignKeyConstraint` or a `ForeignKey`, are compared with those that
exist. A foreign key whose migration is still pending is not reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connections, router, transaction
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.messages.errors import explain
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.relations import ForeignKey, Table
from migrations_safety.postgresql.target import connect
from migrations_safety.schema.declared_keys import DeclaredKey, declared_keys
from migrations_safety.schema.declared_models import managed_models
from migrations_safety.schema.existing_keys import PARTITIONS_TAKE_NOT_VALID
from migrations_safety.schema.routing import kept_out
from migrations_safety.sql.identifiers import qualify_if_needed, quote_identifier


def check_declared_keys(*, databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Return a warning for each declared foreign key that is missing or has another definition.

    Where the foreign keys of a database cannot be compared, there is one warning that says why.
    """
    return [
        message
        for alias in databases or ()
        if connections[alias].vendor == "postgresql"
        for message in _look(connection_of(alias))
    ]


def _look(connection: Connection) -> list[CheckMessage]:
    """Return the warnings for one database.

    The check runs inside other commands, so an error becomes a warning and does not end them.
    """
    try:
        with transaction.atomic(using=connection.alias):
            return list(_check(connection))
    except Exception as error:
        reason, hint = explain(error)
        problem = f'The foreign keys of the database "{connection.alias}" were not compared: {reason}'
        return [Warning(problem, hint=hint or None, id="migrations_safety.W003")]


def _check(connection: Connection) -> Iterator[CheckMessage]:
    target = connect(connection)
    catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
    executor: Any = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    state = executor._create_project_state(with_applied_migrations=True)
    models = [one for one in managed_models(state.apps) if router.allow_migrate_model(connection.alias, one)]
    away = kept_out(connection.alias)  # a foreign key to these tables leads to another schema
    keys = [(model, key) for model in models for key in declared_keys(model) if key.target_table not in away]
    tables = catalog.tables(connection, {name for _, key in keys for name in key.tables})
    there = catalog.foreign_keys(connection, [table.oid for table in tables.values()])
    for model, key in keys:
        table, parent = tables.get(key.table), tables.get(key.target_table)
        own = [one for one in there if table and one.table_oid == table.oid]
        if table is None or parent is None:
            yield _missing(key, f"The table {key.target_table if table else key.table} does not exist either.")
        elif not _is_added_by_partition(connection, key, table, own, target_oid=parent.oid):
            in_steps = not table.is_partitioned or connection.pg_version >= PARTITIONS_TAKE_NOT_VALID
            name = _name(connection, model, key)
            how: dict[str, Any] = {"in_steps": in_steps, "schema": target.schema}
            yield from _compare(key, name, own, target_oid=parent.oid, **how)


def _compare(
    key: DeclaredKey, name: str, own: list[ForeignKey], *, target_oid: int, in_steps: bool, schema: str
) -> Iterator[CheckMessage]:
    how: dict[str, Any] = {"in_steps": in_steps, "schema": schema}
    found = key.standing([one for one in own if not one.partition], target_oid=target_oid)
    if found is None:
        yield _missing(key, _statement(key, name, **how))
    elif key.differing_fields(found, target_oid=target_oid):
        there = key.definition_of(found, target_oid=target_oid)
        problem = f"The foreign key {_named(key)} is declared as {key.definition}, but is {there}."
        drop = f"DROP CONSTRAINT {quote_identifier(found.name)}, "
        yield Warning(problem, hint=_statement(key, found.name, drop=drop, **how), id="migrations_safety.W002")


def _is_added_by_partition(
    connection: Connection, key: DeclaredKey, table: Table, own: list[ForeignKey], *, target_oid: int
) -> bool:
    """Whether every partition has the foreign key and only the table itself still lacks it.

    Before PostgreSQL 18, AddForeignKeyNotValid adds it to each partition and ValidateForeignKey to the table.
    """
    if not table.is_partitioned or key.name is None:
        return False
    named = [one for one in own if one.name == key.name]
    having = {one.partition for one in named if not key.differing_fields(one, target_oid=target_oid)}
    leaves = [part for part in catalog.physical_tables(connection, [table.name])[table.name] if not part.is_partitioned]
    return "" not in having and len(having) == len(leaves) > 0


def _missing(key: DeclaredKey, hint: str) -> CheckMessage:
    problem = f"The foreign key {_named(key)} is declared, but is not in the database."
    return Warning(problem, hint=hint, id="migrations_safety.W001")


def _named(key: DeclaredKey) -> str:
    return f"{key.name} of {key.table}" if key.name else f"of {key.subject} to {key.target_table}"


def _name(connection: Connection, model: Any, key: DeclaredKey) -> str:
    """Return the declared name of the foreign key, or the one that Django would choose."""
    if key.name is not None:
        return key.name
    field = next(field for field in model._meta.local_concrete_fields if field.column == key.column)
    name = str(connection.schema_editor()._fk_constraint_name(model, field, "_fk_%(to_table)s_%(to_column)s"))
    return name[1:-1].replace('""', '"')


def _statement(key: DeclaredKey, name: str, *, schema: str, **how: Any) -> str:
    table, target = (qualify_if_needed(one, schema=schema) for one in key.tables)
    return key.statement(name, table=table, target=target, **how)
