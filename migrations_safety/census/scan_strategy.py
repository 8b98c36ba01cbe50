"""How the referencing tables will be read: by their indexes, by several processes, or piece by piece.

Where most of what is to be read stands in indexes, they are read one range of values after the other, which several
sessions share. Else several processes fill hashes (PostgreSQL's own parallel query). Else, for large tables and where
a rate is asked for, one process reads piece after piece. What was tried besides: docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import PhysicalTable, Table
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql import statement

MEGABYTE = 1024 * 1024
LARGE = 4096 * MEGABYTE
"""From here on it takes so long that progress is worth more than a second process."""
JOBS = 2
"""Fewer than the three that PostgreSQL gives any query that is long enough."""
SMALLEST_PIECE = 64 * MEGABYTE
RANGE = 32 * MEGABYTE
"""Of tables for each range of values: the hash of a range stays in the processor's cache."""
WORTH = 2
"""Times the bytes of tables that are read themselves: so much must indexes spare, for each range that is read."""
BY_INDEX = statement("scan_strategy.plan_by_index")


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanOptions:
    """By how many processes of the server (None: as many as fit the size), at most how many megabytes a second."""

    jobs: int | None = None
    max_rate: int | None = None


BY_SIZE = ScanOptions()


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanPlan:
    """The tables of some keys, and how they will be read, by how many `jobs`.

    `by_index` are numbers of keys, so is `nullable`; that and `bytewise` (values sort as their bytes do) are known
    where any are read by index.
    """

    keys: tuple[DeclaredKey, ...]
    tables: dict[str, Table]
    parts: dict[str, list[PhysicalTable]]
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


def size_of(parts: Iterable[PhysicalTable]) -> int:
    """Bytes of one table with its partitions."""
    return sum(part.bytes for part in parts)


def source(
    connection: Connection, keys: Iterable[DeclaredKey], reading: ScanOptions, *, since: int | None = None
) -> ScanPlan:
    """Look at the tables and decide how to read them; which rows are new (`since`) stands in no index."""
    keys = tuple(keys)
    tables = catalog.tables(connection, {name for key in keys for name in (key.table, key.target_table)})
    parts = catalog.physical_tables(connection, {key.table for key in keys})
    none: dict[str, Any] = {"by_index": frozenset(), "nullable": frozenset(), "bytewise": False}
    source = ScanPlan(keys=keys, tables=tables, parts=parts, jobs=1, max_rate=reading.max_rate, **none)
    if not reading.max_rate and since is None:
        source = _by_index(connection, source)
    by_size = JOBS if source.bytes >= SMALLEST_PIECE and (source.by_index or source.bytes < LARGE) else 1
    return replace(source, jobs=1 if reading.max_rate else reading.jobs or by_size)


def _by_index(connection: Connection, source: ScanPlan) -> ScanPlan:
    """The same, by the indexes that may be used, where that pays."""
    parent = source.keys[0]  # its order must be the same: ranges of values are ranges of parents too
    names = [*(key.table for key in source.keys), parent.target_table]
    oids = [source.tables[name].oid if name in source.tables else None for name in names]
    columns = [*(key.column for key in source.keys), parent.target_column]
    with connection.cursor() as cursor:
        cursor.execute(statement("scan_strategy.indexes"), {"oids": oids, "columns": columns})
        found = cursor.fetchall()
    numbers = frozenset(range(len(source.keys)))
    by_index = replace(
        source,
        by_index=numbers & {number for number, has_index, *_ in found if has_index},
        nullable=numbers & {number for number, *_, is_nullable in found if is_nullable},
        bytewise=all(is_bytewise for *_, is_bytewise, _ in found),
    )
    rest = by_index.bytes_without_index
    have_one_order = len({order for _, _, order, *_ in found}) == 1
    return by_index if have_one_order and WORTH * rest <= source.bytes - rest else source


def plan(connection: Connection, source: ScanPlan) -> None:
    """Settings of the planner for the current transaction."""
    with connection.cursor() as cursor:
        if source.by_index:
            cursor.execute(BY_INDEX)
        elif source.jobs > 1:
            cursor.execute(statement("scan_strategy.plan_in_parallel"), {"helpers": str(source.jobs - 1)})
        else:
            cursor.execute(statement("scan_strategy.plan_serially"))
