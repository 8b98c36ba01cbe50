"""What the checks look at: the plan and the catalog, read once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from migrations_safety import catalog
from migrations_safety.catalog import Column, ForeignKey, Table
from migrations_safety.declarations import DeclaredKey
from migrations_safety.plan import Plan
from migrations_safety.refusals import TablesMissing
from migrations_safety.session import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """The plan, the session, and the tables that the plan's keys touch as the catalog has them."""

    plan: Plan
    target: Target
    tables: dict[str, Table]
    columns: dict[int, dict[str, Column]]
    keys: tuple[ForeignKey, ...]
    keys_of_partitions: tuple[ForeignKey, ...]

    def column(self, table: str, column: str) -> Column | None:
        """A column as it is, or None where the plan is still to make it."""
        there = self.tables.get(table)
        return self.columns[there.oid].get(column) if there else None

    def references(self) -> list[DeclaredKey]:
        """The keys whose referencing column exists now: those that there is something to count for."""
        return [key for key in self.plan.keys if self.column(key.table, key.column)]

    def counted(self) -> list[Table]:
        """The existing tables whose rows are counted: at either end of a key, or dropped or altered by the way back."""
        names = self.plan.way_back.read.union(*((key.table, key.target_table) for key in self.plan.keys))
        return [table for name, table in self.tables.items() if name in names]

    def touched(self) -> list[Table]:
        """The existing tables at either end of a key, and those that the way back locks."""
        names = self.plan.way_back.touched.union(*((key.table, key.target_table) for key in self.plan.keys))
        return [table for name, table in self.tables.items() if name in names]


def gather(connection: Any, *, plan: Plan, target: Target, complete: bool = True) -> Evidence:
    """Read the catalog for a plan.

    Raises TablesMissing where a table or column that must be there is not (unless `complete` is False: then the
    caller reports it), MayNotRead without SELECT on one that has to be counted.
    """
    ends = {name for key in plan.keys for name in (key.table, key.target_table)}
    names = set(plan.relied_on) | plan.creates | plan.way_back.touched | ends
    tables = catalog.tables(connection, names)
    columns = catalog.columns(connection, [table.oid for table in tables.values()])
    keys = catalog.foreign_keys(connection, [table.oid for table in tables.values()])
    evidence = Evidence(
        plan=plan,
        target=target,
        tables=tables,
        columns=columns,
        keys=tuple(key for key in keys if not key.partition),
        keys_of_partitions=tuple(key for key in keys if key.partition),
    )
    if complete:
        _refuse_missing(evidence)
    _refuse_unreadable(evidence)
    return evidence


def _refuse_missing(evidence: Evidence) -> None:
    missing = []
    for table, columns in sorted(evidence.plan.relied_on.items()):
        if table not in evidence.tables:
            missing.append(f"the table {table}")
        else:
            missing += [f'{table}."{column}"' for column in sorted(columns) if not evidence.column(table, column)]
    if missing:
        raise TablesMissing(missing=", ".join(missing))


def _refuse_unreadable(evidence: Evidence) -> None:
    to_read: Iterable[str] = evidence.plan.way_back.read.union(
        name for key in evidence.references() for name in (key.table, key.target_table)
    )
    there = [evidence.tables[name] for name in to_read if name in evidence.tables]
    catalog.refuse_unreadable_tables(there, role=evidence.target.role)
