"""The catalog's entries for the tables that declared keys or a plan need: read once, for all checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from migrations_safety.messages.refusals.tables import TablesMissing
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.plan.planned_changes import AlteredColumn
from migrations_safety.plan.planned_keys import Doubt, ends_of
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Column, ForeignKey, Table
from migrations_safety.postgresql.target import Target
from migrations_safety.schema.comparable_types import End, Equality, compared_as, equalities
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.house_format import refuse_id_pattern


@dataclass(frozen=True, kw_only=True, slots=True)
class InspectedSchema:
    """The tables at both ends of declared keys, and others that were asked for, as the catalog has them."""

    target: Target
    """Where it was read."""
    keys: tuple[DeclaredKey, ...]
    """The declared keys."""
    doubts: Mapping[DeclaredKey, Doubt]
    """Declared keys whose orphans a plan may change, with the reason."""
    tables: dict[str, Table]
    """Existing tables by name."""
    columns: dict[int, dict[str, Column]]
    """By the oid of the table, then by name."""
    foreign_keys: tuple[ForeignKey, ...]
    """Keys of these tables in the catalog."""
    partition_keys: tuple[ForeignKey, ...]
    """Keys in the catalog that single partitions of these tables have and the tables themselves do not."""
    equalities: dict[DeclaredKey, Equality]
    """How PostgreSQL compares the two ends of each declared key."""
    altered: frozenset[AlteredColumn] = frozenset()
    """Columns that a plan alters before it adds the keys."""
    also_counted: frozenset[str] = frozenset()
    """Tables at no end of a key whose rows are counted, too."""
    also_locked: frozenset[str] = frozenset()
    """Tables at no end of a key that are locked, too."""

    def column(self, table: str, column: str) -> Column | None:
        """A column by its name in the database, None where there is none."""
        return self._column(self.tables.get(table), column)

    def table(self, key: DeclaredKey) -> Table | None:
        """The referencing table, None where the plan creates it."""
        return None if "table" in key.new else self.tables.get(key.table)

    def parent_table(self, key: DeclaredKey) -> Table | None:
        """The referenced table, None where the plan creates it."""
        return None if "target_table" in key.new else self.tables.get(key.target_table)

    def referencing(self, key: DeclaredKey) -> Column | None:
        """The referencing column, None where the plan creates it, also under a name that another column has now."""
        return self._column(None if "column" in key.new else self.table(key), key.column)

    def referenced(self, key: DeclaredKey) -> Column | None:
        """The referenced column, None where the plan creates it, also under a name that another column has now."""
        return self._column(None if "target_column" in key.new else self.parent_table(key), key.target_column)

    def _column(self, table: Table | None, name: str) -> Column | None:
        return self.columns[table.oid].get(name) if table else None

    def references(self) -> list[DeclaredKey]:
        """The keys that can be counted: the referencing column exists.

        Keys without a parent are left out where code of the plan may create it.
        """
        return [key for key in self.keys if self.referencing(key) and not self._may_be_created(key)]

    def not_there(self) -> list[DeclaredKey]:
        """The keys with an end that does not exist and that no operation creates, unless by code."""

        def lacks_column(key: DeclaredKey) -> bool:
            return "column" not in key.new and not self.referencing(key)

        return [key for key in self.keys if lacks_column(key) or self._may_be_created(key)]

    def _may_be_created(self, key: DeclaredKey) -> bool:
        doubt = self.doubts.get(key)
        return bool(doubt and doubt.any_code and "target_column" not in key.new and not self.referenced(key))

    def compared_as(self, keys: Iterable[DeclaredKey]) -> str:
        """The type in which PostgreSQL compares the ends of keys to one parent."""
        keys = tuple(keys)
        ends = [end for key in keys for end in (self.referencing(key), self.referenced(key)) if end]
        return compared_as([self.equalities[key] for key in keys], ends)

    def counted(self) -> list[Table]:
        """The existing tables whose rows are counted: at either end of a key, or dropped or altered by a rollback."""
        return self._at_keys_or(self.also_counted)

    def touched(self) -> list[Table]:
        """The existing tables at either end of a key, and those that a rollback locks."""
        return self._at_keys_or(self.also_locked)

    def _at_keys_or(self, names: frozenset[str]) -> list[Table]:
        ends = [table for key in self.keys for table in (self.table(key), self.parent_table(key)) if table]
        return [table for name, table in self.tables.items() if name in names or table in ends]


@dataclass(frozen=True, kw_only=True, slots=True)
class InspectedPlan(InspectedSchema):
    """A plan, with the tables that it needs as the catalog has them."""

    plan: Plan


def inspect_plan(connection: Connection, *, plan: Plan, target: Target) -> InspectedPlan:
    """Read the catalog for a plan; raises as `inspect_schema` does."""
    changed = {use.table for use in plan.used} | {drop.table for drop in plan.dropped}
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
    values = {field.name: getattr(inspected, field.name) for field in fields(inspected)}
    return InspectedPlan(plan=plan, **values | {"altered": plan.altered})


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
    """Read the catalog for declared keys and for `others`, names of tables.

    `relied_on` maps each table that must exist to its columns that must exist (default: both ends of all keys).

    Raises TablesMissing where one of them does not exist (unless `complete` is False: then the caller reports it),
    MayNotRead without SELECT on a table that has to be counted, IdPatternRefused.
    """
    refuse_id_pattern(connection)
    keys = tuple(keys)
    relied_on = ends_of(keys) if relied_on is None else relied_on
    inspected = replace(
        _read_catalog(connection, target, keys, catalog.tables(connection, {*relied_on, *others, *_tables_of(keys)})),
        doubts=doubts or {},
        also_counted=also_counted,
        also_locked=also_locked,
    )
    if complete:
        _refuse_missing(inspected, relied_on)
    _refuse_unreadable(inspected)
    return inspected


def _read_catalog(
    connection: Connection, target: Target, keys: tuple[DeclaredKey, ...], tables: dict[str, Table]
) -> InspectedSchema:
    oids = [table.oid for table in tables.values()]
    foreign_keys = catalog.foreign_keys(connection, oids)
    inspected = InspectedSchema(
        target=target,
        keys=keys,
        doubts={},
        tables=tables,
        columns=catalog.columns(connection, oids),
        foreign_keys=tuple(key for key in foreign_keys if not key.partition),
        partition_keys=tuple(key for key in foreign_keys if key.partition),
        equalities={},
    )
    return replace(inspected, equalities=_equalities(connection, inspected))


def _equalities(connection: Connection, inspected: InspectedSchema) -> dict[DeclaredKey, Equality]:
    """How each key compares its ends; an end that does not exist yet has the declared type."""

    def end(column: Column | None, key: DeclaredKey) -> End:
        return End(column=column, declared=None if column else key.column_type)

    keys = inspected.keys
    ends = [(end(inspected.referencing(key), key), end(inspected.referenced(key), key)) for key in keys]
    return dict(zip(keys, equalities(connection, ends), strict=True))


def _refuse_missing(inspected: InspectedSchema, relied_on: Mapping[str, frozenset[str]]) -> None:
    missing = []
    unknown = _tables_of(key for key in inspected.not_there() if _follows_code(inspected, key))
    for table, columns in sorted(relied_on.items()):
        if table in unknown:
            continue
        if table not in inspected.tables:
            missing.append(f"the table {table}")
        else:
            missing += [f'{table}."{column}"' for column in sorted(columns) if not inspected.column(table, column)]
    if missing:
        raise TablesMissing(missing=", ".join(missing))


def _tables_of(keys: Iterable[DeclaredKey]) -> set[str]:
    return {name for key in keys for name in key.tables}


def _follows_code(inspected: InspectedSchema, key: DeclaredKey) -> bool:
    doubt = inspected.doubts.get(key)
    return bool(doubt and doubt.any_code)


def _refuse_unreadable(inspected: InspectedSchema) -> None:
    ends = [(inspected.table(key), inspected.parent_table(key)) for key in inspected.references()]
    to_read = inspected.also_counted.union(table.name for both in ends for table in both if table)
    existing = [inspected.tables[name] for name in to_read if name in inspected.tables]
    catalog.refuse_unreadable_tables(existing, role=inspected.target.role)
