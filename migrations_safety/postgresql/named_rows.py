"""Rows of a statement as values: each column goes into the field of its name, wherever it stands in the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

if TYPE_CHECKING:
    from migrations_safety.postgresql.connection import Cursor

Row = TypeVar("Row")


def rows(connection: Connection, name: str, parameters: dict[str, Any], row: type[Row]) -> list[Row]:
    """Run one named statement and make a value of each row."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return fetch_rows(cursor, row)


def fetch_rows(cursor: Cursor, row: type[Row]) -> list[Row]:
    """The rows of the last statement as values; arrays become tuples."""
    found = [column.name for column in cursor.description or ()]
    return values(found, cursor.fetchall(), row)


def values(columns: Sequence[str], records: Sequence[Sequence[Any]], row: type[Row]) -> list[Row]:
    """Values of plain records whose columns have these names; ValueError where a field has no column."""
    names = [field.name for field in fields(row)]  # type: ignore[arg-type]
    places = [columns.index(name) for name in names]
    return [
        row(**{name: _plain(record[place]) for name, place in zip(names, places, strict=True)}) for record in records
    ]


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
