"""Finds the existing foreign key with the name of a declared one, and the partitions that still need it."""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.refusals.tables import DefinitionDiffers
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import ForeignKey, Partition
from migrations_safety.schema.declared_keys import declared_key

PARTITIONS_TAKE_NOT_VALID = 180000
"""From this server version on a partitioned table takes a NOT VALID foreign key (measured on 15 to 18)."""


def partitions_without_key(connection: Connection, model: Any, constraint: Any) -> list[Partition]:
    """Return the partitions to which the foreign key must be added before the partitioned table gets it.

    The list is empty where the table can get the foreign key at once or has it already. Before version 18, PostgreSQL
    refuses a NOT VALID foreign key on a partitioned table (measured on 15 and 16). If every partition has validated the
    foreign key, the one of the table takes over those of the partitions.
    """
    if connection.pg_version >= PARTITIONS_TAKE_NOT_VALID:
        return []
    partitions = catalog.leaf_partitions(connection, model._meta.db_table, key=constraint.name)
    return [] if not partitions or find_existing_key(connection, model, constraint) else partitions


def find_existing_key(connection: Connection, model: Any, constraint: Any) -> ForeignKey | None:
    """Return the existing foreign key with the name of `constraint`, or None.

    Raises DefinitionDiffers where a foreign key has this name and another definition.
    """
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
