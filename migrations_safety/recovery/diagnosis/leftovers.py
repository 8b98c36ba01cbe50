"""Finds the scratch databases and the copies of the database that killed runs have left on the server."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows

COPY = "confidential_copy_"
"""How the name of a copy begins; it holds rows of patients, a scratch database holds none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftDatabase:
    """A scratch database or a copy."""

    name: str
    comment: str
    bytes: int | None
    """None where the role may not see the size."""
    sessions: int
    """How many sessions are in it."""
    may_drop: bool

    @property
    def holds_rows(self) -> bool:
        """Whether it holds rows of the original."""
        return self.name.startswith(COPY)


def databases(connection: Connection) -> list[LeftDatabase]:
    """Return the scratch databases and copies on this server, also those that a run is using now."""
    return rows(connection, "leftovers.databases", {}, LeftDatabase)
