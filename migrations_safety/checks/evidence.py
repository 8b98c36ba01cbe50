"""What the checks look at: the plan and the catalog, read once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from migrations_safety import catalog
from migrations_safety.catalog import Column, ForeignKey, Table
from migrations_safety.declarations import DeclaredKey
from migrations_safety.equality import End, Equality, compared_as, equalities
from migrations_safety.house_format import refuse_id_pattern
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
    equalities: dict[DeclaredKey, Equality] = field(default_factory=dict)

    def column(self, table: str, column: str) -> Column | None:
        """A column as it is, or None where the plan is still to make it."""
        return self._column(self.tables.get(table), column)

    def table(self, key: DeclaredKey) -> Table | None:
        """The referencing table, None where the plan is still to make it."""
        return None if "table" in key.new else self.tables.get(key.table)

    def parent_table(self, key: DeclaredKey) -> Table | None:
        """The referenced table, None where the plan is still to make it."""
        return None if "target_table" in key.new else self.tables.get(key.target_table)

    def referencing(self, key: DeclaredKey) -> Column | None:
        """The referencing column as it is, None where the plan is still to make it, under whatever name."""
        return self._column(None if "column" in key.new else self.table(key), key.column)

    def referenced(self, key: DeclaredKey) -> Column | None:
        """The referenced column as it is, None where the plan is still to make it, under whatever name."""
        return self._column(None if "target_column" in key.new else self.parent_table(key), key.target_column)

    def _column(self, table: Table | None, name: str) -> Column | None:
        return self.columns[table.oid].get(name) if table else None

    def references(self) -> list[DeclaredKey]:
        """The keys whose referencing column exists now: those that there is something to count for.

        Left out are those whose parent is not there, where code of the plan may make it.
        """
        return [key for key in self.plan.keys if self.referencing(key) and not self._may_come(key)]

    def not_there(self) -> list[DeclaredKey]:
        """The keys of which an end is neither there nor made by the plan, as far as its operations say."""
        return [
            key
            for key in self.plan.keys
            if ("column" not in key.new and not self.referencing(key)) or self._may_come(key)
        ]

    def _may_come(self, key: DeclaredKey) -> bool:
        doubt = self.plan.doubts.get(key)
        return bool(doubt and doubt.any_code and "target_column" not in key.new and not self.referenced(key))

    def compared_as(self, keys: Iterable[DeclaredKey]) -> str:
        """The type in which the ends of keys to one parent are compared, as the keys would."""
        keys = tuple(keys)
        ends = [end for key in keys for end in (self.referencing(key), self.referenced(key)) if end]
        return compared_as([self.equalities[key] for key in keys], ends)

    def counted(self) -> list[Table]:
        """The existing tables whose rows are counted: at either end of a key, or dropped or altered by the way back."""
        return self._at_keys_or(self.plan.way_back.read)

    def touched(self) -> list[Table]:
        """The existing tables at either end of a key, and those that the way back locks."""
        return self._at_keys_or(self.plan.way_back.touched)

    def _at_keys_or(self, names: frozenset[str]) -> list[Table]:
        ends = [table for key in self.plan.keys for table in (self.table(key), self.parent_table(key)) if table]
        return [table for name, table in self.tables.items() if name in names or table in ends]


def gather(connection: Any, *, plan: Plan, target: Target, complete: bool = True) -> Evidence:
    """Read the catalog for a plan.

    Raises TablesMissing where a table or column that must be there is not (unless `complete` is False: then the
    caller reports it), IdPatternRefused, MayNotRead without SELECT on one that has to be counted.
    """
    refuse_id_pattern(connection)
    ends = {name for key in plan.keys for name in (key.table, key.target_table)}
    changed = {one.table for one in plan.used} | {one.table for one in plan.dropped}
    names = set(plan.relied_on) | plan.creates | plan.way_back.touched | ends | changed
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
    evidence = replace(evidence, equalities=_equalities(connection, evidence))
    if complete:
        _refuse_missing(evidence)
    _refuse_unreadable(evidence)
    return evidence


def _equalities(connection: Any, evidence: Evidence) -> dict[DeclaredKey, Equality]:
    """As what each key compares its ends as they are now; one that is not there yet is of the declared type."""

    def end(column: Column | None, key: DeclaredKey) -> End:
        return End(column=column, declared=None if column else key.column_type)

    keys = evidence.plan.keys
    ends = [(end(evidence.referencing(key), key), end(evidence.referenced(key), key)) for key in keys]
    return dict(zip(keys, equalities(connection, ends), strict=True))


def _refuse_missing(evidence: Evidence) -> None:
    missing = []
    unsure = evidence.not_there()
    unknown = {name for key in unsure if _after_code(evidence, key) for name in (key.table, key.target_table)}
    for table, columns in sorted(evidence.plan.relied_on.items()):
        if table in unknown:
            continue
        if table not in evidence.tables:
            missing.append(f"the table {table}")
        else:
            missing += [f'{table}."{column}"' for column in sorted(columns) if not evidence.column(table, column)]
    if missing:
        raise TablesMissing(missing=", ".join(missing))


def _after_code(evidence: Evidence, key: DeclaredKey) -> bool:
    doubt = evidence.plan.doubts.get(key)
    return bool(doubt and doubt.any_code)


def _refuse_unreadable(evidence: Evidence) -> None:
    ends = [(evidence.table(key), evidence.parent_table(key)) for key in evidence.references()]
    of_keys = {table.name for of_key in ends for table in of_key if table}
    to_read: Iterable[str] = evidence.plan.way_back.read.union(of_keys)
    there = [evidence.tables[name] for name in to_read if name in evidence.tables]
    catalog.refuse_unreadable_tables(there, role=evidence.target.role)
