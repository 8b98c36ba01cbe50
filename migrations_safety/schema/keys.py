"""Compares foreign keys with their models: columns, parent, actions, deferrability, validity, disabled triggers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import ForeignKey, Table
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.existing_keys import PARTITIONS_TAKE_NOT_VALID
from migrations_safety.sql.identifiers import quote_identifier


@dataclass(frozen=True, kw_only=True, slots=True)
class KeysThere:
    """The existing foreign keys.

    `tables` holds the existing tables by name; `foreign_keys` holds, by the oid of a table, its foreign keys and those
    that only one of its partitions has.
    """

    tables: Mapping[str, Table]
    foreign_keys: Mapping[int, list[ForeignKey]]
    server_version: int

    def find(self, key: DeclaredKey) -> ForeignKey | None:
        """Return the existing foreign key that corresponds to a declared one, or None.

        A foreign key that only a partition has does not count.
        """
        table, target = self.tables.get(key.table), self.tables.get(key.target_table)
        if table is None:
            return None
        on_table = [one for one in self.foreign_keys[table.oid] if not one.partition]
        return key.standing(on_table, target_oid=target.oid if target else None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedKeys:
    """The differences as findings, and the declared foreign keys that exist as declared."""

    findings: list[Finding]
    matching: list[DeclaredKey]


def read_keys(connection: Connection, keys: Iterable[DeclaredKey], *, own_tables: Iterable[str]) -> KeysThere:
    """Read the tables at both ends of the declared keys, `own_tables`, and the foreign keys on all of them."""
    ends = {name for key in keys for name in (key.table, key.target_table)}
    tables = catalog.tables(connection, ends.union(own_tables))
    foreign_keys: dict[int, list[ForeignKey]] = {table.oid: [] for table in tables.values()}
    for one in catalog.foreign_keys(connection, list(foreign_keys)):
        foreign_keys[one.table_oid].append(one)
    return KeysThere(tables=tables, foreign_keys=foreign_keys, server_version=connection.pg_version)


def compare_keys(
    keys: Iterable[DeclaredKey],
    there: KeysThere,
    *,
    own_tables: Iterable[str],
    elsewhere: Iterable[DeclaredKey] = (),
    is_pending: Callable[[DeclaredKey], bool],
) -> ComparedKeys:
    """Compare the declared foreign keys with the existing ones.

    `is_pending` tells whether a pending migration adds or validates a foreign key. An existing foreign key that no
    model declares is a finding on `own_tables`, and also next to a declared one on the same column, because the action
    of the older one comes first. Columns of the keys `elsewhere` are not compared: they lead to another database or
    schema.
    """
    keys = list(keys)
    findings: list[Finding] = []
    matching = []
    for key in keys:
        differences = list(_differences(there, key, is_pending))
        findings += differences
        if not differences:
            matching.append(key)
    not_compared = {(key.table, key.column) for key in elsewhere}
    findings += _extra(keys, there, set(own_tables), not_compared)
    return ComparedKeys(findings=findings, matching=matching)


def _differences(keys: KeysThere, key: DeclaredKey, is_pending: Callable[[DeclaredKey], bool]) -> Iterator[Finding]:
    subject = key.label
    there, table, target = keys.find(key), keys.tables.get(key.table), keys.tables.get(key.target_table)
    if table is None or target is None:
        yield wording.key_missing(subject, declared=key.definition, is_pending=is_pending(key), add=None)
        return
    in_steps = not table.is_partitioned or keys.server_version >= PARTITIONS_TAKE_NOT_VALID
    how: dict[str, Any] = {"table": table.to_paste, "target": target.to_paste, "in_steps": in_steps}
    if there is None:
        name = key.name or f"{table.relation}_{key.column}_fkey"
        add = key.statement(name, **how)
        yield wording.key_missing(subject, declared=key.definition, is_pending=is_pending(key), add=add)
        return
    if key.differing_fields(there, target_oid=target.oid):
        found = key.definition_of(there, target_oid=target.oid)
        replace = key.statement(there.name, drop=f"DROP CONSTRAINT {quote_identifier(there.name)}, ", **how)
        yield wording.key_differs(subject, declared=key.definition, found=found, replace=replace)
    if not there.enforced:
        yield wording.key_not_enforced(subject, alter=table.to_paste, name=there.name)
    elif not there.validated:
        pending = is_pending(key)
        yield wording.key_not_valid(subject, alter=table.to_paste, name=there.name, is_pending=pending)
    if there.disabled_triggers:
        yield wording.triggers_disabled(subject, enable=there.disabled_triggers)


def _extra(
    keys: list[DeclaredKey], there: KeysThere, own_tables: set[str], not_compared: set[tuple[str, str]]
) -> Iterator[Finding]:
    names = {table.oid: name for name, table in there.tables.items()}
    declared = {id(there.find(key)) for key in keys}
    columns = {(key.table, key.column) for key in keys}
    for one in (one for of_table in there.foreign_keys.values() for one in of_table):
        table = names[one.table_oid]
        is_on_column = any((table, column) in columns for column in one.columns)
        if any((table, column) in not_compared for column in one.columns):
            continue
        if id(one) in declared or not (is_on_column or (table in own_tables and not one.partition)):
            continue
        alter = one.partition or there.tables[table].to_paste
        subject = f"{one.partition or table}.{one.name}"
        yield wording.key_extra(subject, found=_words(one), alter=alter, name=one.name)


def _words(key: ForeignKey) -> str:
    words = f"FOREIGN KEY ({', '.join(key.columns)}) REFERENCES {key.target_table}"
    return f"{words} ON DELETE {key.on_delete}"
