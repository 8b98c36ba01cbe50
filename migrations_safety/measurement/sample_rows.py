"""Inserts a few made-up rows into each table of the scratch database, because some scans happen only if there are rows.

No value of the target database is read. If no made-up row satisfies the constraints of a table, the table stays empty
and its name is returned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from migrations_safety.measurement.scratch import Place
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.sql import statement

ROWS = 3
BY_CATEGORY = {
    "N": "row_number",
    "S": "'row ' || row_number",
    "B": "true",
    "D": "now() + row_number * interval '1 day'",
    "T": "row_number * interval '1 day'",
    "A": "'{}'",
    "R": "'empty'",
    "I": "'127.0.0.1'::inet + row_number",
    "V": "row_number::int::bit(8)",
}
"""For each category of types an SQL expression that differs from row to row (PostgreSQL documentation, 51.64)."""
BY_TYPE = {
    "uuid": "gen_random_uuid()",
    "json": "'{}'",
    "jsonb": "to_jsonb(row_number)",
    "bytea": "decode(lpad(to_hex(row_number), 8, '0'), 'hex')",
    "tsvector": "''",
    "xml": "'<row/>'",
}
"""For single types such an expression, where the category of the type is not enough."""
ENABLE = {"O": "sample_rows.enable_trigger", "A": "sample_rows.enable_always_trigger"}
"""For each value of pg_trigger.tgenabled with which a trigger fires for sample rows, the statement that restores it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FillableColumn:
    """A column of a table in the scratch database.

    `parent` and `parent_name` are the oid of the parent table and the column to which its foreign key refers. `label`
    is the first label if the type is an enum.
    """

    oid: int
    table_name: str
    name: str
    type: str
    category: str
    length: int | None
    is_required: bool
    has_default: bool
    label: str | None
    parent: int | None
    parent_name: str | None


def make_sample_rows(place: Place) -> tuple[str, ...]:
    """Insert rows into all tables, parents first, and return the names of the tables that stay empty."""
    with closing(open_connection(place.parameters)) as session, _without_triggers(session):
        return _fill_all(session)


def remove_sample_rows(session: psycopg.Connection[Any], of: list[str] | None = None) -> None:
    """Empty these tables, and those that reference them; without `of` all tables that `make_sample_rows` fills."""
    if of is None:
        of = [name for (name,) in session.execute(statement("sample_rows.filled").encode()).fetchall()]
    if of:
        tables = sql.SQL(", ").join(sql.SQL(name) for name in of)
        with _without_triggers(session):
            session.execute(sql.SQL(statement("sample_rows.empty")).format(tables=tables))


@contextmanager
def _without_triggers(session: psycopg.Connection[Any]) -> Iterator[None]:
    triggers = session.execute(statement("sample_rows.triggers").encode()).fetchall()
    try:
        for table, trigger, _ in triggers:
            _switch(session, "sample_rows.disable_trigger", table, trigger)
        yield
    finally:
        for table, trigger, enabled in triggers:
            _switch(session, ENABLE[enabled], table, trigger)


def _switch(session: psycopg.Connection[Any], name: str, table: str, trigger: str) -> None:
    session.execute(sql.SQL(statement(name)).format(table=sql.SQL(table), trigger=sql.SQL(trigger)))


def _fill_all(session: psycopg.Connection[Any]) -> tuple[str, ...]:
    with session.cursor(row_factory=class_row(FillableColumn)) as cursor:
        columns = cursor.execute(statement("sample_rows.columns").encode(), {}).fetchall()
    tables = {oid: list(of_one) for oid, of_one in groupby(columns, key=attrgetter("oid"))}
    empty = []
    filled: set[int] = set()
    for oid in _parents_first(tables):
        if _fill(session, tables[oid], tables, filled):
            filled.add(oid)
        else:
            empty.append(tables[oid][0].table_name)
    return tuple(empty)


def _parents_first(tables: dict[int, list[FillableColumn]]) -> list[int]:
    """Return the oids of the tables with parents before their children, except where foreign keys form a circle."""
    order: dict[int, None] = {}

    def visit(oid: int, on_the_way: frozenset[int]) -> None:
        for column in tables[oid]:
            if column.parent in tables and column.parent not in on_the_way and column.parent not in order:
                visit(column.parent, on_the_way | {column.parent})
        order[oid] = None

    for oid in tables:
        if oid not in order:
            visit(oid, frozenset({oid}))
    return list(order)


def _fill(
    session: psycopg.Connection[Any],
    columns: list[FillableColumn],
    tables: dict[int, list[FillableColumn]],
    filled: set[int],
) -> bool:
    """Insert rows with a value in every column; if that fails, only with values in the columns that need one.

    Return whether rows were inserted.
    """
    every = {one.name: _value(one, tables, filled) for one in columns}
    needed = {one.name for one in columns if one.is_required and not one.has_default}
    for values in (every, {name: value for name, value in every.items() if name in needed}):
        known = {name: value for name, value in values.items() if value is not None}
        if needed <= set(known):
            try:
                session.execute(_insert(columns[0].table_name, known))
            except psycopg.Error:
                continue
            return True
    return False


def _insert(table: str, values: dict[str, str]) -> sql.Composed:
    if not values:
        return sql.SQL(statement("sample_rows.insert_default")).format(table=sql.SQL(table))
    return sql.SQL(statement("sample_rows.insert")).format(
        table=sql.SQL(table),
        columns=sql.SQL(", ".join(values)),
        values=sql.SQL(", ".join(values.values())),
        number=sql.Literal(ROWS),
    )


def _value(column: FillableColumn, tables: dict[int, list[FillableColumn]], filled: set[int]) -> str | None:
    """Return the SQL of a value; None where the column has a default, and where no fitting value is known."""
    if column.parent is not None:
        return _of_parent(column, tables, filled)
    if column.has_default:
        return None
    value = column.label or BY_TYPE.get(column.type) or BY_CATEGORY.get(column.category)
    if value is None:
        return None
    text = f"left(({value})::text, {column.length})" if column.length else f"({value})"
    return f"{text}::{column.type}"


def _of_parent(column: FillableColumn, tables: dict[int, list[FillableColumn]], filled: set[int]) -> str | None:
    if column.parent not in filled:
        return None
    parent = sql.SQL(tables[column.parent][0].table_name)
    query = sql.SQL(statement("sample_rows.value_of_parent"))
    return query.format(column=sql.SQL(column.parent_name or ""), parent=parent).as_string()
