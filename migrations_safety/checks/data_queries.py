"""Composes the statements that count rows for the demands of a plan, and sends each in a savepoint of its own.

The expressions of a demand are those of the catalog after the plan. They are evaluated over a subquery that gives the
columns of today their later names and types, so that no expression has to be rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, transaction
from psycopg import sql

from migrations_safety.measurement.demand import Demand, Source
from migrations_safety.messages.errors import sqlstate
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.snapshot import RECOVERY_CONFLICT
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

SECONDS = 60
"""How many seconds a count may take that compares rows with each other."""


class NotCounted(Exception):
    """Raised where PostgreSQL did not count; `state` is the SQLSTATE."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A condition on the rows of one table, for a demand; `key` says what the rows that fulfil it mean."""

    demand: Demand
    key: str
    condition: sql.Composable
    sources: tuple[Source, ...]


@dataclass(kw_only=True, slots=True)
class Scan:
    """Conditions that one scan of a table can count, because no two of them mean another column by one name."""

    columns: dict[str, sql.Composable] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)

    @property
    def demand(self) -> Demand:
        """One of the demands, which has the names of the table."""
        return self.conditions[0].demand

    def takes(self, condition: Condition) -> bool:
        """Add the condition if it fits, and return whether it did."""
        columns = {source.name: value_of(source) for source in condition.sources}
        aliases = {one.demand.alias for one in self.conditions} | {condition.demand.alias}
        if len(aliases) > 1 or any(self.columns.get(name, value) != value for name, value in columns.items()):
            return False
        self.columns |= columns
        self.conditions.append(condition)
        return True


def value_of(source: Source) -> sql.Composable:
    """Return the SQL of a column's value when the demand is made, over the table as it is before the plan."""
    if source.before is None:
        constant = sql.Literal(source.constant)
        return sql.SQL("CAST({} AS {})").format(constant, sql.SQL(source.type))
    value: sql.Composable = sql.Identifier(source.before)
    for type in source.casts:
        value = sql.SQL("({})::{}").format(value, sql.SQL(type))
    return value


def columns_of(columns: dict[str, sql.Composable]) -> sql.Composable:
    """Return the list of columns of the subquery."""
    named = (sql.SQL("{} AS {}").format(value, sql.Identifier(name)) for name, value in columns.items())
    return sql.SQL(", ").join(named)


def table_of(demand: Demand) -> sql.Composable:
    """Return the table as it is named today; the tables that inherit from it are not meant, its partitions are."""
    table = sql.Identifier(demand.schema, demand.relation)
    return table if demand.is_partitioned else sql.SQL("ONLY ") + table


def count_conditions(connection: Connection, scan: Scan) -> tuple[int, list[int]]:
    """Return the number of rows, and for each condition the number of rows that fulfil it. Raises NotCounted."""
    counts = [compose("data_queries.count", condition=one.condition) for one in scan.conditions]
    query = compose(
        "data_queries.counts",
        counts=sql.SQL(", ").join([compose("data_queries.rows"), *counts]),
        columns=columns_of(scan.columns),
        table=table_of(scan.demand),
        alias=sql.Identifier(scan.demand.alias),
    )
    rows, *numbers = fetch(connection, query)
    return rows, numbers


def convert(connection: Connection, demand: Demand) -> None:
    """Convert all values of a column to its new type; raises NotCounted with the SQLSTATE if one is refused."""
    column = sql.Identifier(demand.sources[0].name)
    fetch(connection, compose("data_queries.converts", column=column, type=sql.SQL(demand.type_after), **_over(demand)))


def count_duplicates(connection: Connection, demand: Demand) -> tuple[int, int]:
    """Return the number of groups of equal rows, and of the rows in them. Raises NotCounted."""
    names = _names(demand)
    nulls = compose("data_queries.any_row") if demand.nulls_are_equal else compose("data_queries.no_nulls", names=names)
    query = compose(
        "data_queries.duplicates",
        keys=_keys(demand),
        condition=_rows(demand),
        nulls=nulls,
        names=names,
        **_over(demand),
    )
    groups, rows = fetch(connection, query)
    return groups, rows


