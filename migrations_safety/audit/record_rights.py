"""Finds the rights that a role lacks on the tables in which migrations and runs are recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows

MIGRATIONS = "django_migrations"
RUNS = {"migrations_safety_run": ("SELECT", "INSERT")}
NULLIFIED = {"migrations_safety_before_image": ("INSERT",)}
RESTORED = {"migrations_safety_before_image": ("SELECT", "UPDATE")}


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingRights:
    """The rights that the role lacks on one table."""

    table: str
    rights: tuple[str, ...]
    """Rights that are not granted, for example SELECT."""
    sequences: tuple[str, ...]
    """Sequences for the ids of the table, on which the role lacks USAGE."""
    hidden: tuple[str, ...]
    """Rights that are granted, but that row-level security restricts to some rows or to none."""

    def grants(self, role: str) -> str:
        """Return the GRANT statements with which the owner gives the role what is missing."""
        on_table = [f"GRANT {', '.join(self.rights)} ON {self.table} TO {role};"] if self.rights else []
        return " ".join(on_table + [f"GRANT USAGE ON SEQUENCE {name} TO {role};" for name in self.sequences])


@dataclass(frozen=True, kw_only=True, slots=True)
class RightOnTable:
    """Whether the role has a right on a table."""

    name: str
    right: str
    is_granted: bool
    is_hidden: bool
    """Whether row-level security hides rows of the table from the role."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnusableSequence:
    """A sequence for the ids of a table, on which the role lacks USAGE."""

    name: str
    """The name of the table."""
    sequence: str


def missing_rights(connection: Connection, wanted: Mapping[str, Iterable[str]]) -> list[MissingRights]:
    """Return the rights that the current role lacks, for each table that lacks any.

    `wanted` maps the name of a table to rights such as SELECT. Tables that do not exist are left out.
    """
    pairs = [(table, right) for table, rights in wanted.items() for right in rights]
    asked = {"names": [table for table, _ in pairs], "rights": [right for _, right in pairs]}
    rights = rows(connection, "record_rights.rights", asked, RightOnTable)
    inserted = {"names": [table for table, right in pairs if right == "INSERT"]}
    sequences = rows(connection, "record_rights.unusable_sequences", inserted, UnusableSequence)
    missing = [right for right in rights if not right.is_granted]
    hidden = [right for right in rights if right.is_granted and right.is_hidden]
    return [
        MissingRights(
            table=table,
            rights=tuple(right.right for right in missing if right.name == table),
            sequences=tuple(found.sequence for found in sequences if found.name == table),
            hidden=tuple(right.right for right in hidden if right.name == table),
        )
        for table in sorted({right.name for right in (*missing, *hidden)} | {found.name for found in sequences})
    ]
