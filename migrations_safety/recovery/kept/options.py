"""The options of the commands about what was kept, as plain values."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from migrations_safety.backup.evidence.values import Places
from migrations_safety.migrate.options import LockOptions

LEAST_AGE = timedelta(days=30)
"""How old something kept must be by default."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptOptions:
    """What is to be put back or ended."""

    using: str
    numbers: tuple[int, ...] = ()
    """The numbers in the record; empty for all."""
    only_looks: bool = False
    """Whether to list and to change nothing."""
    expect_database: str | None = None
    expect_schema: str | None = None
    locks: LockOptions = field(default_factory=LockOptions)
    older_than: timedelta | None = None
    """For a purge: how old each of them must be."""
    rows: int | None = None
    """For a purge: the number of rows and values that will be lost, as typed by a person."""
    backup: str | None = None
    """For a purge: the path of a backup that holds them; None for any that is known."""
    places: Places = field(default_factory=Places)
    """For a purge: where to look for backups."""

    def typed(self, command: str) -> str:
        """Return the command with what it is about, as it is typed again; without the number of rows."""
        words = ["python", "manage.py", command, *map(str, self.numbers)]
        if self.older_than not in (None, LEAST_AGE):
            words += ["--older-than", f"{int(self.older_than.total_seconds())}s"]
        return shlex.join([*words, *(["--backup", self.backup] if self.backup else [])])

    @property
    def arguments(self) -> dict[str, Any]:
        """The options that are set, for the record of runs."""
        asked = {
            "numbers": list(self.numbers),
            "older_than": str(self.older_than) if self.older_than else None,
            "rows": self.rows,
            "backup": self.backup,
            "expect_database": self.expect_database,
            "expect_schema": self.expect_schema,
        }
        return {name: value for name, value in asked.items() if value not in (None, [])}
