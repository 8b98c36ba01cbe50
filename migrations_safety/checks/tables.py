"""Checks of the tables, enums and keys that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrations_safety import catalog
from migrations_safety.checks.evidence import Evidence
from migrations_safety.declarations import DeclaredKey
from migrations_safety.findings import Finding, partition
from migrations_safety.findings import tables as wording


def check_tables(connection: Any, evidence: Evidence) -> list[Finding]:
    """Tables and enums that a pending migration makes; keys of another definition; parents without a unique index."""
    found = []
    names = [name for one in evidence.plan.migrations for name in (*one.creates, *one.indexes)]
    taken = catalog.kinds_of_relations(connection, names)
    for migration in evidence.plan.migrations:
        if migration.is_baseline and (others := catalog.number_of_tables(connection)):
            found.append(wording.none_of_the_baseline(evidence.target.name, migration=migration.label, others=others))
        for table in migration.creates:
            if table in evidence.tables:
                found.append(wording.exists_already(table, migration=migration.label))
        for name in (*migration.creates, *migration.indexes):
            if name in taken and name not in evidence.tables:
                found.append(wording.name_taken(name, found=taken[name], migration=migration.label))
        for enum in migration.enums:
            there = catalog.enum_labels(connection, enum.name)
            if list(there) != enum.labels and catalog.is_type(connection, enum.name):
                found.append(
                    wording.enum_exists_already(enum.name, schema=evidence.target.schema, migration=migration.label)
                )
    found += [one for key in evidence.plan.keys for one in _key(evidence, key)]
    found += _other_constraints(connection, evidence)
    return found + _parents(evidence) + _partitioned(connection, evidence)


def _key(evidence: Evidence, key: DeclaredKey) -> Iterator[Finding]:
    table, target = evidence.tables.get(key.table), evidence.tables.get(key.target_table)
    if table is None or target is None:
        return
    for there in (*evidence.keys, *evidence.keys_of_partitions):
        if there.table_oid != table.oid or (key.table, there.name) in evidence.plan.removed:
            continue
        difference = key.difference(there, target_oid=target.oid)
        if there.name == key.name and not there.enforced:
            difference = difference or (key.definition, f"{key.definition} NOT ENFORCED")
        if there.name == key.name and difference:
            yield wording.key_differs(
                there.partition or key.table,
                name=there.name,
                declared=difference[0],
                found=difference[1],
                alter=there.partition or table.to_paste,
            )
        elif there.name != key.name and there.columns == (key.column,) and there.target_oid == target.oid:
            yield wording.key_under_another_name(key.subject, name=there.name)


def _other_constraints(connection: Any, evidence: Evidence) -> Iterator[Finding]:
    """A CHECK or UNIQUE constraint that has the name of a key."""
    keys = {
        (evidence.tables[key.table].oid, key.name): key for key in evidence.plan.keys if key.table in evidence.tables
    }
    for there in catalog.other_constraints(connection, [oid for oid, _ in keys]):
        if key := keys.get((there.table_oid, there.name)):
            words = {"declared": key.definition, "found": there.definition}
            yield wording.key_differs(key.table, name=there.name, alter=evidence.tables[key.table].to_paste, **words)


def _partitioned(connection: Any, evidence: Evidence) -> list[Finding]:
    if connection.pg_version >= 180000:
        return []
    tables = {key.table for key in evidence.references() if evidence.tables[key.table].kind == "p"}
    return [partition.key_by_key(table, server_version=evidence.target.server_version) for table in sorted(tables)]


def _parents(evidence: Evidence) -> list[Finding]:
    parents = {(key.target_table, key.target_column) for key in evidence.plan.keys}
    there = [(table, name, evidence.column(table, name)) for table, name in sorted(parents)]
    made_unique = {(table, name) for table, name, _, is_unique in evidence.plan.altered if is_unique}
    return [
        wording.parent_not_unique(f'{table}."{name}"')
        for table, name, column in there
        if column and not column.is_unique and (table, name) not in made_unique
    ]
