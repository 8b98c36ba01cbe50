"""Builds the queries that read the foreign-key columns, in the way that `scan_strategy` has chosen.

A query may read a table piece after piece. When a piece begins, the query writes its progress into `application_name`,
and it sleeps until the permitted rate allows the next piece. Both are done inside the statement, so the statement keeps
its snapshot and works on a standby.
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
"""The default block size of PostgreSQL, in bytes. With another block size only the sizes of the pieces change."""
NAME = "counting, percent: "


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueCondition:
    """A condition on values, which restricts what a query returns."""

    name: str
    """The name of the condition in `scan_queries.sql`, for example `from_value`."""
    bound: sql.Composable
    """The SQL expression with which values are compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanQueries:
    """Queries whose rows are a value and the number of the foreign key in whose column it stands.

    The columns are `value`, `reference` (the position of the key in `Question.keys`) and, where any index is grouped,
    `rows`.
    """

    scans: Sequence[sql.Composable]
    grouped: frozenset[int] = frozenset()
    """Positions of the keys whose index is grouped: for these, `rows` is the number of rows that hold the value."""
    in_order: bool = False
    """Whether the queries are merged in the order of their values; then `together` applies `conditions`."""
    conditions: Sequence[ValueCondition] = ()
    """The conditions on the values that the queries return; empty for all values."""

    def together(self) -> sql.Composed:
        """Return all queries as one, joined by UNION ALL."""
        scans = sql.SQL("\nUNION ALL\n").join(self.scans)
        if not self.in_order:
            return scans
        return compose("scan_queries.in_order", scans=scans, wanted=wanted(self.conditions, sql.SQL("every.value")))


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberedKey:
    """A foreign key and its position in `Question.keys`."""

    number: int
    key: DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A range of blocks of one table, which is read as one piece."""

    first_block: int | None
    """The first block that is read; None for the beginning of the table."""
    end_block: int | None
    """The block after the last one that is read; None for the end of the table, which may have grown."""
    bytes_before: int
    """The size of the pieces of the same table that are read before this one."""


def wanted(conditions: Sequence[ValueCondition], value: sql.Composable) -> sql.Composable:
    """Build the SQL condition that `value` meets all `conditions`; `true` where there are none."""
    tested = [compose(f"scan_queries.{condition.name}", value=value, bound=condition.bound) for condition in conditions]
    return sql.SQL("\nAND ").join(tested) if tested else sql.SQL("true")


def all_rows(scan: ScanPlan, type_name: sql.SQL, since: int | None = None) -> ScanQueries:
    """Build the queries that read every row of every referencing table once.

    `since` is the number of a transaction: rows that were written before it are left out.
    All values go into one hash. To group each table first and then all groups together took 2.7 to 3.7 s instead of
    3.0 s, and to join five grouped tables took 4.9 s. The pieces of a table are members of a UNION ALL, because a
    LATERAL join over the pieces took 6.6 s instead of 5.6 s.
    """
    if scan.by_index:
        return _rows_by_index(scan, type_name)
    numbered = [NumberedKey(number=number, key=key) for number, key in enumerate(scan.keys)]
    scans: list[sql.Composed] = []
    before, total = 0, max(1, scan.bytes)
    for table, of_table in groupby(sorted(numbered, key=_table), key=_table):
        keys, parts = list(of_table), scan.parts[table]
        if scan.jobs > 1:
            scans.append(_rows(scan, keys, type_name, _since(since)))
            continue
        for piece in _pieces(parts, _size_of_piece(scan)):
            begin = before + piece.bytes_before
            conditions = [*_since(since), *_blocks(piece), _place(begin / total, begin, scan.max_rate)]
            scans.append(_rows(scan, keys, type_name, conditions))
        before += size_of(parts)
    return ScanQueries(scans=scans)


def _table(numbered: NumberedKey) -> str:
    return numbered.key.table


def _rows_by_index(
    scan: ScanPlan, type_name: sql.SQL, conditions: Sequence[ValueCondition] = (), *, with_null: bool = True
) -> ScanQueries:
    """Build queries that read each index in its order: merged if all indexes can be merged, else grouped.

    PostgreSQL merges only plain members of a UNION ALL, so the conditions stand outside of the members. Indexes that
    can be merged are not grouped first: with four indexes and two sessions that took 1.1 s instead of 0.9 s. To hash
    the values of the indexes took 1.4 s, to merge them 0.8 s.
    """
    if scan.in_order:
        numbered = [NumberedKey(number=number, key=key) for number, key in enumerate(scan.keys)]
        scans = [_rows(scan, [one_key], type_name) for one_key in numbered]
        return ScanQueries(scans=scans, in_order=True, conditions=conditions)
    scans = []
    by_bytes = type_name == sql.SQL("text") and scan.bytewise
    for number, key in enumerate(scan.keys):
        value = compose("scan_queries.value", column=sql.Identifier(key.column), type=type_name)
        names = {"value": value, "number": sql.Literal(number), "table": scan.tables[key.table].in_sql}
        if number in scan.by_index:
            scans.append(compose("scan_queries.grouped", wanted=wanted(conditions, value), **names))
        else:
            compared = compose("scan_queries.by_bytes", value=value) if by_bytes else value
            or_null = compose("scan_queries.or_null", value=value) if with_null else sql.SQL("")
            scans.append(
                compose("scan_queries.not_grouped", wanted=wanted(conditions, compared), or_null=or_null, **names)
            )
    return ScanQueries(scans=scans, grouped=scan.by_index, conditions=conditions)


def split_into_ranges(
    connection: Connection, scan: ScanPlan, type_name: sql.SQL, since: int | None = None
) -> list[ScanQueries]:
    """Build the queries of `all_rows`, in ranges of values that do not overlap, so that their counts can be added.

    The list has one entry for each range, and a single entry where no large index is read.
    Ranges are used because two sessions that each read all tables and kept half of the ids by a hash gained nothing:
    3.4 s instead of 3.0 s for one session. Ten million rows make about fifty ranges (see `RANGE`): planning a range
    costs 3 ms, and a hundred ranges took 2.2 s instead of 2.0 s. The bounds are values in the statistics of ANALYZE.
    No value may leave the server, so a query looks its bounds up by their position instead of naming them. For columns
    that are read by index, the rows with NULL are a range of their own. For a column without an index, they belong to
    the first range.
    """
    whole = all_rows(scan, type_name, since)
    bounds = _bounds(connection, scan, type_name) if scan.by_index and scan.ranges > 1 else []
    if not bounds:
        return [whole]
    ranges: list[list[ValueCondition]] = [[]]
    for bound in bounds:
        ranges[-1].append(ValueCondition(name="before_value", bound=bound))
        ranges.append([ValueCondition(name="from_value", bound=bound)])
    queries = [
        _rows_by_index(scan, type_name, conditions, with_null=number == 0) for number, conditions in enumerate(ranges)
    ]
    if may_be_null := scan.nullable & scan.by_index:
        without_value = _rows_by_index(scan, type_name, [ValueCondition(name="without_value", bound=sql.SQL(""))])
        queries.append(replace(without_value, scans=[without_value.scans[number] for number in may_be_null]))
    return queries


def _bounds(connection: Connection, scan: ScanPlan, type_name: sql.SQL) -> list[sql.Composed]:
    """Build the SQL expressions for the bounds, in ascending order.

    The bounds come from the statistics of one column: that of the largest table that is read by an index.
    """
    indexed = [scan.keys[number] for number in scan.by_index]
    key = max(indexed, key=lambda key: size_of(scan.parts[key.table]))
    part = scan.parts[key.table][0]
    where = {"schema": part.schema, "relation": part.relation, "column": key.column}
    with connection.cursor() as cursor:
        cursor.execute(statement("scan_queries.number_of_bounds"), where)
        (kept,) = cursor.fetchone() or (0,)
    number = min(kept, scan.ranges - 1)
    names = {name: sql.Literal(value) for name, value in where.items()} | {"type": type_name}
    positions = [round((bound + 1) * (kept + 1) / (number + 1)) for bound in range(number)]
    return [compose("scan_queries.bound", number=sql.Literal(position), **names) for position in positions]


def _since(transaction: int | None) -> list[sql.Composed]:
    if transaction is None:
        return []
    return [compose("scan_queries.written_since", transaction=sql.Literal(str(transaction % 2**32)))]


def _size_of_piece(scan: ScanPlan) -> int:
    if scan.max_rate:
        return max(scan.max_rate * MEGABYTE, scan.bytes // (5 * MOST_PIECES))
    return max(SMALLEST_PIECE, scan.bytes // MOST_PIECES)


def _pieces(parts: Sequence[PhysicalTable], size: int) -> Iterator[Piece]:
    """Cut a table into pieces of about `size` bytes; a table with a foreign partition is read as one piece.

    All partitions are cut at the same block numbers.
    """
    whole = size_of(parts)
    number = 1 if any(part.is_foreign for part in parts) else max(1, round(whole / size))
    step = max(part.bytes for part in parts) // BLOCK // number + 1
    for piece in range(number):
        end = None if piece == number - 1 else (piece + 1) * step
        yield Piece(first_block=piece * step or None, end_block=end, bytes_before=whole * piece // number)


def _blocks(piece: Piece) -> Iterator[sql.Composed]:
    if piece.first_block is not None:
        yield compose("scan_queries.from_block", first=sql.Literal(f"({piece.first_block},0)"))
    if piece.end_block is not None:
        yield compose("scan_queries.before_block", last=sql.Literal(f"({piece.end_block},0)"))


def _place(share: float, before: int, max_rate: int | None) -> sql.Composed:
    seconds = before / (max_rate * MEGABYTE) if max_rate else 0.0
    name = f"{NAME}{100 * share:.1f}"
    return compose("scan_queries.piece", name_and_place=sql.Literal(name), begins_after=sql.Literal(round(seconds, 3)))


def _where(conditions: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL("WHERE ") + sql.SQL("\nAND ").join(conditions) if conditions else sql.SQL("")


def _rows(
    scan: ScanPlan, keys: Sequence[NumberedKey], type_name: sql.SQL, conditions: Sequence[sql.Composable] = ()
) -> sql.Composed:
    """Build one query for all foreign-key columns of one table, which reads each row of the table once."""
    table, where = scan.tables[keys[0].key.table].in_sql, _where(conditions)
    columns = [
        {"column": sql.Identifier(numbered.key.column), "number": sql.Literal(numbered.number), "type": type_name}
        for numbered in keys
    ]
    if len(columns) == 1:
        return compose("scan_queries.one_column", table=table, where=where, **columns[0])
    values = sql.SQL(", ").join(compose("scan_queries.value_and_number", **column) for column in columns)
    return compose("scan_queries.several_columns", table=table, columns=values, where=where)
