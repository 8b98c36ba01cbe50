"""Reports of `precheck` made without a database: one of a very large plan, and one full of hostile names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from migrations_safety.census.report import Census, OrphanCounts, ReferenceCounts
from migrations_safety.checks.data_report import DataCheck, DataChecks
from migrations_safety.measurement.broken_statement import BrokenStatement
from migrations_safety.measurement.durations import held_locks
from migrations_safety.measurement.report import (
    MeasuredOperation,
    MeasuredPlan,
    MeasuredStatement,
    MeasuredTransaction,
    OnRows,
    TableEffect,
    WayBack,
)
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Acceptance, Finding
from migrations_safety.messages.wording import application, data, drift, locks, plan
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.plan.planned_migration import KINDS, PlannedMigration
from migrations_safety.plan.running_release import Rollout
from migrations_safety.postgresql.pooler import Pooler
from migrations_safety.postgresql.relations import Column, Table
from migrations_safety.postgresql.table_figures import TableFigures
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.report import Data, Depth, PrecheckReport, Review
from migrations_safety.precheck.selection import errors_first
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.verification.report import Difference, Drift

PATIENTS = "patients"
MARKUP = """<script>alert('x')</script>&"`|](javascript:x)%0A::error::"""
NEWLINES = "line\n# two\r\n| three |\t\u202eevil\u2066"
CHINESE = "病历安全迁移审查数据库表名称过长也要正确显"
"""63 bytes, the longest name that PostgreSQL takes."""
HOSTILE = (MARKUP, NEWLINES, CHINESE)
"""Names that PostgreSQL accepts, and that a careless renderer does not survive."""
SQL = "ALTER TABLE {table} ADD COLUMN {column} integer DEFAULT $1 NOT NULL"


def large_report(*, migrations: int = 500, tables: int = 100) -> PrecheckReport:
    """A report of 500 pending migrations on 100 tables, with four findings about each migration."""
    names = [f"shop_table_{number}" for number in range(tables)]
    labels = [f"shop.{number:04}_change" for number in range(migrations)]
    return report_of(names, labels, columns=["note"], database="hospital")


def hostile_report(names: Sequence[str] = HOSTILE) -> PrecheckReport:
    """A report in which the database, tables, columns, migrations and objects have these names."""
    tables = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name in names]  # as PostgreSQL prints them
    return report_of(tables, [f"shop.{name}" for name in names], columns=names, database=names[0])


def report_of(tables: Sequence[str], labels: Sequence[str], *, columns: Sequence[str], database: str) -> PrecheckReport:
    """A report in which each migration changes one of the tables; every fifth finding is accepted."""
    figures = {table: _figures(table, number) for number, table in enumerate(tables)}
    planned = tuple(_planned(label) for label in labels)
    pairs = [(label, tables[number % len(tables)]) for number, label in enumerate(labels)]
    transactions = tuple(_transaction(label, table, columns, number) for number, (label, table) in enumerate(pairs))
    measured = _measured(transactions, pairs, columns)
    found = [one for label, table in pairs for one in _findings(label, table, columns[0])]
    target = _target(database)
    migration_plan = _plan(planned)
    differences = tuple(_difference(table) for table in tables[:10])
    found = [_accepted(one) if not number % 5 else one for number, one in enumerate(found)]
    found += [_accepted(one) for one in found[:1]]
    keys = [_key(table, columns[0]) for table in tables[:10]]
    return PrecheckReport(
        target=target,
        plan=migration_plan,
        inspected=_inspected(target, migration_plan, tables, keys),
        data=Data(depth=Depth.COUNT, censuses=(_census(keys),)),
        review=Review(
            measured=measured,
            findings=(),
            data=DataChecks(checks=tuple(_check(label, table, columns) for label, table in pairs)),
            figures=figures,
            held=held_locks(measured, figures),
            rollouts=dict(zip(labels, list(Rollout) * len(labels), strict=False)),
        ),
        findings=tuple(errors_first(dict.fromkeys(found + [_drift(one) for one in differences]))),
        fail_level=Level.ERROR,
        drift=Drift(compared=len(tables), differences=differences, unmanaged=tuple(tables[-1:])),
    )


