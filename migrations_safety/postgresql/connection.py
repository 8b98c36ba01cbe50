"""The type of Django's connection to PostgreSQL (`django.db.connections[alias]`), and a function that returns one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.db import connections

if TYPE_CHECKING:
    import psycopg
    from django.db.backends.postgresql.base import DatabaseWrapper

    class Cursor(Protocol):
        """A cursor of Django. A row is a tuple of the Python values that psycopg makes of the columns."""

        cursor: psycopg.Cursor[Any]
        description: Any
        rowcount: int

        def execute(self, sql: Any, params: Any = None) -> Any:
            """Run a statement through the connection's `execute_wrappers`."""

        def fetchone(self) -> Any:
            """Return the next row, or None at the end.

            Typed as Any, because callers only fetch a row where the statement always returns one.
            """

        def fetchall(self) -> list[Any]:
            """Return all rows that were not fetched yet."""

    class Connection(DatabaseWrapper):
        """Django's connection, typed more closely than in the stubs.

        The stubs do not know that the driver is psycopg 3, nor which classes SchemaEditorClass may be set to.
        """

        connection: psycopg.Connection[Any]
        savepoint_ids: list[str | None]  # type: ignore[assignment]
        SchemaEditorClass: Any
        introspection: Any

        def schema_editor(self, *args: Any, **kwargs: Any) -> Any:
            """Return the schema editor: Django's own for PostgreSQL, or that of this app."""

        def cursor(self) -> AbstractContextManager[Cursor]:  # type: ignore[override]
            """Open a cursor, and connect first where the connection is not open."""

else:
    Connection = Any  # DatabaseWrapper imports psycopg, which may not be installed


def connection_of(alias: str) -> Connection:
    """Return Django's connection for a database alias, which must be one of PostgreSQL."""
    return cast(Connection, connections[alias])


@contextmanager
def leads_to(alias: str, settings: dict[str, Any]) -> Iterator[None]:
    """Let a database alias lead elsewhere for the length of the block, and no variable of libpq lead anywhere.

    `settings` replace those of the same names in its entry of DATABASES.
    """
    before, environment = connections.databases.get(alias), dict(os.environ)
    settings = connections[alias].settings_dict | settings
    _forget(alias)
    connections.databases[alias] = settings
    for name in [one for one in os.environ if one.startswith("PG")]:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update({name: value for name, value in environment.items() if name.startswith("PG")})
        _forget(alias)
        if before is not None:
            connections.databases[alias] = before


def _forget(alias: str) -> None:
    """Close the connection of this thread, so that the next one is a new one."""
    connections[alias].close()
    del connections[alias]


@contextmanager
def schema_editor_with(connection: Connection, mixin: type, **attributes: Any) -> Iterator[None]:
    """Put `mixin` in front of the connection's schema editor for the length of the block, with these class attributes.

    The schema editor is an attribute of the connection, so other connections keep theirs. The new class inherits from
    the present one, because PostGIS and other backends bring their own.
    """
    before = vars(connection).get("SchemaEditorClass")
    connection.SchemaEditorClass = type(mixin.__name__, (mixin, connection.SchemaEditorClass), attributes)
    try:
        yield
    finally:
        del connection.SchemaEditorClass
        if before:
            connection.SchemaEditorClass = before
