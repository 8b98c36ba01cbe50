"""An index without its table: as a model declares it and as the catalog has it, compared field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from migrations_safety.postgresql.table_details import Index, IndexedKey
from migrations_safety.schema.expressions import Expressions
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexKey:
    """One key, as SQL; an operator class or collation that is the default one is empty.

    A declared key may name the default operator class: `other_class` is the name of the one that is there.
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
    """An index without its name and table; `options` are its storage parameters."""

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
        """What follows the table's name in CREATE INDEX."""
        words = f"USING {self.method} ({', '.join(map(str, self.keys))})"
        words += f" INCLUDE ({', '.join(self.included)})" if self.included else ""
        words += " NULLS NOT DISTINCT" if self.nulls_not_distinct else ""
        words += f" WITH ({', '.join(sorted(self.options))})" if self.options else ""
        return words + (f" WHERE {self.predicate}" if self.predicate else "")

    def create(self, name: str, *, on: str, in_place: bool = False) -> str:
        """The statement that builds it beside writers; `in_place` where the table takes it under a lock alone."""
        kind = "UNIQUE INDEX" if self.is_unique else "INDEX"
        how = "" if in_place else " CONCURRENTLY"
        return f"CREATE {kind}{how} {quote_if_needed(name)} ON {on} {self.rest};"

    @property
    def expressions(self) -> Iterator[str]:
        """The SQL of it that PostgreSQL has to read before it can be compared; columns are compared by their names."""
        yield from (key.expression for key in self.keys if not key.is_column)
        if self.predicate:
            yield self.predicate


def existing_definition(index: Index) -> IndexDefinition:
    """The definition of an index that is there."""
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
    """The names of the fields in which the two differ; `collations` are those that the table's columns have.

    Expressions cannot be compared as text, because the catalog prints them in its own words: they go through
    PostgreSQL (`Expressions`), all of a table at once. Names of operator classes and collations are compared as they
    are, since an index of another class or collation serves other queries. The collation of an expression that
    declares none comes from its columns, which only the parser knows: any collation of a column of the table passes.
    Storage parameters differ where the model declares them; those that a DBA has set beside are no drift.
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
    """Without the quotes of names that are small letters but words of SQL (`order`), which only the server knows."""
    return re.sub(r'^"([a-z_][a-z0-9_]*)"$', r"\1", key)
