"""Counts the orphans of one foreign key, before PostgreSQL validates it."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.schema.comparable_types import End, compared_as, equalities
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql.composition import compose, parent_name, send


@dataclass(frozen=True, kw_only=True, slots=True)
class OrphanCount:
    """The number of distinct values without a parent, and the number of rows that hold them."""

    values: int
    rows: int


def count_orphans(connection: Connection, key: DeclaredKey) -> OrphanCount:
    """Count the values and rows without a parent; raises KeyError where one of the two tables does not exist."""
    there = catalog.tables(connection, key.tables)
    parent = there[key.target_table]
    with connection.cursor() as cursor:
        send(
            cursor,
            compose(
                "orphans.count",
                table=there[key.table].in_sql,
                column=sql.Identifier(key.column),
                target=parent_name(key.target_table, schema=parent.schema, is_partitioned=parent.is_partitioned),
                target_column=sql.Identifier(key.target_column),
                type=sql.SQL(_compared_as(connection, key, there)),
            ),
        )
        values, rows = cursor.fetchone()
    return OrphanCount(values=values, rows=rows)


def _compared_as(connection: Connection, key: DeclaredKey, tables: dict[str, Table]) -> str:
    columns = catalog.columns(connection, [table.oid for table in tables.values()])
    child, parent = columns[tables[key.table].oid][key.column], columns[tables[key.target_table].oid][key.target_column]
    return compared_as(equalities(connection, [(End(column=child), End(column=parent))]), [child, parent])
