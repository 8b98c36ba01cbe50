"""Finds the run of a rollback that was killed, so that a second one records the end that the first one could not."""

from __future__ import annotations

import json
from uuid import UUID

from migrations_safety.audit.run_log import tables_exist
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.rollback.options import RollbackOptions
from migrations_safety.sql import statement

ABOUT = ("app_label", "migration_name", "keys_only", "keep_dropped")
"""The arguments that say what a rollback is about."""


def unended_run(connection: Connection, options: RollbackOptions) -> UUID | None:
    """Return the last run of this command if it was about the same and has not finished; None for any other."""
    if not tables_exist(connection):
        return None
    with connection.cursor() as cursor:
        cursor.execute(statement("unended.last"), {"command": options.command})
        found = cursor.fetchone()
    if found is None:
        return None
    run_id, arguments, has_finished = found
    asked = json.loads(arguments) if isinstance(arguments, str) else arguments or {}
    is_same = all(asked.get(name) == options.arguments.get(name) for name in ABOUT)
    return run_id if is_same and not has_finished else None
