"""Finds out which elements the database has: tables, columns, indexes, constraints, enums, extensions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from migrations_safety.plan import operation_effects as kinds
from migrations_safety.plan.operation_effects import Element
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.postgresql.relations import Column, Table
from migrations_safety.sql import statement
from migrations_safety.sql.identifiers import as_stored

MODIFIER = re.compile(r"\(([^)]*)\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """An index or a constraint."""

    table_oid: int
    name: str
    is_valid: bool
    is_unique: bool
    columns: tuple[str, ...]


@dataclass(kw_only=True, slots=True)
class DatabaseObjects:
    """The objects of some tables, and answers whether an element is among them."""

    tables: dict[str, Table]
    columns: dict[int, dict[str, Column]]
    named: dict[int, list[Named]]
    """By the oid of the table."""
    types: dict[str, int | None]
    enums: frozenset[str]
    extensions: frozenset[str]

    def has(self, element: Element) -> bool:
        """Whether the database has it; an invalid index or half an object does not count."""
        if element.kind == kinds.ENUM:
            return element.name in self.enums
        if element.kind == kinds.EXTENSION:
            return element.name in self.extensions
        table = self.tables.get(element.table)
        if table is None or element.kind == kinds.TABLE:
            return table is not None
        return self._on_table(table.oid, element)

    def _on_table(self, oid: int, element: Element) -> bool:
        name = as_stored(element.name)
        column = self.columns.get(oid, {}).get(name)
        named = self.named.get(oid, [])
        match element.kind:
            case kinds.COLUMN:
                return column is not None
            case kinds.NOT_NULL:
                return column is not None and not column.nullable
            case kinds.TYPE:
                return column is not None and self._has_type(column, element.detail)
            case kinds.UNIQUE:
                return any(one.is_unique and ",".join(one.columns) == element.name for one in named)
            case kinds.VALID:
                return any(one.name == name and one.is_valid for one in named)
        return any(one.name == name for one in named) and not self.is_broken(element)

    def is_broken(self, element: Element) -> bool:
        """Whether it is an index that is there and invalid."""
        table = self.tables.get(element.table)
        if element.kind != kinds.NAMED or table is None:
            return False
        name = as_stored(element.name)
        return any(one.name == name and one.columns and not one.is_valid for one in self.named.get(table.oid, []))

    def _has_type(self, column: Column, declared: str) -> bool:
        oid = self.types.get(declared)
        return oid == column.type_oid and _modifier(declared) == _modifier(column.type)


def _modifier(type: str) -> str:
    found = MODIFIER.search(type)
    return found[1].replace(" ", "") if found else ""


def _by_table(found: Iterable[Named]) -> dict[int, list[Named]]:
    by_table: dict[int, list[Named]] = {}
    for one in found:
        by_table.setdefault(one.table_oid, []).append(one)
    return by_table


def read_objects(connection: Connection, elements: Iterable[Element]) -> DatabaseObjects:
    """Return what the database has of the tables, enums and extensions of these elements."""
    wanted = list(elements)
    tables = catalog.tables(connection, {one.table for one in wanted if one.table})
    oids = [table.oid for table in tables.values()]
    enums = {one.name for one in wanted if one.kind == kinds.ENUM}
    with connection.cursor() as cursor:
        names = sorted({one.detail for one in wanted if one.kind == kinds.TYPE})
        cursor.execute(statement("database_objects.types"), {"names": names})
        types = dict(cursor.fetchall())
        cursor.execute(statement("database_objects.extensions"))
        extensions = frozenset(name for (name,) in cursor.fetchall())
    return DatabaseObjects(
        tables=tables,
        columns=catalog.columns(connection, oids),
        named=_by_table(rows(connection, "database_objects.named", {"oids": oids}, Named)),
        types=types,
        enums=frozenset(name for name in enums if catalog.enum_labels(connection, name)),
        extensions=extensions,
    )
