"""Compares two readings of a table: what the later one demands of rows that are there, and the earlier one did not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from migrations_safety.measurement.demand import Demand, Source
from migrations_safety.measurement.demand_catalog import ColumnShape, ConstraintShape, IndexShape, TableShape
from migrations_safety.measurement.type_changes import LENGTH, family_of, keeps_all
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed

MADE_BY_PLAN = "the plan makes the column {}"
TYPE_MADE_BY_PLAN = "the plan makes the type {}"

Signature = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """The tables and types as they are before the plan, and what was demanded of each table since."""

    tables: dict[int, TableShape]
    types: frozenset[int]
    known: dict[int, set[Signature]] = field(default_factory=lambda: defaultdict(set))
    casts: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    """The types that each column, by table and number, has had since, other than the first."""

    def __post_init__(self) -> None:
        for table in self.tables.values():
            self.known[table.oid] |= {signature for signature, _ in _structures(table)}

    def dropped(self, table: TableShape, migration: str, gone: Iterable[TableShape]) -> Iterator[Demand]:
        """Return the demand of a table that is gone, unless it is a partition of another one that is gone."""
        if table.parent not in {one.oid for one in gone}:
            yield Demand(kind="drop", columns=(), migration=migration, **self.of_table(table))

    def of_table(self, table: TableShape) -> dict[str, Any]:
        """Return the values of a demand that say which table it is about."""
        first = self.tables[table.oid]
        return {
            "table": first.name,
            "schema": first.schema,
            "relation": first.relation,
            "is_partitioned": first.is_partitioned,
            "alias": table.relation,
        }

    def before(self, table: TableShape, number: int) -> ColumnShape | None:
        """Return a column as it is before the plan, None for one that the plan makes."""
        return self.tables[table.oid].columns.get(number)

    def name(self, table: TableShape, number: int) -> str:
        """Return the name of a column before the plan, or its own for one that the plan makes."""
        return (self.before(table, number) or table.columns[number]).name

    def source(self, table: TableShape, number: int) -> Source:
        """Return where the values of a column come from."""
        column, first = table.columns[number], self.before(table, number)
        if first is None:
            is_known = column.is_filled or not column.has_default
            unknown = None if is_known else MADE_BY_PLAN.format(column.name)
            unknown = unknown or self.unknown_type(column)
            return Source(name=column.name, before=None, constant=column.constant, type=column.type, unknown=unknown)
        casts = self.casts.get((table.oid, number), ())
        unknown = self.unknown_type(column) if casts else None
        return Source(name=column.name, before=first.name, casts=casts, type=column.type, unknown=unknown)

    def unknown_type(self, column: ColumnShape) -> str | None:
        """Return why a type cannot be used before the plan, None where it can."""
        return None if column.type_oid in self.types else TYPE_MADE_BY_PLAN.format(column.type)


def new_demands(
    beginning: Beginning,
    last: TableShape,
    now: TableShape,
    migration: str,
    *,
    has_rows: Callable[[TableShape], bool],
    parent: TableShape | None = None,
) -> Iterator[Demand]:
    """Return what a table newly demands since its last reading, or drops.

    `has_rows` says whether there are rows in the scratch database, which have the same constants in new columns as the
    rows of the target, and NULL where those have it. `parent` is the partitioned table of a partition: what is demanded
    of all its partitions is not demanded once more.
    """
    how = {"migration": migration, **beginning.of_table(now)}
    if not now.is_partition or not last.is_partition:
        yield from _of_old_columns(beginning, last, now, how)
    of_parent = {column.name for column in parent.columns.values() if column.is_required} if parent else set()
    for number, column in now.columns.items():
        is_ours = column.is_required and column.name not in of_parent
        if is_ours and _is_newly_required(last.columns.get(number), now, column, has_rows):
            columns = (beginning.name(now, number),)
            yield Demand(kind="not_null", columns=columns, sources=(beginning.source(now, number),), **how)
    if now.bounds and now.bounds != last.bounds and not (now.is_partitioned and last.is_partition):
        yield _of_bounds(beginning, now, how)
    for signature, structure in _structures(now):
        is_known = signature in beginning.known[now.oid] or (structure.is_inherited and last.is_partition)
        is_new = not is_known and _is_new(structure, last, now)
        if is_new and not _is_proven(beginning, now, structure, has_rows):
            yield _of_structure(beginning, now, structure, how)
    beginning.known[now.oid] |= {signature for signature, _ in _structures(now)}


def _of_old_columns(beginning: Beginning, last: TableShape, now: TableShape, how: dict[str, Any]) -> Iterator[Demand]:
    """Return what is demanded of columns that get another type, and what is lost with columns that are dropped."""
    for number, column in last.columns.items():
        if number not in now.columns and beginning.before(last, number):
            yield Demand(kind="drop", columns=(beginning.name(last, number),), **how)
        elif number in now.columns and _is_retyped(column, now.columns[number]):
            yield from _retyped(beginning, last, now, number, how)


def _of_bounds(beginning: Beginning, table: TableShape, how: dict[str, Any]) -> Demand:
    """Return the demand that the rows of a new partition, or of the DEFAULT one, lie within its bounds."""
    bounds = table.bounds or ""
    words = set(re.findall(r"\w+", bounds))
    numbers = [number for number, column in table.columns.items() if set(re.findall(r"\w+", column.name)) <= words]
    return Demand(
        kind="check",
        name="of its bounds",
        condition=bounds,
        columns=tuple(beginning.name(table, number) for number in numbers),
        sources=tuple(beginning.source(table, number) for number in numbers),
        not_judged="the bounds of a hash partition are not evaluated" if "satisfies_hash" in bounds else None,
        **how,
    )


def _is_proven(
    beginning: Beginning, table: TableShape, structure: ConstraintShape | IndexShape, has_rows: Callable[..., bool]
) -> bool:
    """Return whether no row of the target can violate what is demanded of columns that the plan itself makes."""
    made = [table.columns[n] for n in structure.numbers or () if beginning.before(table, n) is None]
    is_null = any(not column.is_filled and not column.has_default for column in made)
    if isinstance(structure, IndexShape):
        is_distinct = any(column.is_distinct and _is_key(column, structure) for column in made)
        return not structure.operators and (is_distinct or (is_null and _is_plain(structure, table)))
    if structure.is_key:
        return is_null and not structure.is_full
    is_constant = all(column.is_filled or not column.has_default for column in made)
    return bool(made) and len(made) == len(structure.numbers or ()) and is_constant and has_rows(table)


def _is_key(column: ColumnShape, index: IndexShape) -> bool:
    plain = f"({quote_if_needed(column.name)})"
    return any(key == plain or key.startswith(f"{plain} COLLATE") for key in index.keys)


def _is_plain(index: IndexShape, table: TableShape) -> bool:
    """Return whether a NULL in any of the columns takes a row out of a unique index."""
    is_of_columns = all(_is_key(table.columns[number], index) for number in index.numbers)
    return is_of_columns and index.condition is None and not index.nulls_are_equal


def _is_newly_required(
    last: ColumnShape | None, table: TableShape, column: ColumnShape, has_rows: Callable[[TableShape], bool]
) -> bool:
    """Return whether NOT NULL is new, and rows that are there may be without a value.

    Rows of the scratch database would have refused NOT NULL if they had no value in a new column.
    """
    if last is not None:
        return not last.is_required
    return not column.is_filled and not column.has_default and not has_rows(table)


def _is_retyped(last: ColumnShape, now: ColumnShape) -> bool:
    return (last.type_oid, last.type_modifier) != (now.type_oid, now.type_modifier)


def _is_new(structure: ConstraintShape | IndexShape, last: TableShape, now: TableShape) -> bool:
    """Return whether a constraint or index is another one than before; that a column becomes a domain is no such."""
    if isinstance(structure, ConstraintShape) and structure.of_domain:
        (number,) = structure.numbers or (0,)
        before = last.columns.get(number)
        if before is None or before.type_oid != now.columns[number].type_oid:
            return False
    oids = {one.oid for one in last.constraints} | {one.oid for one in last.indexes}
    return structure.oid not in oids


def _structures(table: TableShape) -> Iterator[tuple[Signature, ConstraintShape | IndexShape]]:
    """Return the constraints and unique indexes, each with what makes it the same one if it is made again."""
    for constraint in table.constraints:
        shapes = tuple(family_of(table.columns[number].type) for number in constraint.numbers or ())
        if constraint.is_key:
            ends = (tuple(constraint.numbers or ()), constraint.parent, tuple(constraint.parent_numbers or ()))
            yield (*ends, constraint.is_full, shapes), constraint
        else:
            types = tuple(table.columns[number].type for number in constraint.numbers or ())
            yield (constraint.expression, tuple(constraint.numbers or ()), types), constraint
    for index in table.indexes:
        keys = (tuple(index.keys), index.condition, tuple(index.operators), index.nulls_are_equal)
        shapes = tuple(family_of(table.columns[number].type) for number in index.numbers)
        yield (tuple(index.numbers), *keys, shapes), index


def _of_structure(
    beginning: Beginning, table: TableShape, structure: ConstraintShape | IndexShape, how: dict[str, Any]
) -> Demand:
    numbers = structure.numbers or ()
    how = how | {
        "columns": tuple(beginning.name(table, number) for number in numbers),
        "sources": tuple(beginning.source(table, number) for number in numbers),
        "name": structure.name,
    }
    if isinstance(structure, IndexShape):
        kind = "exclusion" if structure.operators else "unique"
        keys, operators = tuple(structure.keys), tuple(structure.operators)
        how |= {"condition": structure.condition, "nulls_are_equal": structure.nulls_are_equal}
        return Demand(kind=kind, keys=keys, operators=operators, **how)
    if structure.of_domain:
        how |= {"sources": tuple(replace(source, name="value") for source in how["sources"])}
    if not structure.is_key:
        return Demand(kind="check", condition=structure.expression, **how)
    return _of_key(beginning, table, structure, how)


def _of_key(beginning: Beginning, table: TableShape, key: ConstraintShape, how: dict[str, Any]) -> Demand:
    how |= {"keys": tuple(quote_identifier(table.columns[number].name) for number in key.numbers or ())}
    how |= {"operators": tuple(key.operators), "is_full": key.is_full}
    if key.has_period:
        how |= {"not_judged": "a foreign key with PERIOD is not counted"}
    parent = beginning.tables.get(key.parent or 0)
    if parent is None:
        return Demand(kind="foreign_key", **how)
    known = [parent.columns.get(number) for number in key.parent_numbers or ()]
    if None in known:
        how |= {"not_judged": f"the plan makes the referenced column of {parent.name}"}
    elif any(beginning.casts.get((parent.oid, number)) for number in key.parent_numbers or ()):
        how |= {"not_judged": f"the plan changes the type of the referenced column of {parent.name}"}
    return Demand(
        kind="foreign_key",
        parent=(parent.schema, parent.relation),
        parent_is_partitioned=parent.is_partitioned,
        parent_name=parent.name,
        parent_columns=tuple(column.name for column in known if column),
        **how,
    )


def _retyped(
    beginning: Beginning, last: TableShape, now: TableShape, number: int, how: dict[str, Any]
) -> Iterator[Demand]:
    """Return the demand of a new type that may refuse or cut values, and note the conversion."""
    old, new, first = last.columns[number], now.columns[number], beginning.before(now, number)
    if first is None:
        return
    place = (now.oid, number)
    source = beginning.source(last, number)
    beginning.casts[place] = (*beginning.casts.get(place, ()), new.type)
    if keeps_all(old, new):
        return
    types = {"type_before": old.type, "type_after": new.type, "category": old.category}
    types |= {"category_after": new.category}
    how = how | types | {"columns": (first.name,), "sources": (source,)}
    if new.labels is not None:
        yield Demand(kind="enum", labels=tuple(new.labels), **how)
    elif old.category == "S" and LENGTH.match(new.type):
        yield Demand(kind="length", **how)
    else:
        yield Demand(kind="cast", not_judged=beginning.unknown_type(new), **how)