def without_findings(report: PrecheckReport) -> PrecheckReport:
    """The same report of a plan that nothing speaks against."""
    return replace(report, findings=(), drift=Drift())


def unaccepted(report: PrecheckReport) -> PrecheckReport:
    """The same report, in which nothing was accepted."""
    return replace(report, findings=tuple(replace(one, accepted=None) for one in report.findings))


def _target(name: str) -> Target:
    return Target(
        alias="default", name=name, host="db", port=5432, server_version="18.0", in_recovery=False, role="migrator",
        schema="public", may_create=True, pooler=Pooler.NONE, in_transaction=False, seconds_behind=None,
    )  # fmt: skip


def _planned(label: str) -> PlannedMigration:
    app, _, name = label.partition(".")
    return PlannedMigration(
        app=app, name=name, atomic=True, creates=(), others=(), enums=(), checksum="0" * 64, is_baseline=False,
        file=str(Path.cwd() / _file(label)), operations=dict.fromkeys(KINDS, 1),
    )  # fmt: skip


def _file(label: str) -> Path:
    """Relative to the working directory, as `MeasuredOperation.file` is."""
    app, _, name = label.partition(".")
    return Path(app, "migrations", f"{name}.py")


def _plan(planned: tuple[PlannedMigration, ...]) -> Plan:
    return Plan(
        adopted=(), migrations=planned, operations=dict.fromkeys(KINDS, len(planned)), keys=(), relied_on={},
        declared_tables=frozenset(),
    )  # fmt: skip


def _inspected(target: Target, plan: Plan, tables: Sequence[str], keys: Sequence[DeclaredKey]) -> InspectedPlan:
    return InspectedPlan(
        target=target, keys=tuple(keys), doubts={}, foreign_keys=(), partition_keys=(), equalities={}, plan=plan,
        tables={name: _table(name, oid) for oid, name in enumerate([*tables, PATIENTS])},
        columns={oid: {key.column: _column(oid, key.column) for key in keys} for oid in range(len(tables))}
        | {len(tables): {"id": _column(len(tables), "id")}},
    )  # fmt: skip


def _table(name: str, oid: int) -> Table:
    return Table(
        name=name, oid=oid, schema="public", relation=name, is_partitioned=False, is_permanent=True, row_security=False,
        owner="hospital", owned=True, is_of_superuser=False, may_drop=True, may_select=True, may_reference=True,
    )  # fmt: skip


def _column(table: int, name: str) -> Column:
    return Column(
        table_oid=table, name=name, type_oid=2950, type_modifier=-1, type="uuid", base_type="uuid", nullable=True,
        default=None, identity=False, generated=False, collation="", deterministic=True, indexed=True, is_unique=False,
    )  # fmt: skip


def _key(table: str, column: str) -> DeclaredKey:
    return DeclaredKey(
        app_label="shop", model_name="Order", table=table, column=column, column_type="uuid", target_table=PATIENTS,
        target_column="id", name=f"{table}_{column}_fkey", on_delete="RESTRICT", on_update="CASCADE", deferrable=False,
    )  # fmt: skip


def _census(keys: Iterable[DeclaredKey]) -> Census:
    counts = tuple(
        ReferenceCounts(
            key=key, total_rows=1000, non_null=900, distinct_values=90, most_rows=10, classes={"uuid_canonical": 90},
            orphans={"uuid_canonical": OrphanCounts(values=7, rows=70)},
        )
        for key in keys
    )  # fmt: skip
    return Census(
        target_table=PATIENTS, references=counts, orphans={"uuid_canonical": 7}, covered=83, several_spellings=0,
        spelled_otherwise=0, case_variants=0,
    )  # fmt: skip


def _figures(table: str, number: int) -> TableFigures:
    return TableFigures(
        table=table, schema="public", oid=number, partition_of=None, rows=None if number % 7 == 6 else 1000 * number,
        bytes=10_000_000 * number, index_bytes=3_000_000 * number, indexes=3, keys=2, reads_per_second=12.5,
        writes_per_second=0.5, reads_per_second_since_reset=10.0, writes_per_second_since_reset=1.0,
        open_transactions=number % 3, longest_transaction_seconds=float(number % 5), is_used=True,
    )  # fmt: skip


