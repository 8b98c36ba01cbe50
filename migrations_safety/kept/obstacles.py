"""What else in the database depends on a table or a column, so that it can be neither dropped nor kept unasked.

`DROP … CASCADE`, which Django sends, would drop these objects without a word. If they stayed, they would go on to
show values that nobody writes any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from psycopg import sql

from migrations_safety.kept.physical import Relation
from migrations_safety.messages.refusals.kept import CannotKeep
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send
from migrations_safety.sql.identifiers import qualify_if_needed, quote_identifier

OBJECT = "object"
"""The kind of what `DROP … CASCADE` drops along."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """An object that depends on what is to be kept, or another reason why it cannot be kept."""

    kind: str
    """OBJECT, or another reason, such as `publication`, `partition` or `domain`."""
    name: str
    """The object, as PostgreSQL describes it."""


def obstacles(connection: Connection, oid: int, *, column: str | None) -> list[Obstacle]:
    """Return what stands in the way of keeping a table, or one of its columns."""
    asked = {"oid": oid, "column": column}
    found = rows(connection, "obstacles.dependents", asked, Obstacle)
    return found + (_domain(connection, asked) if column else [])


def _domain(connection: Connection, asked: dict[str, Any]) -> list[Obstacle]:
    """The domain that is the column's type, where it takes no NULL: then nobody could leave the column out."""
    with connection.cursor() as cursor:
        cursor.execute(statement("obstacles.domain"), asked)
        found = cursor.fetchone()
    if found is None:
        return []
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            send(cursor, compose("obstacles.null_of", type=sql.SQL(found[0])))
    except IntegrityError:
        return [Obstacle(kind="domain", name=f"the domain {found[0]}, which takes no NULL,")]
    return []


def refuse_obstacles(connection: Connection, table: Relation, *, column: str | None) -> None:
    """Raise CannotKeep where something stands in the way of keeping the table or the column."""
    if found := obstacles(connection, table.oid, column=column):
        subject = qualify_if_needed(table.name, schema=table.schema)
        subject += f".{quote_identifier(column)}" if column else ""
        raise CannotKeep(subject=subject, obstacles=[one.name for one in found])
