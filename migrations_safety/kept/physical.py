"""What the catalog says of a table that is to be kept: its partitions, indexes, keys and sequences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from psycopg import sql

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """A table, an index or a sequence."""

    oid: int
    schema: str
    name: str
    kind: str
    """PostgreSQL's letter: r and p for tables, i and I for indexes, S for sequences."""

    @property
    def in_sql(self) -> sql.Identifier:
        """The qualified name."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A constraint or an index that is taken off, with all that is needed to put it back."""

    schema: str
    """The schema of the table; for an index, of the index, which is the same."""
    relation: str
    """The name of the table."""
    name: str
    definition: str
    """The definition as PostgreSQL prints it, with the schema in each name."""
    validated: bool
    """Whether it holds for all rows; for an index, whether it is valid."""
    kind: str
    """PostgreSQL's letter for a kind of constraint, `i` for an index."""
    index: str | None
    """The definition of the index of a unique constraint or primary key; None for others."""
    columns: tuple[str, ...] = ()
    """The columns of a foreign key that was dropped before its column; empty for others."""
    comment: str | None = None
    is_clustered: bool = False
    """Whether CLUSTER orders the table by its index."""

    @property
    def table_in_sql(self) -> sql.Identifier:
        """The qualified name of the table."""
        return sql.Identifier(self.schema, self.relation)

    def as_dict(self) -> dict[str, Any]:
        """The values for the record."""
        return asdict(self)


@contextmanager
def qualified_names(connection: Connection) -> Iterator[None]:
    """Let PostgreSQL print each definition with the schema in each name, wherever the search path leads later."""
    with connection.cursor() as cursor:
        cursor.execute(statement("physical.search_path"))
        path = cursor.fetchone()[0]
        cursor.execute(statement("physical.set_search_path"), {"path": "pg_catalog"})
        yield
        cursor.execute(statement("physical.set_search_path"), {"path": path})


def change(connection: Connection, name: str, /, **parts: sql.Composable) -> None:
    """Run the named statement with these parts."""
    with connection.cursor() as cursor:
        send(cursor, compose(name, **parts))
