"""The last chapter: is what is there what the models declare, and does every reference have its parent?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from migrations_safety.census import reference_counts
from migrations_safety.census.placeholders import count_unresolved
from migrations_safety.census.report import Census
from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.messages.wording import schema as wording
from migrations_safety.plan.inspected_schema import InspectedSchema, inspect_schema
from migrations_safety.plan.pending import Pending
from migrations_safety.plan.row_security import refuse_hidden_rows
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.postgresql.target import Target, connect
from migrations_safety.registry import SchemaToVerify, schema_of
from migrations_safety.schema.columns import compare_columns
from migrations_safety.schema.constraints import compare_constraints
from migrations_safety.schema.declared_keys import DeclaredKey, declared_keys
from migrations_safety.schema.declared_models import managed_models, models_on
from migrations_safety.schema.indexes import compare_indexes
from migrations_safety.schema.keys import compare_keys
from migrations_safety.schema.placeholder_makers import maker_of_table
from migrations_safety.sql.identifiers import quote_identifier
from migrations_safety.verification.report import VerificationReport


@dataclass(kw_only=True)
class Comparison:
    """Findings and counts in the making."""

    findings: list[Finding]
    found: Counter[str]


def run(
    *,
    using: str,
    app_label: str,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    reading: ScanOptions = BY_SIZE,
    progress: Progress | None = None,
) -> VerificationReport:
    """Compare the schema that an app registered, and count the orphans of its keys again; in one snapshot.

    Raises a Refusal where it could not look.
    """
    connection = connection_of(using)
    schema = schema_of(app_label)
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)
    progress = progress or Progress()

    def look() -> VerificationReport:
        return _look(connection, schema, target, reading=reading, progress=progress)

    return in_snapshot(connection, look, progress=progress)


def _look(
    connection: Connection, schema: SchemaToVerify, target: Target, *, reading: ScanOptions, progress: Progress
) -> VerificationReport:
    models = models_of(schema.app_label, connection.alias)
    keys = keys_of(models, connection.alias)
    inspected = inspect_schema(connection, keys=keys, target=target, complete=False)
    refuse_hidden_rows(connection, inspected)
    comparison = Comparison(findings=[], found=Counter())
    pending, own_tables = Pending(connection), [model._meta.db_table for model in models]
    _compare_enums(connection, schema, comparison, pending)
    _compare_tables(connection, models, comparison, pending)
    key_findings, matching = compare_keys(inspected, own_tables=own_tables, pending=pending)
    countable = [key for key in inspected.references() if inspected.referenced(key)]
    censuses = reference_counts.count(connection, inspected, countable, reading=reading, progress=progress)
    findings = comparison.findings + key_findings + _orphans(inspected, censuses)
    placeholders, placeholder_findings = _placeholders(connection, inspected)
    expected = _expected(schema, models, keys)
    comparison.found["foreign_keys"] = len(matching)
    return VerificationReport(
        target=target,
        expected=expected,
        found={kind: comparison.found[kind] for kind in expected},
        keys=tuple(matching),
        orphan_rows=sum(one.orphan_rows for census in censuses for one in census.references),
        placeholders=placeholders,
        findings=tuple(sorted(findings, key=lambda one: (one.id, one.subject))) + placeholder_findings,
    )


def _expected(schema: SchemaToVerify, models: list[Any], keys: list[DeclaredKey]) -> dict[str, int]:
    return {
        "tables": len(models),
        "foreign_keys": len(keys),
        "indexes": sum(len(model._meta.indexes) for model in models),
        "enum_labels": sum(len(labels) for labels in schema.enums.values()),
    }


def models_of(app_label: str, alias: str) -> list[Any]:
    """The models of one app that have a table in the database of that alias; CouldNotLook where none has."""
    models = [model for model in models_on(alias) if model._meta.app_label == app_label]
    if not models:
        problem = f'No table of the app "{app_label}" belongs to the database alias "{alias}".'
        raise CouldNotLook(problem, hint="Name another one with --database, or look at DATABASE_ROUTERS.")
    return models


def keys_of(models: list[Any], alias: str) -> list[DeclaredKey]:
    """The keys on the models' tables, and the keys of others in that database that point at them."""
    own_tables = {model._meta.db_table for model in models}
    keys = [key for model in models_on(alias) for key in declared_keys(model)]
    return [key for key in keys if key.table in own_tables or key.target_table in own_tables]


def _compare_enums(connection: Connection, schema: SchemaToVerify, comparison: Comparison, pending: Pending) -> None:
    for name, declared in schema.enums.items():
        found = catalog.enum_labels(connection, name)
        if not found:
            labels = ", ".join("'" + one.replace("'", "''") + "'" for one in declared)
            words = {
                "declared": ", ".join(declared),
                "create": f"CREATE TYPE {quote_identifier(name)} AS ENUM ({labels});",
            }
            comparison.findings.append(wording.enum_missing(name, is_pending=pending.makes_enum(name), **words))
        elif found != declared:
            words = {"declared": ", ".join(declared), "found": ", ".join(found)}
            comparison.findings.append(wording.enum_differs(name, **words))
        comparison.found["enum_labels"] += sum(one == other for one, other in zip(declared, found, strict=False))


def _compare_tables(connection: Connection, models: list[Any], comparison: Comparison, pending: Pending) -> None:
    there = catalog.tables(connection, [model._meta.db_table for model in models])
    oids = [table.oid for table in there.values()]
    columns, indexes = catalog.columns(connection, oids), catalog.indexes(connection, oids)
    constraints = catalog.other_constraints(connection, oids)
    for model in models:
        table = there.get(model._meta.db_table)
        if table is None:
            is_pending = pending.makes_table(model._meta.db_table)
            comparison.findings.append(wording.table_missing(model._meta.db_table, is_pending=is_pending))
            continue
        differences = compare_columns(connection, model, columns[table.oid])
        if not table.is_permanent:
            differences.append(wording.table_unlogged(table.name, alter=table.to_paste))
        own = [one for one in constraints if one.table_oid == table.oid]
        differences += compare_constraints(connection, model, own, table=table)
        comparison.found["tables"] += not differences
        index_differences, matching = compare_indexes(
            connection, model, [one for one in indexes if one.table_oid == table.oid], table=table
        )
        comparison.findings += differences + index_differences
        comparison.found["indexes"] += matching


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


def _placeholders(connection: Connection, inspected: InspectedSchema) -> tuple[int, tuple[Finding, ...]]:
    count, findings = 0, []
    for table in sorted({key.target_table for key in inspected.keys} & set(inspected.tables)):
        maker = maker_of_table(table)
        if maker is None or not _columns_there(inspected, table):
            continue
        left = count_unresolved(connection, maker, inspected.tables[table])
        count += left
        if left:
            findings.append(wording.placeholders_left(table, count=left))
    return count, tuple(findings)


def _columns_there(inspected: InspectedSchema, table: str) -> bool:
    model = next(model for model in managed_models(apps) if model._meta.db_table == table)
    found = inspected.columns[inspected.tables[table].oid]
    return all(field.column in found for field in model._meta.local_concrete_fields)
