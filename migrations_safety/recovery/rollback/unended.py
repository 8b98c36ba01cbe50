"""Finds the run of a rollback that was killed, so that a second one goes on and records the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from migrations_safety.audit.run_log import tables_exist
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.rollback.options import RollbackOptions
from migrations_safety.recovery.rollback.report import Loss
from migrations_safety.sql import statement

ABOUT = ("app_label", "migration_name", "keys_only", "keep_dropped", "discard")
"""The arguments that say what a rollback is about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnendedRun:
    """A run that was killed or has failed."""

    id: UUID
    losing: dict[str, int] = field(default_factory=dict)
    """The numbers of rows that it was to lose, by table and column."""

    def has_agreed_to(self, losses: Sequence[Loss]) -> bool:
        """Whether these are what is left of what it was to lose."""
        return bool(self.losing) and all(one.rows <= self.losing.get(one.subject, 0) for one in losses)


def unended_run(connection: Connection, options: RollbackOptions) -> UnendedRun | None:
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
    return UnendedRun(id=run_id, losing=asked.get("losing") or {}) if is_same and not has_finished else None
