"""The check of the existing tables, enums and foreign keys against those of the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import partition
from migrations_safety.messages.wording import plan as of_the_plan
from migrations_safety.messages.wording import tables as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.lineage import ColumnName
from migrations_safety.plan.planned_changes import RemovedKey
from migrations_safety.plan.planned_keys import KeyName
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import ForeignKey, Table
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.existing_keys import PARTITIONS_TAKE_NOT_VALID


def check_tables(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find tables and enums of the plan that exist already, and foreign keys that differ from the declared ones.

    Parents without a unique index, and foreign keys on partitioned tables, are findings, too.
    """
    found = list(_names(connection, inspected))
    for migration in inspected.plan.migrations:
        if migration.is_baseline and (others := catalog.number_of_tables(connection)):
            found.append(wording.none_of_the_baseline(inspected.target.name, migration=migration.label, others=others))
        for enum in migration.enums:
            labels = catalog.enum_labels(connection, enum.name)
            if list(labels) != enum.labels and catalog.is_type(connection, enum.name):
                found.append(
                    wording.enum_exists_already(enum.name, schema=inspected.target.schema, migration=migration.label)
                )
    found += [finding for key in inspected.keys for finding in _key(inspected, key)]
    found += _other_constraints(connection, inspected)
    return [*found, *_parents(connection, inspected), *_partitioned(connection, inspected)]


def _names(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    """Findings for names that a migration gives to a table or index and that another relation has now.

    A name that the plan itself frees before is left out.
    """
    plan = inspected.plan
    needed = [name for migration in plan.migrations for name in (*migration.creates, *migration.others)]
    taken = catalog.kinds_of_relations(connection, needed)
    for migration in plan.migrations:
        for name in dict.fromkeys((*migration.creates, *migration.others)):
            words = {"migration": migration.label}
            if name in taken and name in plan.unsure:
                yield of_the_plan.name_may_be_freed(name, found=taken[name], code=plan.unsure[name], **words)
            elif name in migration.creates and name in inspected.tables:
                yield wording.exists_already(name, **words)
            elif name in taken:
                yield wording.name_taken(name, found=taken[name], **words)


def _key(inspected: InspectedPlan, key: DeclaredKey) -> Iterator[Finding]:
    """Findings for existing foreign keys that are in the way of the declared foreign key.

    Such a foreign key has the declared name and another definition, or is on the same column under another name.
    """
    table, target = inspected.table(key), inspected.parent_table(key)
    if table is None or target is None:
        return
    for existing in (*inspected.foreign_keys, *inspected.partition_keys):
        if existing.table_oid == table.oid and not _is_dropped_before(inspected, key, existing):
            yield from _compared(key, existing, table=table, target=target)


def _compared(key: DeclaredKey, existing: ForeignKey, *, table: Table, target: Table) -> Iterator[Finding]:
    definition = key.definition_of(existing, target_oid=target.oid)
    differs = bool(key.differing_fields(existing, target_oid=target.oid))
    is_in_place = existing.columns == (key.column,) and existing.target_oid == target.oid
    alter = existing.partition or table.to_paste
    if existing.name == key.name and not existing.enforced:
        definition, differs = f"{definition} NOT ENFORCED", True
    if existing.name == key.name and differs:
        yield wording.key_differs(
            existing.partition or key.table,
            name=existing.name,
            declared=key.definition,
            found=definition,
            alter=alter,
            is_in_place=is_in_place,
        )
    elif existing.name != key.name and is_in_place:
        yield wording.key_under_another_name(key.subject, name=existing.name, alter=alter)


def _is_dropped_before(inspected: InspectedPlan, key: DeclaredKey, existing: ForeignKey) -> bool:
    """Whether the plan drops the existing foreign key first: by its name, with its column, or to add it again."""
    plan = inspected.plan
    columns = {ColumnName(table=key.table, column=column) for column in existing.columns}
    dropped = {ColumnName(table=drop.table, column=drop.column) for drop in plan.dropped if drop.column}
    is_removed = RemovedKey(table=key.table, name=existing.name) in plan.removed
    return is_removed or bool(columns & (plan.rekeyed | dropped))


def _other_constraints(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    """Findings for CHECK and UNIQUE constraints that have the name of a declared foreign key."""
    keys = {(table.oid, key.name): key for key in inspected.keys if (table := inspected.table(key)) is not None}
    for other in catalog.other_constraints(connection, [oid for oid, _ in keys]):
        if key := keys.get((other.table_oid, other.name)):
            words: dict[str, Any] = {"declared": key.definition, "found": other.definition}
            yield wording.key_differs(key.table, name=other.name, alter=inspected.tables[key.table].to_paste, **words)


def _partitioned(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    keys = [key for key in inspected.references() if inspected.tables[key.table].is_partitioned]
    in_steps = {key for key in keys if _is_added_in_steps(inspected, key)}
    if connection.pg_version < PARTITIONS_TAKE_NOT_VALID:
        for table in sorted({key.table for key in in_steps}):
            yield partition.key_by_key(table, server_version=inspected.target.server_version)
    for key in keys:
        if key not in in_steps:
            yield partition.key_at_once(key.subject, target=key.target_table)


def _is_added_in_steps(inspected: InspectedPlan, key: DeclaredKey) -> bool:
    if key.name is None:
        return False
    return KeyName(app_label=key.app_label, model_name=key.model_name, name=key.name) in inspected.plan.in_steps


def _parents(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    parents = {key.ends.columns[1]: key for key in inspected.keys}
    made_unique = {(column.table, column.column) for column in inspected.altered if column.is_unique}
    for place, key in sorted(parents.items()):
        table, column = inspected.parent_table(key), inspected.referenced(key)
        if table and column and not column.is_unique and place not in made_unique:
            needed = catalog.partition_columns(connection, table) - {column.name}
            subject, index_on = key.ends.target_subject, table.to_paste
            if needed:
                yield wording.parent_never_unique(subject, index_on=index_on, columns=sorted(needed))
            else:
                is_whole = not table.is_partitioned
                yield wording.parent_not_unique(subject, index_on=index_on, column=place[1], is_whole=is_whole)
