"""As what a key compares its two ends: PostgreSQL's own rule, read from its catalogs.

`ALTER TABLE … ADD FOREIGN KEY` takes two types where the operator family of the parent's unique index has an equality
of both, or where the child's type is cast implicitly to what that index compares (`ATAddForeignKeyConstraint` of
PostgreSQL 15 to 18; PostgreSQL documentation, 36.16.5). Names of types tell nothing of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.postgresql.relations import Column

ORDERS = (
    ("smallint", "integer", "bigint"),
    ("real", "double precision"),
    ("date", "timestamp without time zone", "timestamp with time zone"),
    ("name", "text"),
)
"""Types that one operator family of PostgreSQL compares with each other, each with those that hold all its values."""

SPELLED = ("text", "bpchar")
"""Types whose values are equal by the collation that they are compared with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """One end of a key: a column that is there, or the type that is declared for one that is not as it will be."""

    column: Column | None = None
    declared: str | None = None

    @property
    def type_oid(self) -> int | None:
        """The type of the column that is there."""
        return self.column.type_oid if self.column else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Equality:
    """The types that a key compares its ends as: None for both where PostgreSQL refuses it.

    `known` is False where a type is not there yet, so that nothing can be said.
    """

    parent: str | None
    child: str | None
    known: bool

    @property
    def is_possible(self) -> bool:
        """Whether PostgreSQL takes the key."""
        return self.parent is not None


def equalities(connection: Connection, pairs: Sequence[tuple[End, End]]) -> list[Equality]:
    """For each pair of a referencing and a referenced end: as what a key would compare them."""
    if not pairs:
        return []
    there = [parent.column for _, parent in pairs]
    asked = {
        "child_oids": [child.type_oid for child, _ in pairs],
        "child_names": [child.declared for child, _ in pairs],
        "parent_oids": [parent.type_oid for _, parent in pairs],
        "parent_names": [parent.declared for _, parent in pairs],
        "tables": [column.table_oid if column else None for column in there],
        "columns": [column.name if column else None for column in there],
    }
    return rows(connection, "comparable_types.compared", asked, Equality)


def compared_as(equalities: Iterable[Equality], columns: Iterable[Column]) -> str:
    """The type in which all ends are compared as their keys would; text where a key is impossible.

    Text is compared byte by byte where the collations of the `columns` differ.
    """
    common = _widest({one for equality in equalities for one in (equality.parent, equality.child)})
    collations = {(column.collation, column.deterministic) for column in columns}
    return f'{common} COLLATE "C"' if common in SPELLED and len(collations) > 1 else common


def _widest(types: set[str | None]) -> str:
    if len(types) == 1:
        return next(iter(types)) or "text"
    orders = [order for order in ORDERS if types <= set(order)]
    return max((one for one in orders[0] if one in types), key=orders[0].index) if orders else "text"
