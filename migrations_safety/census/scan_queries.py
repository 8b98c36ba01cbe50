"""SELECTs of the rows of the referencing tables, each table once, as they will be read.

Indexes are merged where all have an order that is cheap to compare, else each is grouped in its own order, so that
what they have in common is found in a small hash. Where one process reads piece after piece, the session takes its
place for a name (`application_name`) as a piece begins, and waits until its time has come; so progress and rate are
part of one statement in one snapshot, and work on a standby.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from psycopg import sql

from migrations_safety.census.scan_strategy import MEGABYTE, SMALLEST_PIECE, ScanPlan, size_of
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import PhysicalTable
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose

MOST_PIECES = 200
BLOCK = 8192
"""PostgreSQL's own block size; with another one the pieces are longer or shorter, and nothing else changes."""
NAME = "counting, percent: "

Pairs = Sequence[tuple[int, DeclaredKey]]
Condition = tuple[str, sql.Composable]
"""The name of a statement about a value, and the bound it names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanQueries:
    """SELECTs of `value`, `reference` (the number of the key) and, if any are `grouped`, their `rows` (else NULL).

    `conditions` say which values they are asked for; where they are merged `in_order` these are still to be applied.
    """

    scans: Sequence[sql.Composable]
    grouped: frozenset[int] = frozenset()
    in_order: bool = False
    conditions: Sequence[Condition] = ()

    def together(self) -> sql.Composed:
        """All of them as one SELECT."""
        scans = sql.SQL(" UNION ALL ").join(self.scans)
        if not self.in_order:
            return scans
        return compose("scan_queries.in_order", scans=scans, wanted=wanted(self.conditions, sql.SQL("every.value")))


def wanted(conditions: Sequence[Condition], value: sql.Composable) -> sql.Composable:
    """What is true of a value that is asked for."""
    tested = [compose(f"scan_queries.{name}", value=value, bound=bound) for name, bound in conditions]
    return sql.SQL(" AND ").join(tested) if tested else sql.SQL("true")


def all_rows(source: ScanPlan, type_name: sql.SQL, since: int | None = None) -> ScanQueries:
    """All rows of all tables once; `since` leaves out those that were written before that transaction."""
    if source.by_index:
        return _rows_by_index(source, type_name)
    numbered = sorted(enumerate(source.keys), key=lambda pair: pair[1].table)
    scans: list[sql.Composed] = []
    before, total = 0, max(1, source.bytes)
    for table, of_table in groupby(numbered, key=lambda pair: pair[1].table):
        pairs, parts = list(of_table), source.parts[table]
        if source.jobs > 1:
            scans.append(_rows(source, pairs, type_name, _since(since)))
            continue
        for first, last, begin in _pieces(parts, _size_of_piece(source)):
            place = _place((before + begin) / total, before + begin, source.max_rate)
            scans.append(_rows(source, pairs, type_name, [*_since(since), *_blocks(first, last), place]))
        before += size_of(parts)
    return ScanQueries(scans=scans)


def _rows_by_index(
    source: ScanPlan, type_name: sql.SQL, conditions: Sequence[Condition] = (), *, with_null: bool = True
) -> ScanQueries:
    """Indexes that can be merged need no groups; and PostgreSQL merges none but plain members of a UNION ALL."""
    if source.in_order:
        scans = [_rows(source, [pair], type_name) for pair in enumerate(source.keys)]
        return ScanQueries(scans=scans, in_order=True, conditions=conditions)
    scans = []
    by_bytes = type_name == sql.SQL("text") and source.bytewise
    for number, key in enumerate(source.keys):
        value = compose("scan_queries.value", column=sql.Identifier(key.column), type=type_name)
        names = {"value": value, "number": sql.Literal(number), "table": source.tables[key.table].in_sql}
        if number in source.by_index:
            scans.append(compose("scan_queries.grouped", wanted=wanted(conditions, value), **names))
        else:
            compared = compose("scan_queries.by_bytes", value=value) if by_bytes else value
            or_null = compose("scan_queries.or_null", value=value) if with_null else sql.SQL("")
            scans.append(
                compose("scan_queries.not_grouped", wanted=wanted(conditions, compared), or_null=or_null, **names)
            )
    return ScanQueries(scans=scans, grouped=source.by_index, conditions=conditions)


def split_into_ranges(
    connection: Connection, source: ScanPlan, type_name: sql.SQL, since: int | None = None
) -> list[ScanQueries]:
    """The same in ranges that have no value in common: several where large indexes are read, else one.

    Several sessions may share them, and their figures add up.
    """
    whole = all_rows(source, type_name, since)
    if not source.by_index or source.ranges < 2:
        return [whole]
    bounds = _bounds(connection, source, type_name)
    if not bounds:
        return [whole]
    ranges: list[list[Condition]] = [[]]
    for bound in bounds:
        ranges[-1].append(("before_value", bound))
        ranges.append([("from_value", bound)])
    apart = [
        _rows_by_index(source, type_name, conditions, with_null=number == 0) for number, conditions in enumerate(ranges)
    ]
    if may_be_null := source.nullable & source.by_index:
        without_value = _rows_by_index(source, type_name, [("without_value", sql.SQL(""))])
        apart.append(replace(without_value, scans=[without_value.scans[number] for number in may_be_null]))
    return apart


def _bounds(connection: Connection, source: ScanPlan, type_name: sql.SQL) -> list[sql.Composed]:
    """What gives the values that part the column of the largest table that has an index, in their order."""
    key = max((source.keys[number] for number in source.by_index), key=lambda one: size_of(source.parts[one.table]))
    part = source.parts[key.table][0]
    where = {"schema": part.schema, "relation": part.relation, "column": key.column}
    with connection.cursor() as cursor:
        cursor.execute(statement("scan_queries.number_of_bounds"), where)
        (kept,) = cursor.fetchone() or (0,)
    number = min(kept, source.ranges - 1)
    names = {name: sql.Literal(value) for name, value in where.items()} | {"type": type_name}
    at = [round((one + 1) * (kept + 1) / (number + 1)) for one in range(number)]
    return [compose("scan_queries.bound", number=sql.Literal(one), **names) for one in at]


def _since(transaction: int | None) -> list[sql.Composed]:
    if transaction is None:
        return []
    return [compose("scan_queries.written_since", transaction=sql.Literal(str(transaction % 2**32)))]


def _size_of_piece(source: ScanPlan) -> int:
    if source.max_rate:
        return max(source.max_rate * MEGABYTE, source.bytes // (5 * MOST_PIECES))
    return max(SMALLEST_PIECE, source.bytes // MOST_PIECES)


def _pieces(parts: Sequence[PhysicalTable], size: int) -> Iterator[tuple[int | None, int | None, int]]:
    """Of one table and its partitions: first block, the block after the last, bytes before it; None is an open end."""
    whole = size_of(parts)
    number = max(1, round(whole / size)) if not any(part.is_foreign for part in parts) else 1
    step = max(part.bytes for part in parts) // BLOCK // number + 1
    for piece in range(number):
        is_last = piece == number - 1
        yield piece * step or None, None if is_last else (piece + 1) * step, whole * piece // number


def _blocks(first: int | None, last: int | None) -> Iterator[sql.Composed]:
    if first is not None:
        yield compose("scan_queries.from_block", first=sql.Literal(f"({first},0)"))
    if last is not None:
        yield compose("scan_queries.before_block", last=sql.Literal(f"({last},0)"))


def _place(share: float, before: int, max_rate: int | None) -> sql.Composed:
    seconds = before / (max_rate * MEGABYTE) if max_rate else 0.0
    name = f"{NAME}{100 * share:.1f}"
    return compose("scan_queries.piece", name_and_place=sql.Literal(name), begins_after=sql.Literal(round(seconds, 3)))


def _where(conditions: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL("WHERE ") + sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("")


def _rows(
    source: ScanPlan, pairs: Pairs, type_name: sql.SQL, conditions: Sequence[sql.Composable] = ()
) -> sql.Composed:
    table, where = source.tables[pairs[0][1].table].in_sql, _where(conditions)
    columns = [(sql.Identifier(key.column), sql.Literal(number)) for number, key in pairs]
    if len(columns) == 1:
        ((column, number),) = columns
        return compose(
            "scan_queries.one_column", column=column, number=number, type=type_name, table=table, where=where
        )
    values = [
        compose("scan_queries.value_and_number", column=column, type=type_name, number=number)
        for column, number in columns
    ]
    return compose("scan_queries.several_columns", table=table, columns=sql.SQL(", ").join(values), where=where)
