"""Baselines: migrations whose tables are there already, so that they are recorded and not run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migrations_safety.messages.refusals.tables import BaselineIncomplete
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection


def _faked(executor: Any, pending: Iterable[Any]) -> list[Any]:
    """Those that Django takes for applied with `--fake-initial`."""
    faked, state = [], executor._create_project_state(with_applied_migrations=True)
    for migration in pending:
        is_applied, _ = executor.detect_soft_applied(state, migration)
        if is_applied:
            faked.append(migration)
        state = migration.mutate_state(state)
    return faked


def is_adopted(connection: Connection, migration: Any) -> bool:
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
