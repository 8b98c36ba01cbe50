"""The check of the rows that a plan demands something of, or takes something away from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrations_safety.census.report import Census, ReferenceCounts
from migrations_safety.checks import data_counts, data_queries
from migrations_safety.checks.data_conditions import LOST, VIOLATES
from migrations_safety.checks.data_counts import Counts
from migrations_safety.checks.data_doubts import before
from migrations_safety.checks.data_findings import finding_of, refused_finding
from migrations_safety.checks.data_report import DataCheck, DataChecks
from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.findings import Finding
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql.connection import Connection


def check_data(
    connection: Connection, measured: MeasuredPlan, *, inspected: InspectedPlan, censuses: Iterable[Census]
) -> DataChecks:
    """Count the rows that violate what the plan demands, each table in one scan, and find what they forbid.

    `censuses` are the counts of the foreign keys that models declare, which are not counted again. A count that
    PostgreSQL refuses ends nothing: its check has the reason.
    """
    demands = [one for one in dict.fromkeys(measured.demands) if not _is_filled(measured, one)]
    counted = _by_census(inspected, censuses)
    reasons = _why_not_readable(connection, demands)
    left = [one for one in demands if one not in reasons and _end(one) not in counted]
    counts = data_counts.count(connection, measured, left)
    counts.reasons |= reasons
    checks: list[DataCheck] = []
    findings: list[Finding] = []
    for demand in demands:
        if reference := counted.get(_end(demand)):
            checks.append(_of_census(demand, reference))
            continue
        made = list(_checks(demand, counts))
        checks += made
        if not _is_judged_elsewhere(inspected, demand):
            findings += _findings(measured, demand, made, counts)
    return DataChecks(checks=tuple(checks), findings=tuple(findings))


def _is_filled(measured: MeasuredPlan, demand: Demand) -> bool:
    if demand.kind != "not_null":
        return False
    return demand.sources[0].name in before(measured, demand).filled


def _end(demand: Demand) -> tuple[str, ...]:
    """Return what a foreign key of one column is recognised by; empty for any other demand."""
    if demand.kind != "foreign_key" or len(demand.columns) != 1 or demand.parent is None:
        return ()
    return (demand.schema, demand.relation, demand.columns[0], *demand.parent, *demand.parent_columns)


def _by_census(inspected: InspectedPlan, censuses: Iterable[Census]) -> dict[tuple[str, ...], ReferenceCounts]:
    found: dict[tuple[str, ...], ReferenceCounts] = {}
    for census in censuses:
        for counted in census.references:
            table, parent = inspected.table(counted.key), inspected.parent_table(counted.key)
            if table and parent:
                ends = (table.schema, table.relation, counted.key.column)
                found[(*ends, parent.schema, parent.relation, counted.key.target_column)] = counted
    return found


def _of_census(demand: Demand, counted: ReferenceCounts) -> DataCheck:
    return DataCheck(
        kind=demand.kind,
        table=demand.table,
        columns=demand.columns,
        rows=counted.total_rows,
        violating_rows=counted.orphan_rows,
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


def _findings(measured: MeasuredPlan, demand: Demand, made: Iterable[DataCheck], counts: Counts) -> Iterator[Finding]:
    earlier = before(measured, demand)
    for check in made:
        if demand in counts.refused and not check.violating_rows and check.kind != "drop":
            yield refused_finding(demand)
        elif found := finding_of(demand, check, earlier):
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
