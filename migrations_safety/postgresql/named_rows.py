"""Reads the rows of a statement by the names of the columns, so that the order of the columns does not matter."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

if TYPE_CHECKING:
    import psycopg

    from migrations_safety.postgresql.connection import Cursor

Row = TypeVar("Row")
Record = dict[str, Any]
"""One row: the values by the names of the columns."""


def rows(connection: Connection, name: str, parameters: dict[str, Any], row: type[Row]) -> list[Row]:
    """Run the named statement with `parameters`, and return each row as an instance of the dataclass `row`."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return fetch_rows(cursor, row)


def fetch_rows(cursor: Cursor, row: type[Row]) -> list[Row]:
    """Return the rows of the last statement, each as an instance of the dataclass `row`.

    Arrays become tuples. A column for which the dataclass has no field is left out.
    """
    names = [field.name for field in fields(row)]  # type: ignore[arg-type]
    return [row(**{name: _plain(record[name]) for name in names}) for record in records(cursor)]


def records(cursor: Cursor | psycopg.Cursor[Any]) -> list[Record]:
    """Return the rows of the last statement as dictionaries, with the names of the columns as keys."""
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, record, strict=True)) for record in cursor.fetchall()]


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
