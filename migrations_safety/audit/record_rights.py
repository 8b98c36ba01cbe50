"""What the role may not do with the tables in which migrations and runs are recorded."""

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
    """What the role may not do with one table."""

    table: str
    rights: tuple[str, ...]
    """Rights that it lacks."""
    sequences: tuple[str, ...]
    """Sequences of the table's default ids that it may not use."""
    hidden: tuple[str, ...]
    """Rights that it has, but that row-level security takes back for some rows or for all."""

    def grants(self, role: str) -> str:
        """The statements with which its owner grants what is missing."""
        on_table = [f"GRANT {', '.join(self.rights)} ON {self.table} TO {role};"] if self.rights else []
        return " ".join(on_table + [f"GRANT USAGE ON SEQUENCE {name} TO {role};" for name in self.sequences])


@dataclass(frozen=True, kw_only=True, slots=True)
class RightOnTable:
    """Whether the role has one right on one table."""

    name: str
    right: str
    is_granted: bool
    is_hidden: bool
    """Row-level security hides rows from it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnusableSequence:
    """A sequence that gives a table its ids, and that the role may not use."""

    name: str
    """The table."""
    sequence: str


def missing_rights(connection: Connection, wanted: Mapping[str, Iterable[str]]) -> list[MissingRights]:
    """What the role lacks of the `wanted` rights, by table; tables that are not there are left out."""
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
