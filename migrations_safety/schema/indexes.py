"""Indexes: uniqueness, method, columns in their order, predicate, validity."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from migrations_safety.constraints import UniqueIndex
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Index, Table
from migrations_safety.schema import expressions
from migrations_safety.sql.identifiers import qualify_if_needed, quote_if_needed


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """An index without its name and table; `keys` as PostgreSQL prints them; expressions are not compared."""

    is_unique: bool
    method: str
    keys: tuple[str, ...] | None
    included: tuple[str, ...]
    predicate: str | None

    def __str__(self) -> str:
        kind = "a unique index" if self.is_unique else "an index"
        words = f"{kind} USING {self.method} ({', '.join(self.keys or ('an expression',))})"
        words += f" INCLUDE ({', '.join(self.included)})" if self.included else ""
        return words + (f" WHERE {self.predicate}" if self.predicate else "")


def compare_indexes(
    connection: Connection, model: Any, found: Iterable[Index], *, table: Table
) -> tuple[list[Finding], int]:
    """The indexes of one table against its model, and how many are as declared; those of constraints aside."""
    declared = {index.name: _declared(connection, model, index) for index in model._meta.indexes}
    there = {index.name: index for index in found if not index.is_of_constraint}
    findings = [
        wording.index_extra(f"{table.name}.{name}", found=str(_found(index)), drop=_drop(table, name))
        for name, index in there.items()
        if name not in declared
    ]
    matching = 0
    for name, definition in declared.items():
        differences = list(_differences(connection, table, name, definition, there.get(name)))
        findings += differences
        matching += not differences
    return findings, matching


def _drop(table: Table, name: str) -> str:
    beside_writers = "" if table.is_partitioned else "CONCURRENTLY "
    return f"DROP INDEX {beside_writers}{qualify_if_needed(name, schema=table.schema)};"


def _differences(
    connection: Connection, table: Table, name: str, declared: Definition, there: Index | None
) -> Iterable[Finding]:
    subject = f"{table.name}.{name}"
    if there is None:
        yield wording.index_missing(subject, declared=str(declared))
        return
    found = _found(there)
    if not _same(connection, table, declared, found) or there.nulls_not_distinct:
        suffix = " NULLS NOT DISTINCT" if there.nulls_not_distinct else ""
        yield wording.index_differs(subject, declared=str(declared), found=f"{found}{suffix}")
    if not there.valid:
        yield wording.index_invalid(subject, index=qualify_if_needed(name, schema=table.schema))


def _same(connection: Connection, table: Table, declared: Definition, found: Definition) -> bool:
    plain = (declared.is_unique, declared.method, declared.included) == (found.is_unique, found.method, found.included)
    keys = declared.keys is None or declared.keys == found.keys
    if declared.predicate is None or found.predicate is None:
        return plain and keys and declared.predicate == found.predicate
    return (
        plain
        and keys
        and expressions.are_equivalent(connection, [(declared.predicate, found.predicate)], table=table.in_sql)
        == [True]
    )


def _declared(connection: Connection, model: Any, index: Any) -> Definition:
    columns = [(model._meta.get_field(name).column, order) for name, order in index.fields_orders]
    editor = connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)
    return Definition(
        is_unique=isinstance(index, UniqueIndex),
        method=getattr(index, "suffix", "") if index.suffix in {"gin", "gist", "brin", "hash", "spgist"} else "btree",
        keys=None
        if index.expressions
        else tuple(_bare(f"{quote_if_needed(column)}{' DESC' if order else ''}") for column, order in columns),
        included=tuple(_bare(quote_if_needed(model._meta.get_field(name).column)) for name in index.include),
        predicate=index._get_condition_sql(model, editor),
    )


def _found(index: Index) -> Definition:
    return Definition(
        is_unique=index.is_unique,
        method=index.method,
        keys=tuple(map(_bare, index.keys)),
        included=tuple(map(_bare, index.included)),
        predicate=index.predicate,
    )


def _bare(key: str) -> str:
    """Without the quotes of names that are small letters but words of SQL (`order`), which only the server knows."""
    return re.sub(r'"([a-z_][a-z0-9_]*)"', r"\1", key)
