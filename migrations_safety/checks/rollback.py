"""The check of a rollback: what data is lost, and where the rollback would stop half way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrations_safety.checks.rollback_losses import count_losses
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import rollback as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.rollback import NeededName, Rollback
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.sql import statement


def check_rollback(connection: Connection, inspected: InspectedPlan, *, looks_at_data: bool) -> list[Finding]:
    """Find operations without a reverse, rows and values that the rollback would lose, and code that nobody judges.

    Missing tables, names that are taken, and views that depend on a dropped column are findings, too. With
    `looks_at_data=False` no rows are counted, and one finding says so.
    """
    rollback = inspected.plan.rollback
    found = [wording.irreversible(step.migration, operation=str(step)) for step in rollback.irreversible]
    found += _not_judged(rollback)
    found += _missing(inspected)
    kinds = catalog.kinds_of_relations(connection, rollback.names)
    found += [_taken_name(name, kinds[name], rollback.names[name]) for name in sorted(kinds)]
    if looks_at_data:
        found += count_losses(connection, inspected)
    elif not_counted := sorted(rollback.read & set(inspected.tables)):
        found.append(wording.not_counted(tables=not_counted))
    return [*found, *_dependents(connection, inspected), *_columns_with_enums(connection, inspected)]


def _not_judged(rollback: Rollback) -> Iterator[Finding]:
    for steps, word in ((rollback.opaque, wording.opaque), (rollback.unjudged, wording.length_not_judged)):
        by_migration = defaultdict(list)
        for step in steps:
            by_migration[step.migration].append(str(step))
        for migration, operations in by_migration.items():
            yield word(migration, operations=", ".join(operations))


def _missing(inspected: InspectedPlan) -> Iterator[Finding]:
    """Findings for missing tables, then for missing columns of tables that exist."""
    rollback = inspected.plan.rollback
    for table in sorted((rollback.altered | rollback.dropped) - set(inspected.tables)):
        yield _missing_finding(table, rollback.after_code.get((table, None)))
    columns = {(column.table, column.column) for column in rollback.columns}
    columns |= {(column.table, column.column) for column in rollback.retyped}
    columns |= {(required.table, required.column) for required in rollback.required if required.column}
    for table, column in sorted(columns):
        if table in inspected.tables and not inspected.column(table, column):
            yield _missing_finding(f'{table}."{column}"', rollback.after_code.get((table, column)))


def _missing_finding(subject: str, code: str | None) -> Finding:
    return wording.may_come_back(subject, code=code) if code else wording.not_there(subject)


def _taken_name(name: str, kind: str, needed: NeededName) -> Finding:
    if needed.code:
        return wording.name_may_be_freed(name, found=kind, migration=needed.migration, code=needed.code)
    return wording.name_taken(name, found=kind, migration=needed.migration)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependent:
    """A view, a function, or a foreign key of another table, that depends on a table or column of the rollback."""

    name: str
    kind: str
    """What the dependent object is, in words: `a view`, `a function` or `a foreign key`."""
    table: str
    column: str | None
    """None where it depends on the whole table."""

    @property
    def subject(self) -> str:
        """The table or column that it depends on, in the form that findings use."""
        return f'{self.table}."{self.column}"' if self.column else self.table


def _dependents(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    """Findings for views and functions, and for foreign keys of tables that the rollback does not touch.

    Django drops tables with CASCADE, and before version 6.1 columns, too: then these are dropped as well. Otherwise
    they make the rollback fail. PostgreSQL alters no type of a column that a view uses.
    """
    rollback, tables = inspected.plan.rollback, inspected.tables
    cascades = "CASCADE" in str(connection.SchemaEditorClass.sql_delete_column)  # another engine has an object here
    dropped: list[tuple[str, str | None]] = [(table, None) for table in sorted(rollback.dropped)]
    columns = rollback.columns if cascades else rollback.every_column
    dropped += [(column.table, column.column) for column in columns]
    retyped = [(column.table, column.column) for column in rollback.retyped]
    touched = [tables[name].oid for name in rollback.altered | rollback.dropped if name in tables]
    for found in _dependents_of(connection, tables, dropped, touched=touched):
        word = wording.falls_with_it if cascades or not found.column else wording.in_the_way
        yield word(found.name, kind=found.kind, subject=found.subject)
    for found in _dependents_of(connection, tables, retyped, touched=None):
        yield wording.in_the_way(found.name, kind=found.kind, subject=found.subject)


def _dependents_of(
    connection: Connection,
    tables: dict[str, Table],
    subjects: Iterable[tuple[str, str | None]],
    *,
    touched: list[int] | None,
) -> list[Dependent]:
    """What depends on `subjects`, pairs of table and column (None for a whole table).

    `touched` are oids of tables whose own foreign keys are left out. With None all foreign keys are left out.
    """
    existing = [(table, column) for table, column in subjects if table in tables]
    names = {tables[table].oid: table for table, _ in existing}
    parameters = {"oids": [tables[table].oid for table, _ in existing], "columns": [column for _, column in existing]}
    with connection.cursor() as cursor:
        cursor.execute(statement("rollback.dependents"), {**parameters, "touched": touched})
        rows = cursor.fetchall()
    return [Dependent(name=name, kind=kind, table=names[oid], column=column) for name, kind, oid, column in rows]


def _columns_with_enums(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    """Findings for columns that still have an enum as their type when the rollback drops this enum."""
    rollback, tables = inspected.plan.rollback, inspected.tables
    gone: set[tuple[int, str | None]] = {(tables[name].oid, None) for name in rollback.dropped if name in tables}
    for columns in (rollback.every_column, rollback.retyped):
        gone |= {(tables[column.table].oid, column.column) for column in columns if column.table in tables}
    for enum in rollback.enums:
        for found in catalog.columns_of_type(connection, enum):
            if not {(found.table_oid, None), (found.table_oid, found.column)} & gone:
                subject = f'{found.table}."{found.column}"'
                yield wording.in_the_way(subject, kind="a column", subject=f"the enum {enum}")
