"""Counts rows without a parent and parent rows that are still placeholders, which the catalog cannot show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.apps import apps

from migrations_safety.census import reference_counts
from migrations_safety.census.placeholders import count_unresolved
from migrations_safety.census.report import Census
from migrations_safety.census.scan_strategy import ScanOptions
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.wording import schema as wording
from migrations_safety.plan.inspected_schema import InspectedSchema, inspect_schema
from migrations_safety.plan.row_security import refuse_hidden_rows
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.target import Target
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.declared_models import managed_models
from migrations_safety.schema.placeholder_makers import maker_of_table


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedOrphans:
    """The counts of rows without a parent and of placeholders.

    `keys` is the number of foreign keys whose rows were counted, `rows` the number of rows without a parent,
    `placeholders` the number of parent rows that are placeholders, None where no table of them was counted. `remarks`
    are findings that do not count as drift.
    """

    keys: int = 0
    rows: int = 0
    placeholders: int | None = None
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()


def count_orphans(
    connection: Connection, keys: Collection[DeclaredKey], *, target: Target, reading: ScanOptions, progress: Progress
) -> CountedOrphans:
    """Count the rows without a parent for each of the keys, and the placeholders in the parent tables.

    A key is left out where its column or the parent column does not exist.
    Raises MayNotRead where the role may not read a table, and RowsHidden where row-level security hides rows.
    """
    if not keys:
        return CountedOrphans()
    inspected = inspect_schema(connection, keys=keys, target=target, complete=False)
    refuse_hidden_rows(connection, inspected)
    countable = [key for key in inspected.references() if inspected.referenced(key)]
    censuses = reference_counts.count(connection, inspected, countable, reading=reading, progress=progress)
    placeholders, remarks = _placeholders(connection, inspected)
    return CountedOrphans(
        keys=len(countable),
        rows=sum(one.orphan_rows for census in censuses for one in census.references),
        placeholders=placeholders,
        findings=tuple(_orphans(inspected, censuses)),
        remarks=remarks,
    )


def _orphans(inspected: InspectedSchema, censuses: list[Census]) -> list[Finding]:
    valid = {(one.table_oid, one.columns) for one in inspected.foreign_keys if one.validated}
    findings = []
    for counted in (one for census in censuses for one in census.references if one.orphan_rows):
        oid = inspected.tables[counted.key.table].oid
        words = ", although its key is marked valid" if (oid, (counted.key.column,)) in valid else ""
        findings.append(
            wording.orphans(
                counted.key.subject,
                values=counted.orphan_values,
                rows=counted.orphan_rows,
                target=counted.key.target_table,
                key=words,
                has_maker=maker_of_table(counted.key.target_table) is not None,
            )
        )
    return findings


def _placeholders(connection: Connection, inspected: InspectedSchema) -> tuple[int | None, tuple[Finding, ...]]:
    counts, findings = [], []
    for table in sorted({key.target_table for key in inspected.keys} & set(inspected.tables)):
        maker = maker_of_table(table)
        if maker is None or not _has_columns(inspected, table):
            continue
        left = count_unresolved(connection, maker, inspected.tables[table])
        counts.append(left)
        if left:
            findings.append(wording.placeholders_left(table, count=left))
    return sum(counts) if counts else None, tuple(findings)


def _has_columns(inspected: InspectedSchema, table: str) -> bool:
    model = next(model for model in managed_models(apps) if model._meta.db_table == table)
    found = inspected.columns[inspected.tables[table].oid]
    return all(field.column in found for field in model._meta.local_concrete_fields)
