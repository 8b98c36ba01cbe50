"""Reads what PostgreSQL's catalog says about the tables of foreign keys and of a plan, once for all checks."""

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
    """The tables at both ends of the declared foreign keys, and others, as PostgreSQL's catalog describes them."""

    target: Target
    """The server, database, schema and role with which the catalog was read."""
    keys: tuple[DeclaredKey, ...]
    """The foreign keys that the models declare."""
    doubts: Mapping[DeclaredKey, Doubt]
    """Declared foreign keys whose number of orphans the plan may change, each with the reason."""
    tables: dict[str, Table]
    """The existing tables, by name."""
    columns: dict[int, dict[str, Column]]
    """The columns of these tables, by the oid of the table, then by the name of the column."""
    foreign_keys: tuple[ForeignKey, ...]
    """The foreign keys that these tables have in the database."""
    partition_keys: tuple[ForeignKey, ...]
    """Foreign keys that exist on single partitions of these tables, but not on the partitioned tables themselves."""
    equalities: dict[DeclaredKey, Equality]
    """How PostgreSQL compares the two columns of each declared foreign key."""
    altered: frozenset[AlteredColumn] = frozenset()
    """Columns whose type or uniqueness the plan changes."""
    also_counted: frozenset[str] = frozenset()
    """Names of further tables whose rows are counted, although no declared foreign key concerns them."""
    also_locked: frozenset[str] = frozenset()
    """Names of further tables that are locked, although no declared foreign key concerns them."""

    def column(self, table: str, column: str) -> Column | None:
        """The column with this name in the database; None where the table or the column does not exist."""
        return self._column(self.tables.get(table), column)

    def table(self, key: DeclaredKey) -> Table | None:
        """The referencing table; None where it does not exist, or where the plan creates it under this name."""
        return None if "table" in key.new else self.tables.get(key.table)

    def parent_table(self, key: DeclaredKey) -> Table | None:
        """The referenced table; None where it does not exist, or where the plan creates it under this name."""
        return None if "target_table" in key.new else self.tables.get(key.target_table)

    def referencing(self, key: DeclaredKey) -> Column | None:
        """The referencing column; None where it does not exist or the plan creates it.

        None also where another column has this name now, and the plan creates the referencing column later.
        """
        return self._column(None if "column" in key.new else self.table(key), key.column)

    def referenced(self, key: DeclaredKey) -> Column | None:
        """The referenced column; None where it does not exist or the plan creates it.

        None also where another column has this name now, and the plan creates the referenced column later.
        """
        return self._column(None if "target_column" in key.new else self.parent_table(key), key.target_column)

    def _column(self, table: Table | None, name: str) -> Column | None:
        return self.columns[table.oid].get(name) if table else None

    def references(self) -> list[DeclaredKey]:
        """The declared foreign keys whose orphans can be counted, because the referencing column exists.

        A foreign key is left out where its referenced column does not exist and RunPython or RunSQL of the plan may
        create that column.
        """
        return [key for key in self.keys if self.referencing(key) and not self._may_be_created(key)]

    def not_there(self) -> list[DeclaredKey]:
        """The declared foreign keys with a column that neither exists nor is created by an operation of the plan.

        RunPython or RunSQL of the plan may still create that column.
        """

        def lacks_column(key: DeclaredKey) -> bool:
            return "column" not in key.new and not self.referencing(key)

        return [key for key in self.keys if lacks_column(key) or self._may_be_created(key)]

    def _may_be_created(self, key: DeclaredKey) -> bool:
        doubt = self.doubts.get(key)
        return bool(doubt and doubt.any_code and "target_column" not in key.new and not self.referenced(key))

    def compared_as(self, keys: Iterable[DeclaredKey]) -> str:
        """The type, as SQL text, in which PostgreSQL compares the columns of foreign keys to one parent."""
        keys = tuple(keys)
        ends = [end for key in keys for end in (self.referencing(key), self.referenced(key)) if end]
        return compared_as([self.equalities[key] for key in keys], ends)

    def counted(self) -> list[Table]:
        """The existing tables whose rows are counted: those of declared foreign keys, and `also_counted`."""
        return self._at_keys_or(self.also_counted)

    def touched(self) -> list[Table]:
        """The existing tables that are locked: those of declared foreign keys, and `also_locked`."""
        return self._at_keys_or(self.also_locked)

    def _at_keys_or(self, names: frozenset[str]) -> list[Table]:
        ends = [table for key in self.keys for table in (self.table(key), self.parent_table(key)) if table]
        return [table for name, table in self.tables.items() if name in names or table in ends]


@dataclass(frozen=True, kw_only=True, slots=True)
class InspectedPlan(InspectedSchema):
    """A plan, with the tables that it concerns as PostgreSQL's catalog describes them."""

    plan: Plan


def inspect_plan(connection: Connection, *, plan: Plan, target: Target) -> InspectedPlan:
    """Read the catalog for all tables that the plan concerns; raises the same errors as `inspect_schema`."""
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
    """Read the catalog for the tables of declared foreign keys, and for the tables named in `others`.

    `relied_on` maps the name of each table that must exist to the names of its columns that must exist. By default
    these are both ends of all `keys`. `doubts`, `also_counted` and `also_locked` are passed on into the result.

    Raises TablesMissing where a table or column of `relied_on` does not exist. With `complete=False` nothing is raised
    for it, and the caller reports it. Raises MayNotRead where the role has no SELECT on a table whose rows have to be
    counted, and IdPatternRefused where PostgreSQL cannot use the pattern of ids in the settings.
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
    """How PostgreSQL compares the two columns of each foreign key. A column that is yet to be created counts with its
    declared type.
    """

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
