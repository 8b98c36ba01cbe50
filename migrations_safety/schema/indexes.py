"""Compares indexes with their models: uniqueness, method, keys, condition, storage parameters, validity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.postgresql.relations import Table
from migrations_safety.postgresql.table_details import Index, TableDetails
from migrations_safety.schema.declared_indexes import DeclaredIndex, declared_indexes
from migrations_safety.schema.expressions import Expressions
from migrations_safety.schema.index_definition import IndexDefinition, differing_fields, existing_definition
from migrations_safety.schema.matching import Compared, pair
from migrations_safety.sql.identifiers import qualify_if_needed


def compare_indexes(model: Any, editor: Any, there: TableDetails, expressions: Expressions) -> Compared:
    """Compare the indexes of one table with its model, except those that belong to constraints."""
    declared = declared_indexes(model, editor)
    found = [one for one in there.indexes if not one.is_of_constraint]
    expressions.read(_to_read(declared, found))

    def fields(one: DeclaredIndex, other: Index) -> tuple[str, ...]:
        return differing_fields(one.definition, existing_definition(other), expressions, collations=there.collations)

    paired = pair(declared, found, are_same=lambda one, other: not fields(one, other))
    findings, matching = [], 0
    for both in paired.pairs:
        one, other = both.declared, both.existing
        differences = list(_differences(there.table, one, other, fields(one, other) if other else ()))
        findings += differences
        matching += not differences
    findings += [_extra(there.table, index) for index in paired.extra]
    return Compared(findings=findings, declared=len(declared), matching=matching)


def _to_read(declared: Iterable[DeclaredIndex], found: Iterable[Index]) -> Iterator[str]:
    for one in (*(one.definition for one in declared), *map(existing_definition, found)):
        yield from one.expressions


def _differences(
    table: Table, declared: DeclaredIndex, found: Index | None, fields: tuple[str, ...]
) -> Iterator[Finding]:
    definition = declared.definition
    subject = f"{table.name}.{found.name if found else declared.name}"
    create = definition.create(declared.name, on=table.to_paste, in_place=table.is_partitioned)
    if found is None:
        yield wording.index_missing(subject, declared=str(definition), create=create)
        return
    index = qualify_if_needed(found.name, schema=table.schema)
    if fields:
        there = existing_definition(found)
        replace = f"{_drop(table, found.name)} {create}"
        yield wording.index_differs(subject, declared=str(definition), found=str(there), replace=replace)
    if not found.valid:
        yield wording.index_invalid(subject, index=index)


def _extra(table: Table, index: Index) -> Finding:
    definition: IndexDefinition = existing_definition(index)
    return wording.index_extra(
        f"{table.name}.{index.name}",
        found=str(definition),
        drop=_drop(table, index.name),
        refuses_rows=definition.is_unique,
    )


def _drop(table: Table, name: str) -> str:
    beside_writers = "" if table.is_partitioned else "CONCURRENTLY "
    return f"DROP INDEX {beside_writers}{qualify_if_needed(name, schema=table.schema)};"
