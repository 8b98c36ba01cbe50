"""Counts the rows of every table, and sums up their contents, so that two states can be compared row by row.

A digest does not depend on the order of rows or columns, and no value of a row leaves the server.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.sql import statement

MADE_BY_DJANGO = frozenset({"django_content_type", "auth_permission"})
"""Tables in which Django itself adds rows after a migrate, which no rollback takes away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """The rows of one table and the sums of their hashes."""

    rows: int
    sums: tuple[str, str]


def digests(parameters: dict[str, Any]) -> dict[str, Digest]:
    """Return the digest of each table of a copy, by its qualified name; the project's own records are left out."""
    found = {}
    with closing(open_connection(parameters)) as session:
        session.execute(statement("digests.settle").encode())
        for schema, table, columns in session.execute(statement("digests.tables").encode(), {}).fetchall():
            row = sql.SQL(", ").join(map(sql.Identifier, columns))
            query = sql.SQL(statement("digests.digest")).format(table=sql.Identifier(schema, table), row=row)
            rows, first, second = session.execute(query).fetchall()[0]
            found[f"{schema}.{table}"] = Digest(rows=rows, sums=(first, second))
    return found


def differing(before: dict[str, Digest], after: dict[str, Digest]) -> list[str]:
    """Return the tables whose rows are not the same, those that are gone, and those that are new."""
    names = sorted(before.keys() | after.keys())
    return [one for one in names if one.partition(".")[2] not in MADE_BY_DJANGO and before.get(one) != after.get(one)]
