"""Names objects as `pg_restore` lists them, without their owners."""

from __future__ import annotations

from collections.abc import Sequence

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement


def owners_of(connection: Connection) -> tuple[str, ...]:
    """Return all roles of the server, the longest names first."""
    with connection.cursor() as cursor:
        cursor.execute(statement("archive_names.roles"))
        return tuple(sorted((name for (name,) in cursor.fetchall()), key=len, reverse=True))


def name_of(words: str, owners: Sequence[str]) -> str:
    """Return kind, schema and name of an object from its words in the list: `TABLE public bed`.

    `owners` are all roles, the longest names first: names of objects and of roles may have spaces.
    """
    words = words.removesuffix("(no owner)").rstrip()
    owner = next((one for one in owners if words.endswith(f" {one}")), "")
    return (words.removesuffix(f" {owner}") if owner else words).replace(" - ", " ")
