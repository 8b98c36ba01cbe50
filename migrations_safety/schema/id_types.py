"""Reads the types of the existing id columns, and finds the value of the id setting that fits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps

from migrations_safety.fields import ID_TYPES, is_id_type
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Column
from migrations_safety.schema.declared_keys import declared_keys
from migrations_safety.schema.declared_models import managed_models


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingIds:
    """The existing columns at both ends of all foreign keys of the models whose type the id setting decides.

    `types` counts them by their type, as `kind_of_type` names it.
    """

    types: Counter[str]

    @property
    def fitting(self) -> str:
        """The value of the id setting that fits most of them."""
        return max(ID_TYPES, key=lambda one: self.types[one])

    @property
    def fits_all(self) -> bool:
        """Whether that value fits all of them."""
        return self.types[self.fitting] == self.types.total()


def existing_ids(connection: Connection) -> ExistingIds:
    """Read the types of the existing id columns from the catalog."""
    return ExistingIds(types=Counter(kind_of_type(column.base_type) for column in _columns(connection)))


def kind_of_type(type_name: str) -> str:
    """Return the name of the type itself, but `text` for every character type."""
    return "text" if type_name.startswith("character") else type_name


def _columns(connection: Connection) -> Iterator[Column]:
    keys = [key for model in managed_models(apps) for key in declared_keys(model) if is_id_type(key.column_type)]
    ends = {end for key in keys for end in key.ends.columns}
    tables = catalog.tables(connection, {table for table, _ in ends})
    columns = catalog.columns(connection, [table.oid for table in tables.values()])
    for table, name in ends:
        if table in tables and name in columns[tables[table].oid]:
            yield columns[tables[table].oid][name]
