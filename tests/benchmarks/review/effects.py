"""What an operation does to tables that existed before it, and whether that is a hazard."""

from __future__ import annotations

from dataclasses import dataclass

LOCKS = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
    "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
"""Weakest first; those from ShareLock on make writers wait (PostgreSQL documentation, 13.3.1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effects:
    """The strongest lock on each table, and which tables are scanned, rewritten and dropped."""

    locks: dict[str, str]
    scanned: list[str]
    rewritten: list[str]
    dropped: list[str]

    def hazards(self, own: str | None) -> list[str]:
        """Return why it is a hazard, nothing if it is none; `own` is the table that the operation is about.

        A table is read or rewritten while writers wait for its lock, or writers of another table wait.
        """
        held = {table for table, lock in self.locks.items() if makes_writers_wait(lock)}
        return [
            *(f"{table} is rewritten" for table in self.rewritten if table in held),
            *(f"{table} is scanned" for table in self.scanned if table in held and table not in self.rewritten),
            *(f"{table} is locked too" for table in sorted(held - {own})),
        ]


def makes_writers_wait(lock: str) -> bool:
    """Return whether INSERT, UPDATE and DELETE wait for this lock."""
    return LOCKS.index(lock) >= LOCKS.index("ShareLock")
