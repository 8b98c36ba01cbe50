"""How the rows of the referencing tables are read: each table once, as fast or as gently as asked.

Three ways. Where indexes have all values in order, they are merged: no table is read and no hash is made. Else
several processes fill hashes (PostgreSQL's own parallel query). Else, for large tables and where a rate is asked
for, one process reads piece after piece: as a piece begins, the session takes its place for a name
(`application_name`), which a second session reads, and waits; so progress and rate are part of one statement in one
snapshot, and work on a standby. What was tried besides: docs/performance.md.
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
PARTS_OF_A_JOB = 4
"""So that no session is left with a long one while the others have nothing to do."""
BLOCK = 8192
"""PostgreSQL's own block size; with another one the pieces are longer or shorter, and nothing else changes."""
HAVE_BLOCKS = ("r", "p")
"""Tables and partitioned tables; a foreign table among the partitions is read as one piece."""
SHORT = 1.0
"""Seconds of reading for which no second session is opened."""
NAME = "counting, percent: "
IN_ORDER = statement("scanning.plan_in_order")

Pairs = Sequence[tuple[int, DeclaredKey]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """By how many processes of the server (None: as many as fit the size), at most how many megabytes a second."""

    jobs: int | None = None
    max_rate: int | None = None


BY_SIZE = Reading()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """SELECTs of `value` and `reference` (the number of the key), and what is wanted of all of them."""

    scans: Sequence[sql.Composable]
    in_order: bool = False
    where: sql.Composable | None = None

    def together(self) -> sql.Composed:
        """All of them as one SELECT."""
        scans = sql.SQL(" UNION ALL ").join(self.scans)
        return composed("scanning.in_order", scans=scans) if self.in_order else scans


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The tables of some keys, and how they will be read: `in_order`, or by `jobs` processes."""

    keys: tuple[DeclaredKey, ...]
    parts: dict[str, list[Part]]
    in_order: bool
    jobs: int
    max_rate: int | None

    @property
    def bytes(self) -> int:
        """The size of all tables."""
        return sum(map(size_of, self.parts.values()))

    @property
    def megabytes(self) -> int:
        """The same as people read it."""
        return self.bytes // MEGABYTE


def size_of(parts: Iterable[Part]) -> int:
    """Bytes of one table with its partitions."""
    return sum(part.bytes for part in parts)


def source(connection: Any, keys: Iterable[DeclaredKey], reading: Reading, *, since: int | None = None) -> Source:
    """Look at the tables and decide how to read them; which rows are new (`since`) stands in no index."""
    keys = tuple(keys)
    parts = catalog.parts(connection, {key.table for key in keys})
    size = sum(map(size_of, parts.values()))
    in_order = reading.max_rate is None and since is None and _is_in_order(connection, keys)
    by_size = JOBS if size >= SMALLEST_PIECE and (in_order or size < LARGE) else 1
    jobs = 1 if reading.max_rate else reading.jobs or by_size
    return Source(keys=keys, parts=parts, in_order=in_order, jobs=jobs, max_rate=reading.max_rate)


def _is_in_order(connection: Any, keys: Sequence[DeclaredKey]) -> bool:
    tables = [connection.ops.quote_name(key.table) for key in keys]
    with connection.cursor() as cursor:
        columns = [key.column for key in keys]
        cursor.execute(statement("scanning.is_in_order"), {"tables": tables, "columns": columns})
        return bool(cursor.fetchone()[0])


def plan(connection: Any, source: Source) -> None:
    """Settings of the planner for the current transaction."""
    with connection.cursor() as cursor:
        if source.in_order:
            cursor.execute(IN_ORDER)
        elif source.jobs > 1:
            cursor.execute(statement("scanning.plan_in_parallel"), {"helpers": str(source.jobs - 1)})
        else:
            cursor.execute(statement("scanning.plan_serially"))


def all_rows(source: Source, type_name: sql.SQL, since: int | None = None) -> Rows:
    """All rows of all tables once; `since` leaves out those that were written before that transaction."""
    if source.in_order:
        # Without any condition: PostgreSQL merges the indexes of plain members of a UNION ALL only.
        return Rows(scans=[_rows([pair], type_name) for pair in enumerate(source.keys)], in_order=True)
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


def values_apart(connection: Any, source: Source, type_name: sql.SQL, since: int | None = None) -> list[Rows]:
    """The same in parts that have no value in common: several where large indexes are read in order, else one.

    Several sessions may share them, and their figures add up.
    """
    whole = all_rows(source, type_name, since)
    if not source.in_order or (source.jobs == 1 and source.bytes < LARGE):
        return [whole]
    bounds = _bounds(connection, source, type_name)
    if source.bytes < LARGE:
        bounds = bounds[:: max(1, len(bounds) // (PARTS_OF_A_JOB * source.jobs))]
    if not bounds:
        return [whole]
    from_each = [None, *(composed("scanning.from_value", bound=bound) for bound in bounds)]
    before_each = [*(composed("scanning.before_value", bound=bound) for bound in bounds), None]
    ranges = [[one for one in pair if one] for pair in zip(from_each, before_each, strict=True)]
    return [replace(whole, where=_where(one)) for one in ([composed("scanning.without_value")], *ranges)]


def _bounds(connection: Any, source: Source, type_name: sql.SQL) -> list[sql.Composed]:
    """What gives the values that part the column of the largest table, in their order."""
    key = max(source.keys, key=lambda one: size_of(source.parts[one.table]))
    part = source.parts[key.table][0]
    where = {"schema": part.schema, "relation": part.relation, "column": key.column}
    with connection.cursor() as cursor:
        cursor.execute(statement("scanning.number_of_bounds"), where)
        (number,) = cursor.fetchone() or (0,)
    names = {name: sql.Literal(value) for name, value in where.items()}
    return [composed("scanning.bound", number=sql.Literal(at), type=type_name, **names) for at in range(1, number + 1)]


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
    if source.in_order or source.jobs > 1 or is_soon_over or type(progress) is Progress:
        how = "by their indexes" if source.in_order else counted(source.jobs, "process", "processes")
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
