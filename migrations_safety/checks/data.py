"""The check of the rows that a plan demands something of, or takes something away from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrations_safety.census.report import Census, ReferenceCounts
from migrations_safety.checks import data_counts, data_queries
from migrations_safety.checks.data_conditions import LOST, VIOLATES
from migrations_safety.checks.data_counts import Counts
from migrations_safety.checks.data_doubts import before
from migrations_safety.checks.data_findings import finding_of, not_judged_finding, refused_finding
from migrations_safety.checks.data_report import DataCheck, DataChecks
from migrations_safety.checks.drops import again_of
from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.findings import Finding
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.declared_keys import DeclaredKey

End = tuple[tuple[str, ...], tuple[str, ...]]
"""Schema, table and column of a foreign key, and those of its parent; () for a parent that the plan makes."""


def check_data(
    connection: Connection, measured: MeasuredPlan, *, inspected: InspectedPlan, censuses: Iterable[Census]
) -> DataChecks:
    """Count the rows that violate what the plan demands, each table in one scan, and find what they forbid.

    `censuses` are the counts of the foreign keys that models declare, which are not counted again. A count that
    PostgreSQL refuses ends nothing: its check has the reason.
    """
    demands = [one for one in dict.fromkeys(measured.demands) if not _is_filled(measured, one)]
    declared, counted = _declared(inspected), _by_census(inspected, censuses)
    reasons = _why_not_readable(connection, demands)
    left = [one for one in demands if one not in reasons and _end(one) not in declared]
    counts = data_counts.count(connection, measured, left)
    counts.reasons |= reasons
    checks: list[DataCheck] = []
    findings: list[Finding] = []
    for demand in demands:
        if _end(demand) in declared:
            checks += _of_census(demand, counted)
            continue
        made = list(_checks(demand, counts))
        checks += made
        if not _is_judged_elsewhere(inspected, demand):
            findings += _findings(inspected, measured, demand, made, counts)
    return DataChecks(checks=tuple(checks), findings=tuple(findings))


def check_not_read(measured: MeasuredPlan, *, inspected: InspectedPlan, reason: str) -> list[Finding]:
    """Find what the plan demands of rows that were not read, for the `reason`; `check_drops` tells what it drops."""
    declared = _declared(inspected)
    return [
        not_judged_finding(demand, reason=reason)
        for demand in dict.fromkeys(measured.demands)
        if demand.kind != "drop" and _end(demand) not in declared and not _is_judged_elsewhere(inspected, demand)
    ]


def _is_filled(measured: MeasuredPlan, demand: Demand) -> bool:
    if demand.kind != "not_null":
        return False
    return demand.sources[0].name in before(measured, demand).filled


def _end(demand: Demand) -> End | None:
    """Return what a foreign key of one column is recognised by; None for any other demand."""
    if demand.kind != "foreign_key" or len(demand.columns) != 1:
        return None
    return (*demand.of, demand.columns[0]), (*demand.parent, *demand.parent_columns) if demand.parent else ()


def _declared(inspected: InspectedPlan) -> set[End | None]:
    return {end for key in inspected.references() if (end := _end_of_key(inspected, key))}


def _end_of_key(inspected: InspectedPlan, key: DeclaredKey) -> End | None:
    table, parent = inspected.table(key), inspected.parent_table(key)
    if table is None:
        return None
    of = table.schema, table.relation, key.column
    return of, (parent.schema, parent.relation, key.target_column) if parent else ()


def _by_census(inspected: InspectedPlan, censuses: Iterable[Census]) -> dict[End | None, ReferenceCounts]:
    counted = (reference for census in censuses for reference in census.references)
    return {_end_of_key(inspected, reference.key): reference for reference in counted}


def _of_census(demand: Demand, counted: dict[End | None, ReferenceCounts]) -> Iterator[DataCheck]:
    if reference := counted.get(_end(demand)):
        yield DataCheck(
            kind=demand.kind,
            table=demand.table,
            columns=demand.columns,
            rows=reference.total_rows,
            violating_rows=reference.orphan_rows,
            groups=None,
            demanded_by=demand.migration,
        )


def _why_not_readable(connection: Connection, demands: list[Demand]) -> dict[Demand, str]:
    """Return the demands that cannot be judged, because of what they are or because the role may not read the rows."""
    tables = {(one.schema, one.relation) for one in demands} | {one.parent for one in demands if one.parent}
    found = data_queries.readable(connection, tables)
    reasons = {}
    for demand in demands:
        possible = [demand.not_judged, *(source.unknown for source in demand.sources)]
        possible += [_why_not_read(found, table) for table in (demand.of, demand.parent) if table]
        if reason := next(filter(None, possible), None):
            reasons[demand] = reason
    return reasons


def _why_not_read(found: dict[tuple[str, str], tuple[bool, bool]], table: tuple[str, str]) -> str | None:
    if table not in found:
        return "the table does not exist"
    may_read, hides = found[table]
    if not may_read:
        return f"the role has no SELECT on {table[1]}"
    return f"row-level security of {table[1]} may hide rows from the role" if hides else None


def _checks(demand: Demand, counts: Counts) -> Iterator[DataCheck]:
    """Return the check of a demand, and one more where the new type of a column cuts values."""
    kind, lost = demand.kind, counts.violating.get((demand, LOST))
    violating = counts.violating.get((demand, VIOLATES), lost if kind == "drop" else None)
    yield _check(demand, kind, violating, counts)
    if kind != "drop" and lost is not None:
        yield _check(demand, "drop", lost, counts)


def _check(demand: Demand, kind: str, violating: int | None, counts: Counts) -> DataCheck:
    return DataCheck(
        kind=kind,
        table=demand.table,
        columns=demand.columns,
        rows=counts.rows.get(demand.of),
        violating_rows=violating,
        groups=counts.groups.get(demand),
        demanded_by=demand.migration,
        reason=counts.reasons.get(demand) if violating is None else None,
    )


def _findings(
    inspected: InspectedPlan, measured: MeasuredPlan, demand: Demand, made: Iterable[DataCheck], counts: Counts
) -> Iterator[Finding]:
    earlier = before(measured, demand)
    again = again_of(inspected, (demand.of, demand.columns)) if demand.kind == "drop" else ""
    for check in made:
        if demand in counts.refused and not check.violating_rows and check.kind != "drop":
            yield refused_finding(demand)
        elif found := finding_of(demand, check, earlier, again=again):
            yield found


def _is_judged_elsewhere(inspected: InspectedPlan, demand: Demand) -> bool:
    """Return whether the area rollback has findings about these rows already."""
    rollback = inspected.plan.rollback
    places: set[tuple[str, str | None]] = {(table, None) for table in rollback.dropped}
    places |= {(one.table, one.column) for one in rollback.every_column}
    places |= {(one.table, one.column) for one in rollback.retyped}
    places |= {(one.table, one.column or one.name) for one in rollback.required}
    tables = {table.oid: name for name, table in inspected.tables.items()}
    names = {name for name in tables.values() if demand.of == _of(inspected, name)}
    return any((name, column) in places for name in names for column in demand.columns or (None,))


def _of(inspected: InspectedPlan, name: str) -> tuple[str, str]:
    table = inspected.tables[name]
    return table.schema, table.relation