def count_excluded(connection: Connection, demand: Demand) -> int:
    """Return the number of rows that another row excludes. Raises NotCounted, also after SECONDS."""
    pairs = (
        sql.SQL("one.{key} {operator} other.{key}").format(key=_key(number), operator=sql.SQL(operator))
        for number, operator in enumerate(demand.operators)
    )
    excludes = sql.SQL(" AND ").join(pairs)
    query = compose(
        "data_queries.excluded", keys=_keys(demand), condition=_rows(demand), excludes=excludes, **_over(demand)
    )
    (rows,) = fetch(connection, query, seconds=SECONDS)
    return int(rows)


def count_orphans(connection: Connection, demand: Demand) -> int:
    """Return the number of rows that refer to no row of the parent. Raises NotCounted."""
    names = _names(demand)
    none = sql.SQL("false")
    number = sql.Literal(len(demand.keys))
    parts: dict[str, sql.Composable] = {
        "keys": _keys(demand),
        "complete": compose("data_queries.no_nulls", names=names),
        "partly": compose("data_queries.nulls_within", names=names, number=number) if demand.is_full else none,
    }
    if demand.parent is None:
        query = compose("data_queries.orphans_of_none", **parts, **_over(demand))
    else:
        pairs = (
            sql.SQL("parent.{} {} child.{}").format(sql.Identifier(column), sql.SQL(operator), _key(place))
            for place, (column, operator) in enumerate(zip(demand.parent_columns, demand.operators, strict=True))
        )
        parent = sql.Identifier(*demand.parent)
        parts |= {"parent": parent if demand.parent_is_partitioned else sql.SQL("ONLY ") + parent}
        query = compose("data_queries.orphans", matches=sql.SQL(" AND ").join(pairs), **parts, **_over(demand))
    (rows,) = fetch(connection, query)
    return int(rows)


def _over(demand: Demand) -> dict[str, sql.Composable]:
    columns = {source.name: value_of(source) for source in demand.sources}
    return {"columns": columns_of(columns), "table": table_of(demand), "alias": sql.Identifier(demand.alias)}


def _rows(demand: Demand) -> sql.Composable:
    return sql.SQL(demand.condition) if demand.condition else compose("data_queries.any_row")


def _key(number: int) -> sql.Identifier:
    return sql.Identifier(f"key_{number}")


def _names(demand: Demand) -> sql.Composable:
    return sql.SQL(", ").join(_key(number) for number in range(len(demand.keys)))


def _keys(demand: Demand) -> sql.Composable:
    keys = (sql.SQL("{} AS {}").format(sql.SQL(key), _key(number)) for number, key in enumerate(demand.keys))
    return sql.SQL(", ").join(keys)


def fetch(connection: Connection, query: sql.Composable, *, seconds: int | None = None) -> tuple[Any, ...]:
    """Return the one row of a statement, sent in a savepoint, which may take at most so many seconds.

    Raises NotCounted where PostgreSQL refuses. An end of the connection, and of a reading on a standby that has to
    catch up, is no refusal and goes on.
    """
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            if seconds is None:
                send(cursor, query)
                return tuple(cursor.fetchone())
            cursor.execute(statement("data_queries.time_limit"))
            (before,) = cursor.fetchone()
            cursor.execute(statement("data_queries.limit_time"), {"milliseconds": str(1000 * seconds)})
            send(cursor, query)
            found = tuple(cursor.fetchone())
            cursor.execute(statement("data_queries.limit_time"), {"milliseconds": before})
            return found
    except DatabaseError as error:
        state = sqlstate(error)
        if state is None or state == RECOVERY_CONFLICT or state.startswith(("08", "57P")):
            raise
        raise NotCounted(state) from None


def readable(connection: Connection, tables: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[bool, bool]]:
    """Return for each table, by schema and name, whether the role may read it and whether a policy hides rows."""
    asked = list(tables)
    if not asked:
        return {}
    parameters = {"schemas": [schema for schema, _ in asked], "relations": [relation for _, relation in asked]}
    with connection.cursor() as cursor:
        cursor.execute(statement("data_queries.readable"), parameters)
        return {(schema, relation): (may, hides) for schema, relation, may, hides in cursor.fetchall()}
