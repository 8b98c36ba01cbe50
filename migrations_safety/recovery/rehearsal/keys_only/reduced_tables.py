"""Reads which tables there are, and which of their columns hold keys and ids."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg

from migrations_safety.postgresql.named_rows import Record, records
from migrations_safety.recovery.rehearsal.keys_only.harmless import converts
from migrations_safety.sql import statement

ID_LIKE = re.compile(r"(?:.*_)?ids?$|.*[a-z0-9](?:Id|ID)$|uuid$|.*_uuid$", re.ASCII)
"""Names of columns that hold ids; without a declared key nothing else says so."""
TYPES_OF_IDS = frozenset({"int2", "int4", "int8", "numeric", "text", "varchar", "bpchar", "citext"})
OF_DJANGO = frozenset({"django_migrations", "django_content_type", "auth_permission"})
"""Tables whose rows are names of the project's code. They are copied as they are, as Django looks its own names up."""
RECORD_OF_KEPT = ("migrations_safety_kept", "record")
"""The table that says which columns and tables were kept instead of dropped; it has names and definitions alone."""
OWN = "migrations_safety_"
"""The beginning of the names of this app's tables, whose rows are about runs that the copy has not seen."""
LISTS = re.compile(r"= ANY \(|= \(?'|= \(?\d")
"""What a CHECK says that lists the values of a column: no ids are listed."""
STRING = re.compile(r"'(?:[^']|'')*'")
NAME = re.compile(r'"(?:[^"]|"")+"|[^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]*')

