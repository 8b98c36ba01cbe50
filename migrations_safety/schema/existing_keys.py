"""The foreign key that is there already under the name of a declared one, and the partitions that still lack it."""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.refusals.tables import DefinitionDiffers
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import ForeignKey, Partition
from migrations_safety.schema.declared_keys import declared_key


def partitions_without_key(connection: Connection, model: Any, constraint: Any) -> list[Partition]:
    """The partitions that get the key one by one before the table itself does; none where the table can take it.

    Before version 18, PostgreSQL refuses a NOT VALID key on a partitioned table (measured on 15 and 16); a key
    that every partition has and has proved is taken over by the table's own.
    """
    if connection.pg_version >= 180000:
        return []
    partitions = catalog.leaf_partitions(connection, model._meta.db_table, key=constraint.name)
    return [] if not partitions or find_existing_key(connection, model, constraint) else partitions


def find_existing_key(connection: Connection, model: Any, constraint: Any) -> ForeignKey | None:
    """The key as the table has it, or None; DefinitionDiffers where only the name is the same."""
    declared = declared_key(model, constraint)
    found = catalog.tables(connection, declared.tables)
    if declared.table not in found or declared.target_table not in found:
        return None
    table, target = found[declared.table], found[declared.target_table]
    for key in catalog.foreign_keys(connection, [table.oid]):
        if key.name == constraint.name and not key.partition:
            if declared.differing_fields(key, target_oid=target.oid):
                there = declared.definition_of(key, target_oid=target.oid)
                raise DefinitionDiffers(
                    kind="foreign key", name=key.name, declared=[declared.definition], found=[there]
                )
            return key
    return None
