"""Django's connection to PostgreSQL (`django.db.connections[alias]`) as a type, and how it is taken by its alias."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.db import connections

if TYPE_CHECKING:
    import psycopg
    from django.db.backends.postgresql.base import DatabaseWrapper

    class Cursor(Protocol):
        """A cursor of Django's. A row is a tuple of what psycopg makes of the columns."""

        cursor: psycopg.Cursor[Any]
        description: Any
        rowcount: int

        def execute(self, sql: Any, params: Any = None) -> Any:
            """Run a statement through the connection's `execute_wrappers`."""

        def fetchone(self) -> Any:
            """The next row. None where there is none: no statement here is asked for a row that it may lack."""

        def fetchall(self) -> list[Any]:
            """All rows that are left."""

    class Connection(DatabaseWrapper):
        """The stubs know neither that the driver is psycopg 3 nor what the class of the schema editor may be set to."""

        connection: psycopg.Connection[Any]
        savepoint_ids: list[str | None]  # type: ignore[assignment]
        SchemaEditorClass: Any
        introspection: Any

        def schema_editor(self, *args: Any, **kwargs: Any) -> Any:
            """Django's schema editor of PostgreSQL, or ours."""

        def cursor(self) -> AbstractContextManager[Cursor]:  # type: ignore[override]
            """A cursor, on a connection that is made when none is there."""

else:
    Connection = Any  # Django's module of the same name imports the driver, which may not be there


def connection_of(alias: str) -> Connection:
    """The connection of an alias, which must be of PostgreSQL."""
    return cast(Connection, connections[alias])
