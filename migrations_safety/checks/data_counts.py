"""Counts the rows of a database for the demands of a plan: one scan for each table, and one for each comparison."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from migrations_safety.checks import data_queries
from migrations_safety.checks.data_conditions import COMPARED, VIOLATES, conditions, losses, rows_alone
from migrations_safety.checks.data_doubts import conversion
from migrations_safety.checks.data_queries import Condition, NotCounted, Scan
from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.postgresql.connection import Connection

WHY_NOT = {
    "42501": "the role may not run a function or read a table that it needs",
    "57014": "it took too long",
    "42883": "it needs a function or operator that does not exist now",
    "42704": "it needs a type that does not exist now",
    "42703": "it needs a column that does not exist now",
    "42P01": "it needs a table that does not exist now",
}
"""By SQLSTATE why rows could not be counted."""
OTHER_CONVERSION = "the migration converts the values by an expression of its own (USING)"


@dataclass(kw_only=True, slots=True)
class Counts:
    """The counts of rows for demands."""

    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    """The number of rows by schema and name of the table."""
    violating: dict[tuple[Demand, str], int] = field(default_factory=dict)
    """By demand and VIOLATES or LOST the number of rows."""
    groups: dict[Demand, int] = field(default_factory=dict)
    reasons: dict[Demand, str] = field(default_factory=dict)
    """Why the rows of a demand were not counted."""
    refused: set[Demand] = field(default_factory=set)
    """The demands that some row cannot fulfil, because PostgreSQL cannot even evaluate them there."""


def count(connection: Connection, measured: MeasuredPlan, demands: Iterable[Demand]) -> Counts:
    """Count the rows for these demands; what could not be counted has a reason."""
    counter = _Counter(connection=connection)
    by_table = defaultdict(list)
    for demand in demands:
        by_table[demand.of].append(demand)
    for of_table in by_table.values():
        counter.table(measured, of_table)
    return counter.counts


@dataclass(kw_only=True, slots=True)
class _Counter:
    connection: Connection
    counts: Counts = field(default_factory=Counts)

    def table(self, measured: MeasuredPlan, demands: list[Demand]) -> None:
        """Count the rows of one table for all that is demanded of it."""
        wanted: list[Condition] = []
        for demand in demands:
            how = conversion(measured, demand)
            if how == "other" and demand.kind != "drop":
                self.counts.reasons[demand] = OTHER_CONVERSION
            elif demand.kind in COMPARED:
                wanted.append(rows_alone(demand))
            else:
                wanted += self._conditions(demand, how)
        for scan in _scans(wanted):
            self._scan(scan)
        for demand in demands:
            if demand.kind in COMPARED and demand not in self.counts.reasons:
                self._compare(demand)

    def _conditions(self, demand: Demand, how: str) -> Iterable[Condition]:
        version = self.connection.pg_version // 10000
        if demand.kind == "length" and how == "cast":
            self.counts.violating[demand, VIOLATES] = 0  # a cast cuts what is too long
        if demand.kind != "cast":
            return conditions(demand, conversion=how, version=version)
        try:
            data_queries.convert(self.connection, demand)
        except NotCounted as error:
            self._not_counted(demand, error)
            return [*conditions(demand, conversion=how, version=version)] if demand in self.counts.refused else ()
        self.counts.violating[demand, VIOLATES] = 0
        return losses(demand)

    def _scan(self, scan: Scan) -> None:
        """Count all conditions in one scan, or each in its own where PostgreSQL refuses one of them."""
        try:
            rows, numbers = data_queries.count_conditions(self.connection, scan)
        except NotCounted as error:
            if len(scan.conditions) == 1:
                self._not_counted(scan.conditions[0].demand, error)
            else:
                for condition in scan.conditions:
                    alone = Scan()
                    alone.takes(condition)
                    self._scan(alone)
            return
        self.counts.rows[scan.demand.of] = rows
        for condition, number in zip(scan.conditions, numbers, strict=True):
            self.counts.violating[condition.demand, condition.key] = number

    def _compare(self, demand: Demand) -> None:
        self.counts.violating.pop((demand, ""), None)
        try:
            if demand.kind == "unique":
                self.counts.groups[demand], rows = data_queries.count_duplicates(self.connection, demand)
            elif demand.kind == "exclusion":
                rows = data_queries.count_excluded(self.connection, demand)
            else:
                rows = data_queries.count_orphans(self.connection, demand)
        except NotCounted as error:
            self._not_counted(demand, error)
        else:
            self.counts.violating[demand, VIOLATES] = rows

    def _not_counted(self, demand: Demand, error: NotCounted) -> None:
        if error.state.startswith("22") or error.state == "23514":
            self.counts.refused.add(demand)
            self.counts.reasons[demand] = f"PostgreSQL refuses a value ({error.state})"
        else:
            self.counts.reasons[demand] = WHY_NOT.get(error.state, f"PostgreSQL refuses to count ({error.state})")


def _scans(wanted: Iterable[Condition]) -> list[Scan]:
    scans: list[Scan] = []
    for condition in wanted:
        if not any(scan.takes(condition) for scan in scans):
            scans.append(Scan())
            scans[-1].takes(condition)
    return scans
