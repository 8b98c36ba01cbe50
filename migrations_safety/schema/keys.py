"""Foreign keys: columns, target, rules, deferrability, validity, and whether their triggers fire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import ForeignKey, Table
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql.identifiers import quote_identifier

PARTITIONS_TAKE_NOT_VALID = 180000


class InspectedKeys(Protocol):
    """Declared keys, and the tables at their ends with their keys as the catalog has them."""

    @property
    def keys(self) -> tuple[DeclaredKey, ...]: ...  # noqa: D102

    @property
    def tables(self) -> Mapping[str, Table]: ...  # noqa: D102

    @property
    def foreign_keys(self) -> tuple[ForeignKey, ...]: ...  # noqa: D102

    @property
    def partition_keys(self) -> tuple[ForeignKey, ...]: ...  # noqa: D102


class PendingKeys(Protocol):
    """What the pending migrations will still make."""

    connection: Connection

    def makes_key(self, key: DeclaredKey) -> bool:
        """Whether a pending migration adds or validates it."""


def compare_keys(
    inspected: InspectedKeys, *, own_tables: Iterable[str], pending: PendingKeys
) -> tuple[list[Finding], list[DeclaredKey]]:
    """The declared keys against the catalog, and those that are as declared.

    None may be extra on `own_tables`, nor a second one on a declared key's column: of two, the older one acts first.
    """
    findings: list[Finding] = []
    matching = []
    for key in inspected.keys:
        differences = list(_differences(inspected, key, pending))
        findings += differences
        if not differences:
            matching.append(key)
    return findings + list(_extra(inspected, set(own_tables))), matching


def _differences(inspected: InspectedKeys, key: DeclaredKey, pending: PendingKeys) -> Iterator[Finding]:
    subject = key.label
    there, table = _find(inspected, key), inspected.tables.get(key.table)
    target = inspected.tables.get(key.target_table)
    if table is None or target is None:
        yield wording.key_missing(subject, declared=key.definition, is_pending=pending.makes_key(key), add=None)
        return
    in_steps = not table.is_partitioned or pending.connection.pg_version >= PARTITIONS_TAKE_NOT_VALID
    how: dict[str, Any] = {"table": table.to_paste, "target": target.to_paste, "in_steps": in_steps}
    if there is None:
        name = key.name or f"{table.relation}_{key.column}_fkey"
        add = key.statement(name, **how)
        yield wording.key_missing(subject, declared=key.definition, is_pending=pending.makes_key(key), add=add)
        return
    if difference := key.difference(there, target_oid=target.oid):
        replace = key.statement(there.name, drop=f"DROP CONSTRAINT {quote_identifier(there.name)}, ", **how)
        yield wording.key_differs(subject, declared=difference[0], found=difference[1], replace=replace)
    if not there.enforced:
        yield wording.key_not_enforced(subject, alter=table.to_paste, name=there.name)
    elif not there.validated:
        is_pending = pending.makes_key(key)
        yield wording.key_not_valid(subject, alter=table.to_paste, name=there.name, is_pending=is_pending)
    if there.disabled_triggers:
        yield wording.triggers_disabled(subject, enable=there.disabled_triggers)


def _find(inspected: InspectedKeys, key: DeclaredKey) -> ForeignKey | None:
    table, target = inspected.tables.get(key.table), inspected.tables.get(key.target_table)
    on_table = [one for one in inspected.foreign_keys if table and one.table_oid == table.oid]
    return key.standing(on_table, target_oid=target.oid if target else None)


def _extra(inspected: InspectedKeys, own_tables: set[str]) -> Iterator[Finding]:
    names = {table.oid: name for name, table in inspected.tables.items()}
    declared = {id(_find(inspected, key)) for key in inspected.keys}
    columns = {(key.table, key.column) for key in inspected.keys}
    for one in inspected.partition_keys:
        if any((names[one.table_oid], column) in columns for column in one.columns):
            words = {"found": _words(one), "alter": one.partition, "name": one.name}
            yield wording.key_extra(f"{one.partition}.{one.name}", **words)
    for one in inspected.foreign_keys:
        table = names[one.table_oid]
        is_ours = table in own_tables or any((table, column) in columns for column in one.columns)
        if is_ours and id(one) not in declared:
            words = {"found": _words(one), "alter": inspected.tables[table].to_paste, "name": one.name}
            yield wording.key_extra(f"{table}.{one.name}", **words)


def _words(key: ForeignKey) -> str:
    words = f"FOREIGN KEY ({', '.join(key.columns)}) REFERENCES {key.target_table}"
    return f"{words} ON DELETE {key.on_delete}"
