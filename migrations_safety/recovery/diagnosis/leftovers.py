"""Finds what killed runs have left: scratch databases and copies on the server, and triggers in the database."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Carrying:
    """A trigger with which `restore_dropped` carries new writes over into a kept column."""

    table: str
    trigger: str
    function: str
    number: int
    """The number of the kept column in the record."""


def carrying(connection: Connection) -> list[Carrying]:
    """Return the triggers that `restore_dropped` has made; at its end it drops them."""
    return rows(connection, "leftovers.carrying", {}, Carrying)


@dataclass(frozen=True, kw_only=True, slots=True)
class Watching:
    """A trigger with which a rollback notices that somebody writes into a large table."""

    table: str
    trigger: str
    drop: str
    """The statements that drop it with its function and sequence."""


def watching(connection: Connection) -> list[Watching]:
    """Return the triggers that a rollback has made; at its end it drops them."""
    return rows(connection, "leftovers.watching", {}, Watching)
