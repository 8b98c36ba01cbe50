"""What is in the database of the tables that declared keys or a plan touch: read once, looked at by all checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from migrations_safety.messages.refusals.tables import TablesMissing
from migrations_safety.plan.migration_plan import Plan, ends_of
from migrations_safety.plan.planned_changes import AlteredColumn
from migrations_safety.plan.planned_keys import Doubt
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Column, ForeignKey, Table
from migrations_safety.postgresql.target import Target
from migrations_safety.schema.comparable_types import End, Equality, compared_as, equalities
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.house_format import refuse_id_pattern


@dataclass(frozen=True, kw_only=True, slots=True)
class InspectedSchema:
    """The tables at both ends of declared keys, and others that were asked for, as the catalog has them.

    `tables` by name, `columns` by the table's oid and the column's name. `keys` are the declared ones, `foreign_keys`
    those in the catalog; `doubts` is what is not known about the rows of a declared key,
    `altered` are columns that a plan alters before the keys are made. Of the tables that are no
    end of a key, `also_counted` are those whose rows are counted too, `also_locked` those that are locked too.
    """

    target: Target
    keys: tuple[DeclaredKey, ...]
    doubts: Mapping[DeclaredKey, Doubt]
    tables: dict[str, Table]
    columns: dict[int, dict[str, Column]]
    foreign_keys: tuple[ForeignKey, ...]
    partition_keys: tuple[ForeignKey, ...]
    equalities: dict[DeclaredKey, Equality]
    altered: frozenset[AlteredColumn] = frozenset()
    also_counted: frozenset[str] = frozenset()
    also_locked: frozenset[str] = frozenset()

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
        return [key for key in self.keys if self.referencing(key) and not self._may_come(key)]

    def not_there(self) -> list[DeclaredKey]:
        """The keys of which an end is neither there nor made by the plan, as far as its operations say."""
        return [
            key for key in self.keys if ("column" not in key.new and not self.referencing(key)) or self._may_come(key)
        ]

    def _may_come(self, key: DeclaredKey) -> bool:
        doubt = self.doubts.get(key)
        return bool(doubt and doubt.any_code and "target_column" not in key.new and not self.referenced(key))

    def compared_as(self, keys: Iterable[DeclaredKey]) -> str:
        """The type in which the ends of keys to one parent are compared, as the keys would."""
        keys = tuple(keys)
        ends = [end for key in keys for end in (self.referencing(key), self.referenced(key)) if end]
        return compared_as([self.equalities[key] for key in keys], ends)

    def counted(self) -> list[Table]:
        """The existing tables whose rows are counted: at either end of a key, or dropped or altered by the way back."""
        return self._at_keys_or(self.also_counted)

    def touched(self) -> list[Table]:
        """The existing tables at either end of a key, and those that the way back locks."""
        return self._at_keys_or(self.also_locked)

    def _at_keys_or(self, names: frozenset[str]) -> list[Table]:
        ends = [table for key in self.keys for table in (self.table(key), self.parent_table(key)) if table]
        return [table for name, table in self.tables.items() if name in names or table in ends]


@dataclass(frozen=True, kw_only=True, slots=True)
class InspectedPlan(InspectedSchema):
    """A plan, and the tables that it touches as the catalog has them."""

    plan: Plan


def inspect_plan(connection: Connection, *, plan: Plan, target: Target) -> InspectedPlan:
    """Read the catalog for a plan; raises as `inspect_schema` does."""
    changed = {one.table for one in plan.used} | {one.table for one in plan.dropped}
    inspected = inspect_schema(
        connection,
        target=target,
        keys=plan.keys,
        relied_on=plan.relied_on,
        doubts=plan.doubts,
        others=plan.creates | plan.rollback.touched | changed,
        also_counted=plan.rollback.read,
        also_locked=plan.rollback.touched,
    )
    parts = {one.name: getattr(inspected, one.name) for one in fields(inspected)}
    return InspectedPlan(plan=plan, **parts | {"altered": plan.altered})


def inspect_schema(
    connection: Connection,
    *,
    target: Target,
    keys: Iterable[DeclaredKey],
    relied_on: Mapping[str, frozenset[str]] | None = None,
    doubts: Mapping[DeclaredKey, Doubt] | None = None,
    others: Iterable[str] = (),
    also_counted: frozenset[str] = frozenset(),
    also_locked: frozenset[str] = frozenset(),
    complete: bool = True,
) -> InspectedSchema:
    """Read the catalog for declared keys and for `others`, tables by name.

    `relied_on` maps each table that must be there to the columns that must be there: by default both ends of all keys.

    Raises TablesMissing where one of them is not there (unless `complete` is False: then the caller reports it),
    IdPatternRefused, MayNotRead without SELECT on a table that has to be counted.
    """
    refuse_id_pattern(connection)
    keys, doubts = tuple(keys), doubts or {}
    relied_on = ends_of(keys) if relied_on is None else relied_on
    names = {*relied_on, *others, *(name for key in keys for name in (key.table, key.target_table))}
    tables = catalog.tables(connection, names)
    oids = [table.oid for table in tables.values()]
    foreign_keys = catalog.foreign_keys(connection, oids)
    inspected = InspectedSchema(
        target=target,
        keys=keys,
        doubts=doubts,
        tables=tables,
        columns=catalog.columns(connection, oids),
        foreign_keys=tuple(key for key in foreign_keys if not key.partition),
        partition_keys=tuple(key for key in foreign_keys if key.partition),
        equalities={},
        also_counted=also_counted,
        also_locked=also_locked,
    )
    inspected = replace(inspected, equalities=_equalities(connection, inspected))
    if complete:
        _refuse_missing(inspected, relied_on)
    _refuse_unreadable(inspected)
    return inspected


def _equalities(connection: Connection, inspected: InspectedSchema) -> dict[DeclaredKey, Equality]:
    """As what each key compares its ends as they are now; one that is not there yet is of the declared type."""

    def end(column: Column | None, key: DeclaredKey) -> End:
        return End(column=column, declared=None if column else key.column_type)

    keys = inspected.keys
    ends = [(end(inspected.referencing(key), key), end(inspected.referenced(key), key)) for key in keys]
    return dict(zip(keys, equalities(connection, ends), strict=True))


def _refuse_missing(inspected: InspectedSchema, relied_on: Mapping[str, frozenset[str]]) -> None:
    missing = []
    unsure = inspected.not_there()
    unknown = {name for key in unsure if _after_code(inspected, key) for name in (key.table, key.target_table)}
    for table, columns in sorted(relied_on.items()):
        if table in unknown:
            continue
        if table not in inspected.tables:
            missing.append(f"the table {table}")
        else:
            missing += [f'{table}."{column}"' for column in sorted(columns) if not inspected.column(table, column)]
    if missing:
        raise TablesMissing(missing=", ".join(missing))


def _after_code(inspected: InspectedSchema, key: DeclaredKey) -> bool:
    doubt = inspected.doubts.get(key)
    return bool(doubt and doubt.any_code)


def _refuse_unreadable(inspected: InspectedSchema) -> None:
    ends = [(inspected.table(key), inspected.parent_table(key)) for key in inspected.references()]
    of_keys = {table.name for of_key in ends for table in of_key if table}
    to_read: Iterable[str] = inspected.also_counted.union(of_keys)
    there = [inspected.tables[name] for name in to_read if name in inspected.tables]
    catalog.refuse_unreadable_tables(there, role=inspected.target.role)
