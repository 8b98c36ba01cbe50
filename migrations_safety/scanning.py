"""How the rows of the referencing tables are read: each table once, as fast or as gently as asked.

Three ways. Where most of what is to be read stands in indexes, they are read one range of values after the other:
merged where all have an order that is cheap to compare, else each grouped in its own order, so that what they have in
common is found in a small hash; several sessions share the ranges. Else several processes fill hashes
(PostgreSQL's own parallel query). Else, for large tables and where a rate is asked for, one process reads piece after
piece: as a piece begins, the session takes its place for a name (`application_name`), which a second session reads,
and waits; so progress and rate are part of one statement in one snapshot, and work on a standby. What was tried
besides: docs/performance.md.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety import beside, catalog
from migrations_safety.catalog import Part
from migrations_safety.composing import composed, table_name
from migrations_safety.declarations import DeclaredKey
from migrations_safety.progress import Progress
from migrations_safety.sql import statement
from migrations_safety.words import counted

MEGABYTE = 1024 * 1024
LARGE = 4096 * MEGABYTE
"""From here on it takes so long that progress is worth more than a second process."""
JOBS = 2
"""Fewer than the three that PostgreSQL gives any query that is long enough."""
SMALLEST_PIECE = 64 * MEGABYTE
MOST_PIECES = 200
RANGE = 32 * MEGABYTE
"""Of tables for each range of values: the hash of a range stays in the processor's cache."""
WORTH = 2
"""Times the bytes of tables that are read themselves: so much must indexes spare, for each range that is read."""
BLOCK = 8192
"""PostgreSQL's own block size; with another one the pieces are longer or shorter, and nothing else changes."""
HAVE_BLOCKS = ("r", "p")
"""Tables and partitioned tables; a foreign table among the partitions is read as one piece."""
SHORT = 1.0
"""Seconds of reading for which no second session is opened."""
NAME = "counting, percent: "
BY_INDEX = statement("scanning.plan_by_index")

