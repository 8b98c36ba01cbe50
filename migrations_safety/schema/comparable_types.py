"""Finds the types as which a foreign key compares child and parent, by the rule of PostgreSQL itself.

`ALTER TABLE … ADD FOREIGN KEY` accepts two types in two cases: the operator family of the unique index of the parent
has an equality operator for both, or the child type is cast implicitly to the type that this index compares
(`ATAddForeignKeyConstraint` of PostgreSQL 15 to 18; PostgreSQL documentation, 36.16.5). The rule is read from the
catalog, because the names of the types do not show it.
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
"""Groups of types that PostgreSQL can compare with each other; each type is followed by the wider ones."""

SPELLED = ("text", "bpchar")
"""Types for which the collation decides whether two values are equal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """One end of a foreign key.

    It is an existing column, or the declared type of a column that does not exist yet or will get another type.
    """

    column: Column | None = None
    declared: str | None = None

    @property
    def type_oid(self) -> int | None:
        """The oid of the type of the existing column; None where there is no such column."""
        return self.column.type_oid if self.column else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Equality:
    """The types as which a foreign key compares parent and child; both are None where PostgreSQL refuses the key.

    `known` is False where one of the types does not exist yet, so that nothing can be said.
    """

    parent: str | None
    child: str | None
    known: bool

    @property
    def is_possible(self) -> bool:
        """Whether PostgreSQL accepts the foreign key."""
        return self.parent is not None


def equalities(connection: Connection, pairs: Sequence[tuple[End, End]]) -> list[Equality]:
    """Return for each pair of a child and a parent end the types as which a foreign key would compare them."""
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
    """Return one SQL type as which the values of all these columns can be compared.

    The type is text where no foreign key is possible.

    For text, `COLLATE "C"` (comparison by bytes) is added where the collations of the `columns` differ.
    """
    common = _widest({one for equality in equalities for one in (equality.parent, equality.child)})
    collations = {(column.collation, column.deterministic) for column in columns}
    return f'{common} COLLATE "C"' if common in SPELLED and len(collations) > 1 else common


def _widest(types: set[str | None]) -> str:
    if len(types) == 1:
        return next(iter(types)) or "text"
    orders = [order for order in ORDERS if types <= set(order)]
    return max((one for one in orders[0] if one in types), key=orders[0].index) if orders else "text"
