"""Runs one command of the project on the copy, in a process of its own.

It is `python -m migrations_safety.recovery.rehearsal.child COMMAND …`, in the environment that `steps` makes.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import psycopg
from django.core.management import execute_from_command_line
from django.db.backends.signals import connection_created
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.measurement.child import end_with
from migrations_safety.measurement.closed_network import close_network
from migrations_safety.postgresql.connection_gate import go_through
from migrations_safety.recovery.rehearsal.guard import GuardedConnect, Identity, refuse_outside

TASK = "MIGRATIONS_SAFETY_REHEARSAL"
"""The variable of the environment with what the process has to know, as JSON."""


def main() -> None:
    """Close every way out of the copy, then run the command of the command line."""
    task = json.loads(os.environ.pop(TASK))
    if task["gate"] is not None:
        go_through(task["gate"])  # before there are threads
    end_with(os.getppid())
    where = {key: str(task["where"][key]) for key in ("name", "host", "port")}
    psycopg.generators.connect = GuardedConnect(psycopg.generators.connect, **where)
    _look_before_each_migration(Identity(**task["identity"]))
    connection_created.connect(_guard(task), weak=False)
    if task["closes_network"]:
        close_network()
    execute_from_command_line(["manage.py", *sys.argv[1:]])


def _guard(task: dict[str, Any]) -> Any:
    expected = Identity(**task["identity"])

    def guard(connection: Any, **_: Any) -> None:
        expected.refuse_other(connection.connection)
        if not any(isinstance(one, _Statements) for one in connection.execute_wrappers):
            connection.execute_wrappers.insert(0, _Statements(is_shared=task["is_shared"]))

    return guard


class _Statements:
    """Looks at each statement of Django's connections before it is sent."""

    def __init__(self, *, is_shared: bool) -> None:
        self.is_shared = is_shared

    def __call__(self, execute: Any, query: Any, parameters: Any, many: bool, context: Any) -> Any:
        refuse_outside(query, is_shared=self.is_shared)
        return execute(query, parameters, many, context)


def _look_before_each_migration(expected: Identity) -> None:
    for name in ("apply_migration", "unapply_migration"):
        setattr(MigrationExecutor, name, _looked(getattr(MigrationExecutor, name), expected))


def _looked(method: Any, expected: Identity) -> Any:
    def looked(self: Any, *arguments: Any, **more: Any) -> Any:
        self.connection.ensure_connection()
        expected.refuse_other(self.connection.connection)
        return method(self, *arguments, **more)

    return looked


if __name__ == "__main__":
    main()
