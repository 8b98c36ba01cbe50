"""Compares the definition of a declared index with that of an existing one, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from migrations_safety.postgresql.table_details import Index, IndexedKey
from migrations_safety.schema.expressions import Expressions
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexKey:
    """One key of an index; `expression` is SQL.

    `operator_class` and `collation` are empty strings where the key has the default. A model may name the default
    operator class, so an existing key has the name of its class in `other_class` too, whichever class it is.
    """

    expression: str
    is_column: bool = True
    descending: bool = False
    nulls_first: bool = False
    operator_class: str = ""
    other_class: str = ""
    collation: str = ""

    def __str__(self) -> str:
        words = self.expression
        words += f" COLLATE {quote_identifier(self.collation)}" if self.collation else ""
        words += f" {self.operator_class}" if self.operator_class else ""
        words += " DESC" if self.descending else ""
        nulls = "" if self.nulls_first is self.descending else f" NULLS {'FIRST' if self.nulls_first else 'LAST'}"
        return words + nulls


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexDefinition:
    """The definition of an index, without its name and its table.

    `options` are the storage parameters, for example `fillfactor=70`.
    """

    is_unique: bool
    method: str = "btree"
    keys: tuple[IndexKey, ...]
    included: tuple[str, ...] = ()
    predicate: str | None = None
    nulls_not_distinct: bool = False
    options: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{'a unique index' if self.is_unique else 'an index'} {self.rest}"

    @property
    def rest(self) -> str:
        """The part of CREATE INDEX after the name of the table."""
        words = f"USING {self.method} ({', '.join(map(str, self.keys))})"
        words += f" INCLUDE ({', '.join(self.included)})" if self.included else ""
        words += " NULLS NOT DISTINCT" if self.nulls_not_distinct else ""
        words += f" WITH ({', '.join(sorted(self.options))})" if self.options else ""
        return words + (f" WHERE {self.predicate}" if self.predicate else "")

    def create(self, name: str, *, on: str, in_place: bool = False) -> str:
        """Return the statement that builds the index as `name` on the table `on`, without blocking writes.

        With `in_place` the statement blocks writes: PostgreSQL builds no index CONCURRENTLY on a partitioned table.
        """
        kind = "UNIQUE INDEX" if self.is_unique else "INDEX"
        how = "" if in_place else " CONCURRENTLY"
        return f"CREATE {kind}{how} {quote_if_needed(name)} ON {on} {self.rest};"

    @property
    def expressions(self) -> Iterator[str]:
        """The SQL expressions of the index, which can only be compared after PostgreSQL has printed them."""
        yield from (key.expression for key in self.keys if not key.is_column)
        if self.predicate:
            yield self.predicate


def existing_definition(index: Index) -> IndexDefinition:
    """Return the definition of an existing index."""
    return IndexDefinition(
        is_unique=index.is_unique,
        method=index.method,
        keys=tuple(map(_existing_key, index.keys)),
        included=tuple(map(bare, index.included)),
        predicate=index.predicate,
        nulls_not_distinct=index.nulls_not_distinct,
        options=frozenset(index.options),
    )


def _existing_key(key: IndexedKey) -> IndexKey:
    return IndexKey(
        expression=bare(key["expression"]),
        is_column=key["is_column"],
        descending=key["descending"],
        nulls_first=key["nulls_first"],
        operator_class="" if key["is_default_class"] else key["operator_class"],
        other_class=key["operator_class"],
        collation=key["collation"],
    )


def differing_fields(
    declared: IndexDefinition, found: IndexDefinition, expressions: Expressions, *, collations: frozenset[str]
) -> tuple[str, ...]:
    """Return the names of the fields in which two definitions differ; `collations` are those of the table's columns.

    Expressions are printed by PostgreSQL before they are compared (`Expressions`), because the catalog does not keep
    the declared text. Operator classes and collations are compared by name, because an index with another one serves
    other queries. If an expression declares no collation, it has that of its columns; only the parser knows which
    columns these are, so the collation of any column of the table is accepted. Storage parameters are compared if the
    model declares them; others, which a DBA may have set, are ignored.
    """
    plain = ("is_unique", "method", "included", "nulls_not_distinct")
    fields = [name for name in plain if getattr(declared, name) != getattr(found, name)]
    if len(declared.keys) != len(found.keys) or not all(
        _are_same_key(one, other, expressions, collations) for one, other in zip(declared.keys, found.keys, strict=True)
    ):
        fields.append("keys")
    if not expressions.are_equivalent(declared.predicate, found.predicate):
        fields.append("predicate")
    if declared.options - found.options:
        fields.append("options")
    return tuple(fields)


def _are_same_key(declared: IndexKey, found: IndexKey, expressions: Expressions, collations: frozenset[str]) -> bool:
    is_same_class = declared.operator_class in (found.operator_class, found.other_class)
    is_same_collation = declared.collation == found.collation or (
        not declared.collation and not found.is_column and found.collation in collations
    )
    order = (declared.descending, declared.nulls_first) == (found.descending, found.nulls_first)
    return (
        order
        and is_same_class
        and is_same_collation
        and expressions.are_equivalent(declared.expression, found.expression)
    )


def bare(key: str) -> str:
    """Return the name without quotes if it is in lower case, as with `"order"`.

    Such a name is quoted only where it is a keyword, and the server and this app may know different keywords.
    """
    return re.sub(r'^"([a-z_][a-z0-9_]*)"$', r"\1", key)