def _transaction(label: str, table: str, columns: Sequence[str], number: int) -> MeasuredTransaction:
    added, scans = (_statement(table, columns[0], place) for place in (1, 3))
    new = TableEffect(
        table=f"{table}_new", new=True, lock="AccessExclusiveLock", scanned=False, rewritten=False, dropped=False
    )
    operations = (
        _operation(label, 1, "AddField", f"Add field {columns[0]} to {table}", added),
        _operation(label, 2, "CreateModel", f"Create model {columns[-1]}", replace(added, tables=(new,), place=2)),
        _operation(label, 3, "AddIndex", f"Create index on {table}", scans),
    )
    return MeasuredTransaction(migrations=(label,), atomic=number % 4 != 3, operations=operations)


def _operation(
    label: str, number: int, kind: str, description: str, *statements: MeasuredStatement
) -> MeasuredOperation:
    return MeasuredOperation(
        migration=label, number=number, kind=kind, description=description, file=str(_file(label)), line=10 + number,
        reversible=True, opaque=False, statements=statements,
    )  # fmt: skip


def _statement(table: str, column: str, place: int) -> MeasuredStatement:
    effect = TableEffect(
        table=table, new=False, lock="ShareLock" if place == 3 else "AccessExclusiveLock", scanned=place == 3,
        rewritten=False, dropped=False,
    )  # fmt: skip
    parent = TableEffect(
        table=PATIENTS, new=False, lock="ShareRowExclusiveLock", scanned=False, rewritten=False, dropped=False
    )
    sql = SQL.format(table=table, column=column)
    return MeasuredStatement(sql=sql, error=None, tables=(effect, parent), place=place)


def _measured(
    transactions: tuple[MeasuredTransaction, ...], pairs: Sequence[tuple[str, str]], columns: Sequence[str]
) -> MeasuredPlan:
    return MeasuredPlan(
        measured="server",
        reason=None,
        server_version="18.0",
        left_out=(f"extension {columns[0]}",),
        transactions=transactions,
        application=tuple(
            BrokenStatement(
                statement=f"SELECT {columns[0]} FROM {table} WHERE id = $1", calls=1000, breaks_with="42703",
                because_of=label,
            )
            for label, table in pairs[::10]
        ),
        back=WayBack(
            transactions=tuple(reversed(transactions)),
            loses=tuple(OnRows(migration=label, table=table, columns=tuple(columns[:1]), kind="drop")
                        for label, table in pairs),
        ),
    )  # fmt: skip


def _check(label: str, table: str, columns: Sequence[str]) -> DataCheck:
    return DataCheck(
        kind="not_null", table=table, columns=tuple(columns[:1]), rows=1000, violating_rows=12, groups=None,
        demanded_by=label,
    )  # fmt: skip


def _difference(table: str) -> Difference:
    return Difference(object=f"index {table}_idx", declared=f"btree on {table}", found=None, change="CREATE INDEX …;")


def _drift(one: Difference) -> Finding:
    assert one.declared is not None
    return drift.missing(one.object, declared=one.declared, change=one.change)


def _findings(label: str, table: str, column: str) -> list[Finding]:
    return [
        locks.held_too_long(
            table, taken=f"is locked by {label}, operation 3 (SHARE)", waiting="writers wait 2 s to 40 s",
            granted="granted after 4 s", limit="200 ms", hint="AddIndexConcurrently.", migration=label, operation=3,
        ),
        data.nulls(f'{table}."{column}"', rows=12, migration=label),
        application.dropped(
            f'{table}."{column}"', migration=label, operation=1, is_column=True, blocks_new=False, is_backwards=False
        ),
        plan.irreversible(label, operation=f"Add field {column}", number=1, at=f"{label}:11"),
    ]  # fmt: skip


def _accepted(one: Finding) -> Finding:
    reason = f"Nobody writes at night. {one.subject}"
    return replace(one, accepted=Acceptance(reason=reason, until="2026-12-31", migration=one.migration or "shop.0001"))
