"""Drops the foreign keys of an atomic migration one by one, before the migration is unapplied.

The migration itself would drop them all in its transaction. Then every table at both of their ends is locked in ACCESS
EXCLUSIVE mode until the last key is gone. One by one, each of these locks lasts about a millisecond. Unapplying the
migration afterwards leaves out the keys that are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import AddConstraint
from psycopg import sql

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.recovery.rollback.report import DroppedKey
from migrations_safety.sql.composition import compose, send


def keys_in_one_transaction(connection: Connection, label: str) -> list[DroppedKey]:
    """Return the existing foreign keys that an atomic migration has added; none where it has added one alone."""
    executor: Any = MigrationExecutor(connection)
    key = tuple(label.split(".", 1))
    migration = executor.loader.graph.nodes[key]
    if not migration.atomic or len(list(_constraints(migration))) < 2:
        return []
    models = executor.loader.project_state(key).apps
    found = []
    for operation in _constraints(migration):
        table = models.get_model(migration.app_label, operation.model_name)._meta.db_table
        asked = {"table": connection.ops.quote_name(table), "name": operation.constraint.name}
        found += rows(connection, "key_drops.existing", asked, DroppedKey)
    return found


def _constraints(migration: Any) -> Iterator[Any]:
    for operation in migration.operations:
        if isinstance(operation, AddConstraint) and isinstance(operation.constraint, ForeignKeyConstraint):
            yield operation


def drop_key(connection: Connection, key: DroppedKey) -> None:
    """Drop a foreign key; the name of its table is SQL already."""
    with connection.cursor() as cursor:
        send(cursor, compose("key_drops.drop", table=sql.SQL(key.table), name=sql.Identifier(key.name)))
