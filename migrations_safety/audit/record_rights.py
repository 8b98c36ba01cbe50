"""What the role may not do with the tables in which migrations and runs are recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

MIGRATIONS = "django_migrations"
RUNS = {"migrations_safety_run": ("SELECT", "INSERT")}
NULLIFIED = {"migrations_safety_before_image": ("INSERT",)}
RESTORED = {"migrations_safety_before_image": ("SELECT", "UPDATE")}


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingRights:
    """Of one table: the rights that the role lacks, and the `sequences` of its default ids that it may not use.

    `hidden` are those rights that it has, but that row-level security takes back for some rows or for all.
    """

    table: str
    rights: tuple[str, ...]
    sequences: tuple[str, ...]
    hidden: tuple[str, ...]

    def grants(self, role: str) -> str:
        """What its owner has to type."""
        on_table = [f"GRANT {', '.join(self.rights)} ON {self.table} TO {role};"] if self.rights else []
        return " ".join(on_table + [f"GRANT USAGE ON SEQUENCE {one} TO {role};" for one in self.sequences])


def missing_rights(connection: Connection, wanted: Mapping[str, Iterable[str]]) -> list[MissingRights]:
    """Those of the tables that are there and that the role may not use as `wanted`."""
    asked = [(table, right) for table, rights in wanted.items() for right in rights]
    names, rights = [table for table, _ in asked], [right for _, right in asked]
    lacking: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    with connection.cursor() as cursor:
        cursor.execute(statement("record_rights.rights"), {"names": names, "rights": rights})
        for table, right, is_granted, is_hidden in cursor.fetchall():
            if not is_granted:
                lacking[table]["rights"].append(right)
            elif is_hidden:
                lacking[table]["hidden"].append(right)
        inserted = [table for table, right in asked if right == "INSERT"]
        cursor.execute(statement("record_rights.unusable_sequences"), {"names": inserted})
        for table, sequence in cursor.fetchall():
            lacking[table]["sequences"].append(sequence)
    kinds = ("rights", "sequences", "hidden")
    return [
        MissingRights(table=table, **{kind: tuple(found[kind]) for kind in kinds})
        for table, found in sorted(lacking.items())
    ]
