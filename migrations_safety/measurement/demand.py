"""One thing that a plan demands of the rows that are there, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """How a column that a demand reads comes from the table as it is before the plan."""

    name: str
    """The name of the column when the demand is made."""
    before: str | None
    """The name before the plan; None for a column that the plan makes."""
    casts: tuple[str, ...] = ()
    """The types to which the plan has converted the values by then, in their order."""
    constant: str | None = None
    """The value in all rows that a column made by the plan has by then; None for NULL."""
    type: str = ""
    """The type of the column when the demand is made."""
    unknown: str | None = None
    """Why the value is not known; None where it is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """One thing that a migration demands of the rows that are there, or that it takes away from them.

    `kind` is not_null, unique, check, exclusion, foreign_key, length, cast, enum or drop. Tables and columns have their
    names before the plan, a column that the plan makes has its own name. Expressions use the names of `sources`.
    """

    kind: str
    table: str
    schema: str
    relation: str
    is_partitioned: bool
    columns: tuple[str, ...]
    migration: str
    alias: str
    """The name of the table, without its schema, when the demand is made."""
    name: str = ""
    """The name of the constraint or index."""
    sources: tuple[Source, ...] = ()
    condition: str | None = None
    """The expression of a CHECK, or the rows that an index is about."""
    keys: tuple[str, ...] = ()
    """The expressions that must be unique or exclude each other; for a foreign key the columns, quoted."""
    operators: tuple[str, ...] = ()
    nulls_are_equal: bool = False
    is_full: bool = False
    parent: tuple[str, str] | None = None
    """Schema and name of the parent table before the plan; None where the plan makes it."""
    parent_is_partitioned: bool = False
    parent_name: str = ""
    """The name of the parent table as PostgreSQL prints it."""
    parent_columns: tuple[str, ...] = ()
    type_before: str = ""
    type_after: str = ""
    category: str = ""
    """The category of the type before the plan, a letter of `pg_type.typcategory`."""
    category_after: str = ""
    labels: tuple[str, ...] | None = None
    """The labels of the enum that the type becomes."""
    not_judged: str | None = None
    """Why the rows cannot be judged; None where they can."""

    @property
    def of(self) -> tuple[str, str]:
        """Schema and name of the table before the plan."""
        return self.schema, self.relation


def read_demand(found: dict[str, Any]) -> Demand:
    """Return a demand from its values as JSON knows them."""
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    sources = tuple(Source(**one | {"casts": tuple(one["casts"])}) for one in found["sources"])
    return Demand(**values | {"sources": sources})