Pairs = Sequence[tuple[int, DeclaredKey]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """By how many processes of the server (None: as many as fit the size), at most how many megabytes a second."""

    jobs: int | None = None
    max_rate: int | None = None


BY_SIZE = Reading()


Condition = tuple[str, sql.Composable]
"""The name of a statement about a value, and the bound it names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
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
        return composed("scanning.in_order", scans=scans, wanted=wanted(self.conditions, sql.SQL("every.value")))


def wanted(conditions: Sequence[Condition], value: sql.Composable) -> sql.Composable:
    """What is true of a value that is asked for."""
    tested = [composed(f"scanning.{name}", value=value, bound=bound) for name, bound in conditions]
    return sql.SQL(" AND ").join(tested) if tested else sql.SQL("true")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The tables of some keys, and how they will be read, by how many `jobs`.

    `by_index` are numbers of keys, so is `nullable`; that and `bytewise` (values sort as their bytes do) are known
    where any are read by index.
    """

    keys: tuple[DeclaredKey, ...]
    parts: dict[str, list[Part]]
    by_index: frozenset[int]
    nullable: frozenset[int]
    bytewise: bool
    jobs: int
    max_rate: int | None
    read_again: int = 0
    """Bytes of other tables that each range of values reads as a whole."""

    @property
    def bytes(self) -> int:
        """The size of all tables."""
        return sum(map(size_of, self.parts.values()))

    @property
    def in_order(self) -> bool:
        """Whether indexes have all values in an order that is cheap to compare, so that they are merged."""
        return self.bytewise and len(self.by_index) == len(self.keys)

    @property
    def megabytes(self) -> int:
        """The same as people read it."""
        return self.bytes // MEGABYTE

    @property
    def bytes_without_index(self) -> int:
        """The size of those tables that must be read themselves, once for each column."""
        return sum(size_of(self.parts[key.table]) for at, key in enumerate(self.keys) if at not in self.by_index)

    @property
    def ranges(self) -> int:
        """In how many ranges of values, as many for each job; what has no index is read again for each."""
        again = self.bytes_without_index + self.read_again
        affordable = self.bytes // (WORTH * again) if again else self.bytes
        return self.jobs * max(1, min(self.bytes // RANGE, affordable) // self.jobs)


def size_of(parts: Iterable[Part]) -> int:
    """Bytes of one table with its partitions."""
    return sum(part.bytes for part in parts)


def source(connection: Any, keys: Iterable[DeclaredKey], reading: Reading, *, since: int | None = None) -> Source:
    """Look at the tables and decide how to read them; which rows are new (`since`) stands in no index."""
    keys = tuple(keys)
    parts = catalog.parts(connection, {key.table for key in keys})
    none: dict[str, Any] = {"by_index": frozenset(), "nullable": frozenset(), "bytewise": False}
    source = Source(keys=keys, parts=parts, jobs=1, max_rate=reading.max_rate, **none)
    if not reading.max_rate and since is None:
        source = _by_index(connection, source)
    by_size = JOBS if source.bytes >= SMALLEST_PIECE and (source.by_index or source.bytes < LARGE) else 1
    return replace(source, jobs=1 if reading.max_rate else reading.jobs or by_size)


def _by_index(connection: Any, source: Source) -> Source:
    """The same, by the indexes that may be used, where that pays."""
    tables = [connection.ops.quote_name(key.table) for key in source.keys]
    with connection.cursor() as cursor:
        columns = [key.column for key in source.keys]
        cursor.execute(statement("scanning.indexes"), {"tables": tables, "columns": columns})
        found = cursor.fetchall()
    by_index = replace(
        source,
        by_index=frozenset(number for number, has_index, *_ in found if has_index),
        nullable=frozenset(number for number, *_, is_nullable in found if is_nullable),
        bytewise=all(is_bytewise for *_, is_bytewise, _ in found),
    )
    rest = by_index.bytes_without_index
    have_one_order = len({order for _, _, order, *_ in found}) == 1
    return by_index if have_one_order and WORTH * rest <= source.bytes - rest else source


def plan(connection: Any, source: Source) -> None:
    """Settings of the planner for the current transaction."""
    with connection.cursor() as cursor:
        if source.by_index:
            cursor.execute(BY_INDEX)
        elif source.jobs > 1:
            cursor.execute(statement("scanning.plan_in_parallel"), {"helpers": str(source.jobs - 1)})
        else:
            cursor.execute(statement("scanning.plan_serially"))


def all_rows(source: Source, type_name: sql.SQL, since: int | None = None) -> Rows:
    """All rows of all tables once; `since` leaves out those that were written before that transaction."""
    if source.by_index:
        return _rows_by_index(source, type_name)
    numbered = sorted(enumerate(source.keys), key=lambda pair: pair[1].table)
    scans: list[sql.Composed] = []
    before, total = 0, max(1, source.bytes)
    for table, of_table in groupby(numbered, key=lambda pair: pair[1].table):
        pairs, parts = list(of_table), source.parts[table]
        if source.jobs > 1:
            scans.append(_rows(pairs, type_name, _since(since)))
            continue
        for first, last, begin in _pieces(parts, _size_of_piece(source)):
            place = _place((before + begin) / total, before + begin, source.max_rate)
            scans.append(_rows(pairs, type_name, [*_since(since), *_blocks(first, last), place]))
        before += size_of(parts)
    return Rows(scans=scans)


def _rows_by_index(
    source: Source, type_name: sql.SQL, conditions: Sequence[Condition] = (), *, with_null: bool = True
) -> Rows:
    """Indexes that can be merged need no groups; and PostgreSQL merges none but plain members of a UNION ALL."""
    if source.in_order:
        scans = [_rows([pair], type_name) for pair in enumerate(source.keys)]
        return Rows(scans=scans, in_order=True, conditions=conditions)
    scans = []
    by_bytes = type_name == sql.SQL("text") and source.bytewise
    for number, key in enumerate(source.keys):
        value = composed("scanning.value", column=sql.Identifier(key.column), type=type_name)
        names = {"value": value, "number": sql.Literal(number), "table": table_name(key.table)}
        if number in source.by_index:
            scans.append(composed("scanning.grouped", wanted=wanted(conditions, value), **names))
        else:
            compared = composed("scanning.by_bytes", value=value) if by_bytes else value
            or_null = composed("scanning.or_null", value=value) if with_null else sql.SQL("")
            scans.append(
                composed("scanning.not_grouped", wanted=wanted(conditions, compared), or_null=or_null, **names)
            )
    return Rows(scans=scans, grouped=source.by_index, conditions=conditions)


def values_apart(connection: Any, source: Source, type_name: sql.SQL, since: int | None = None) -> list[Rows]:
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


def _bounds(connection: Any, source: Source, type_name: sql.SQL) -> list[sql.Composed]:
    """What gives the values that part the column of the largest table that has an index, in their order."""
    key = max((source.keys[number] for number in source.by_index), key=lambda one: size_of(source.parts[one.table]))
    part = source.parts[key.table][0]
    where = {"schema": part.schema, "relation": part.relation, "column": key.column}
    with connection.cursor() as cursor:
        cursor.execute(statement("scanning.number_of_bounds"), where)
        (kept,) = cursor.fetchone() or (0,)
    number = min(kept, source.ranges - 1)
    names = {name: sql.Literal(value) for name, value in where.items()} | {"type": type_name}
    at = [round((one + 1) * (kept + 1) / (number + 1)) for one in range(number)]
    return [composed("scanning.bound", number=sql.Literal(one), **names) for one in at]


def _since(transaction: int | None) -> list[sql.Composed]:
    if transaction is None:
        return []
    return [composed("scanning.written_since", transaction=sql.Literal(str(transaction % 2**32)))]


def _size_of_piece(source: Source) -> int:
    if source.max_rate:
        return max(source.max_rate * MEGABYTE, source.bytes // (5 * MOST_PIECES))
    return max(SMALLEST_PIECE, source.bytes // MOST_PIECES)


def _pieces(parts: Sequence[Part], size: int) -> Iterator[tuple[int | None, int | None, int]]:
    """Of one table and its partitions: first block, the block after the last, bytes before it; None is an open end."""
    whole = size_of(parts)
    number = max(1, round(whole / size)) if all(part.kind in HAVE_BLOCKS for part in parts) else 1
    step = max(part.bytes for part in parts) // BLOCK // number + 1
    for piece in range(number):
        is_last = piece == number - 1
        yield piece * step or None, None if is_last else (piece + 1) * step, whole * piece // number


def _blocks(first: int | None, last: int | None) -> Iterator[sql.Composed]:
    if first is not None:
        yield composed("scanning.from_block", first=sql.Literal(f"({first},0)"))
    if last is not None:
        yield composed("scanning.before_block", last=sql.Literal(f"({last},0)"))


def _place(share: float, before: int, max_rate: int | None) -> sql.Composed:
    seconds = before / (max_rate * MEGABYTE) if max_rate else 0.0
    name = f"{NAME}{100 * share:.1f}"
    return composed("scanning.piece", name_and_place=sql.Literal(name), begins_after=sql.Literal(round(seconds, 3)))


def _where(conditions: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL("WHERE ") + sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("")


def _rows(pairs: Pairs, type_name: sql.SQL, conditions: Sequence[sql.Composable] = ()) -> sql.Composed:
    table, where = table_name(pairs[0][1].table), _where(conditions)
    columns = [(sql.Identifier(key.column), sql.Literal(number)) for number, key in pairs]
    if len(columns) == 1:
        ((column, number),) = columns
        return composed("scanning.one_column", column=column, number=number, type=type_name, table=table, where=where)
    values = [sql.SQL("(child.{}::{}, {})").format(column, type_name, number) for column, number in columns]
    return composed("scanning.several_columns", table=table, columns=sql.SQL(", ").join(values), where=where)


@contextmanager
def in_view(connection: Any, source: Source, *, progress: Progress) -> Iterator[None]:
    """Progress while one statement reads piece after piece; else what is being read."""
    label = f"Counting {counted(len(source.keys), 'reference')}"
    is_soon_over = source.bytes < SMALLEST_PIECE and not source.max_rate
    if source.by_index or source.jobs > 1 or is_soon_over or type(progress) is Progress:
        how = "by their indexes" if source.by_index else counted(source.jobs, "process", "processes")
        size = f"{source.megabytes:,} MB" if source.megabytes else "less than 1 MB"
        with progress.busy(f"{label}: {size}, {how} …"):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    over = threading.Event()
    with progress.steps(f"{label}, MB", total=max(1, source.megabytes)) as advance:
        arguments = (beside.parameters(connection), pid, over, lambda share: advance(int(share * source.megabytes)))
        watcher = threading.Thread(target=_watch, args=arguments, name="progress", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _watch(parameters: dict[str, Any], pid: int, over: threading.Event, tell: Any) -> None:
    """Read the name of the counting session twice a second; without a second session there is no progress, no error."""
    if over.wait(SHORT):
        return
    with suppress(psycopg.Error), psycopg.connect(**parameters) as session:
        while not over.wait(SHORT / 2):
            found = session.execute(statement("scanning.name_of_session"), {"pid": pid}).fetchone()
            if found and (found[0] or "").startswith(NAME):
                tell(float(found[0].removeprefix(NAME)) / 100)
