"""Baselines: migrations that describe existing tables. `migrate` records a baseline as applied and does not run it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migrations_safety.messages.refusals.tables import BaselineIncomplete
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection


def soft_applied(executor: Any, pending: Iterable[Any]) -> list[Any]:
    """The initial migrations of `pending` that `migrate --fake-initial` records as applied and does not run."""
    found, state = [], executor._create_project_state(with_applied_migrations=True)
    for migration in pending:
        is_applied, _ = executor.detect_soft_applied(state, migration)
        if is_applied:
            found.append(migration)
        state = migration.mutate_state(state)
    return found


def is_adopted(connection: Connection, migration: Any) -> bool:
    """Whether the database has all tables and columns that the migration lists in `adopts`.

    False for a migration without `adopts`, and where none of the listed tables exists. Raises BaselineIncomplete, which
    names the missing tables and columns, where only some of them exist.
    """
    relied_on = getattr(migration, "adopts", None)
    if not relied_on:
        return False
    existing = catalog.tables(connection, relied_on)
    if not existing:
        return False
    columns = catalog.columns(connection, [table.oid for table in existing.values()])
    missing = [f"the table {table}" for table in relied_on if table not in existing]
    for name, table in existing.items():
        missing += [f'{name}."{column}"' for column in relied_on[name] if column not in columns[table.oid]]
    if missing:
        raise BaselineIncomplete(migration=str(migration), missing=", ".join(missing))
    return True
