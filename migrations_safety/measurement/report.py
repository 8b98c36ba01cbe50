"""What was measured of a plan, as plain values; names of tables are as PostgreSQL prints them (`regclass`)."""

from __future__ import annotations

from dataclasses import dataclass

LOCKS = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
"""The lock modes of tables as `pg_locks` spells them, weakest first (PostgreSQL documentation, 13.3.1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableEffect:
    """What one statement did to one table; `lock` is the strongest mode that it took anew, None where it took none."""

    table: str
    new: bool  # the plan itself has made it
    lock: str | None
    scanned: bool
    rewritten: bool
    dropped: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredStatement:
    """One statement that was really sent; `error` is its SQLSTATE where it failed."""

    sql: str  # literals replaced
    error: str | None
    tables: tuple[TableEffect, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredOperation:
    """One operation of a migration, with what it sent, deferred statements too."""

    migration: str
    kind: str
    description: str
    file: str | None  # as Python found it; None where there is none
    line: int | None
    reversible: bool
    opaque: bool  # code that was not run
    statements: tuple[MeasuredStatement, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredTransaction:
    """What is committed together: an atomic migration, or one statement after the other where it is not atomic."""

    migrations: tuple[str, ...]
    atomic: bool
    operations: tuple[MeasuredOperation, ...]

    @property
    def held(self) -> dict[str, str]:
        """The strongest lock on each table that was there before, held to the end where the migration is atomic."""
        strongest: dict[str, str] = {}
        for effect in self.effects:
            if effect.lock and not effect.new:
                strongest[effect.table] = max(strongest.get(effect.table, effect.lock), effect.lock, key=LOCKS.index)
        return strongest

    @property
    def effects(self) -> list[TableEffect]:
        """Those of all statements, in their order."""
        return [effect for one in self.operations for statement in one.statements for effect in statement.tables]


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredPlan:
    """A plan as it ran on a scratch database."""

    measured: str  # where: `url`, `server`, `embedded`, or `no`
    reason: str | None  # why it was not measured, or not on the server itself
    server_version: str | None
    left_out: tuple[str, ...]  # what the scratch lacks that the target has
    transactions: tuple[MeasuredTransaction, ...]
    error: str | None = None  # the SQLSTATE that ended the plan early; what comes after it was not measured