Place = tuple[str, str, str]
"""Schema, table and column."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column, with the type that is behind its domain."""

    name: str
    type: str
    base: str
    category: str
    kind: str
    element: str | None
    element_category: str | None
    element_kind: str | None
    modifier: int | None
    is_checked: bool
    is_required: bool
    is_generated: bool
    labels: tuple[str, ...]
    attributes: int
    domain_checks: tuple[str, ...]
    distinct_values: float | None
    expression: str | None
    """That of a generated column."""

    @property
    def is_id_like(self) -> bool:
        """Whether type or name say that it holds ids."""
        return self.base == "uuid" or (self.base in TYPES_OF_IDS and ID_LIKE.match(self.name) is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A CHECK of one table."""

    name: str
    condition: str
    is_valid: bool


@dataclass(kw_only=True, slots=True)
class ReducedTable:
    """A table that holds rows, and what becomes of its columns."""

    oid: int
    schema: str
    relation: str
    root_schema: str
    root_relation: str
    """The partitioned table at the top, and the table itself where it is no partition."""
    rows: int
    bytes: int
    is_empty: bool
    columns: dict[str, Column] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    """Columns that are copied as they are, because they hold no value of the hospital."""
    checks: list[Check] = field(default_factory=list)
    conditions: dict[str, str] = field(default_factory=dict)
    """Those of unique indexes about some of the rows, by the name of the index."""

    @property
    def name(self) -> str:
        """The name with its schema."""
        return f"{self.schema}.{self.relation}"

    @property
    def root_name(self) -> str:
        """The name of the table at the top."""
        return f"{self.root_schema}.{self.root_relation}"

    @property
    def is_as_it_is(self) -> bool:
        """Whether all its rows are copied as they are."""
        return self.relation in OF_DJANGO or (self.schema, self.relation) == RECORD_OF_KEPT

    @property
    def filled(self) -> dict[str, Column]:
        """The columns that get made-up values."""
        return self.filled_besides(self.keys)

    def filled_besides(self, replaced: Container[str]) -> dict[str, Column]:
        """Return the columns that get made-up values if only these keys can be replaced."""
        return {
            name: one
            for name, one in self.columns.items()
            if name not in replaced and name not in self.kept and not one.is_generated
        }

    def conditions_of_keys(self) -> Iterator[str]:
        """Return what CHECKs of the table and of domains say of keys."""
        yield from (one.condition for one in self.checks if self.named_in(one.condition) & self.keys)
        yield from (check for name in self.keys for check in self.columns[name].domain_checks)

    def named_in(self, expression: str) -> set[str]:
        """Return the columns that an expression names."""
        found = {one.strip('"').replace('""', '"') for one in NAME.findall(STRING.sub("''", expression))}
        return found & self.columns.keys()


def read(session: psycopg.Connection[Any], further: Iterable[tuple[Place, Place | None]]) -> list[ReducedTable]:
    """Return all tables with rows; `further` are the two ends of keys that only models or the plan declare."""
    found = {one["oid"]: ReducedTable(**one) for one in _rows(session, "reduced_tables.tables", {})}
    asked = {"oids": list(found)}
    for row in _rows(session, "reduced_tables.columns", asked):
        table = found[row.pop("table_oid")]
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
        }
        table.columns[row["name"]] = Column(**values)
    for row in _rows(session, "reduced_tables.checks", asked):
        found[row.pop("table_oid")].checks.append(Check(**row))
    for row in _rows(session, "reduced_tables.indexes", asked):
        _add_index(found[row["table_oid"]], row)
    further = list(further)
    _add_keys(found, _rows(session, "reduced_tables.keys", {}) + _as_rows(found, further))
    for row in _rows(session, "reduced_tables.partition_keys", asked):
        table = found[row["table_oid"]]
        is_label = table.columns[row["column"]].labels or table.columns[row["column"]].base == "bool"
        (table.kept if is_label else table.keys).add(row["column"])  # another label may have no partition
    _add_declared(found.values(), {end for ends in further for end in ends if end})
    return [one for one in found.values() if not one.relation.startswith(OWN)]


def bounds(session: psycopg.Connection[Any]) -> list[str]:
    """Return the bounds of all partitions."""
    return [bound for (bound,) in session.execute(statement("reduced_tables.bounds").encode()).fetchall()]


def settle(session: psycopg.Connection[Any]) -> None:
    """Set what decides how names and values are written, and that no row is hidden."""
    session.execute(statement("reduced_tables.settle").encode())
    session.execute(statement("reduced_tables.wait").encode())


def _add_index(table: ReducedTable, index: Record) -> None:
    """Note the columns that an index compares, and those that it converts: replaced digits are digits still."""
    if index["compares"]:
        table.keys |= {*index["columns"], *table.named_in(index["expression"] or "")}
        if index["condition"]:
            table.conditions[index["name"]] = index["condition"]
    elif converts(index["expression"]):
        table.keys |= table.named_in(index["expression"])


def _add_keys(found: dict[int, ReducedTable], keys: list[Record]) -> None:
    """Note the columns of foreign keys, and those that are copied as they are because their parents are."""
    parents = defaultdict(set)
    for row in keys:
        for oid, column in ((row["table_oid"], row["column"]), (row["parent_oid"], row["parent_column"])):
            if oid in found:
                found[oid].keys.add(column)
        parents[row["table_oid"], row["column"]].add((row["parent_oid"], row["parent_column"]))
    as_it_is = {(one.oid, column) for one in found.values() if one.is_as_it_is for column in one.columns}
    while True:
        more = {end for end, of_one in parents.items() if of_one & as_it_is} - as_it_is
        if not more:
            break
        as_it_is |= more
    for oid, column in as_it_is:
        if oid in found:
            found[oid].kept.add(column)


def _as_rows(found: dict[int, ReducedTable], declared: Iterable[tuple[Place, Place | None]]) -> list[Record]:
    """Return declared keys as the catalog has those that are there."""
    oids = {(one.schema, one.relation): one.oid for one in found.values()}
    rows = []
    for child, parent in declared:
        if parent and child[:2] in oids and parent[:2] in oids and child[2] in found[oids[child[:2]]].columns:
            rows.append({"table_oid": oids[child[:2]], "column": child[2]})
            rows[-1] |= {"parent_oid": oids[parent[:2]], "parent_column": parent[2]}
    return rows


def _add_declared(tables: Iterable[ReducedTable], further: set[Place]) -> None:
    for table in tables:
        places = ((table.schema, table.relation), (table.root_schema, table.root_relation))
        table.keys |= {column for *place, column in further if tuple(place) in places and column in table.columns}
        listed = {name for one in table.checks if LISTS.search(one.condition) for name in table.named_in(one.condition)}
        table.keys |= {name for name, one in table.columns.items() if one.is_id_like and name not in listed}
        for name, one in table.columns.items():
            if one.expression and (name in table.keys or converts(one.expression)):
                table.keys |= table.named_in(one.expression)
        table.keys &= {name for name, one in table.columns.items() if not one.is_generated} - table.kept


def _rows(session: psycopg.Connection[Any], name: str, asked: dict[str, Any]) -> list[Record]:
    return records(session.execute(statement(name).encode(), asked))
