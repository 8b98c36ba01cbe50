"""Chooses how the tables with foreign-key columns are read: by index, by several processes, or piece by piece.

| way | where |
|---|---|
| by index, one range of values after the other, shared by several sessions | indexes hold most of the data to read |
| by several processes of the server (the parallel query of PostgreSQL), a hash in each | tables up to `LARGE` |
| by one process, one range of blocks after the other, with progress | larger tables, or a rate is asked for |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.postgresql.relations import PhysicalTable, Table
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql import statement

MEGABYTE = 1024 * 1024
LARGE = 4096 * MEGABYTE
"""From this many bytes on, seeing the progress is worth more than a second process."""
JOBS = 2
"""The number of processes by default, fewer than the three that PostgreSQL gives to a long query."""
SMALLEST_PIECE = 64 * MEGABYTE
"""One process reads a table of fewer bytes than this in one piece."""
RANGE = 32 * MEGABYTE
"""Each range of values stands for this many bytes of tables, so that its hash fits the cache of the processor."""
WORTH = 2
"""Indexes are used only if they cover this many times the bytes of the tables without an index."""
BY_INDEX = statement("scan_strategy.plan_by_index")


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanOptions:
    """The number of processes and the rate that the operator asked for."""

    jobs: int | None = None
    """The number of parallel processes of the server; None chooses it by the size of the tables."""
    max_rate: int | None = None
    """The highest rate, in megabytes a second; None for no limit."""


BY_SIZE = ScanOptions()


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanPlan:
    """The plan for reading the referencing tables of some foreign keys."""

    keys: tuple[DeclaredKey, ...]
    tables: dict[str, Table]
    """The referencing and parent tables that exist, by the names that the keys give them."""
    parts: dict[str, list[PhysicalTable]]
    """For each referencing table that exists, by its name: the table and its partitions."""
    by_index: frozenset[int] = frozenset()
    """Positions in `keys` of those whose column is read by an index; empty where no index is used."""
    nullable: frozenset[int] = frozenset()
    """Positions in `keys` of those whose column may be NULL; empty where no index is used."""
    bytewise: bool = False
    """Whether all values sort as their bytes do, which is cheap to compare; False where no index is used."""
    jobs: int = 1
    """The number of parallel processes of the server."""
    max_rate: int | None = None
    """The highest rate, in megabytes a second; None for no limit."""
    read_again: int = 0
    """The size in bytes of the tables that each range of values reads as a whole, besides the referencing ones."""

    @property
    def bytes(self) -> int:
        """The size of all referencing tables, in bytes."""
        return sum(map(size_of, self.parts.values()))

    @property
    def in_order(self) -> bool:
        """Whether all columns are read by index in the order of bytes, so that the indexes can be merged cheaply."""
        return self.bytewise and len(self.by_index) == len(self.keys)

    @property
    def megabytes(self) -> int:
        """The size of all referencing tables, in megabytes."""
        return self.bytes // MEGABYTE

    @property
    def bytes_without_index(self) -> int:
        """The size in bytes of the tables that are read without an index, once for each foreign-key column."""
        return sum(size_of(self.parts[key.table]) for at, key in enumerate(self.keys) if at not in self.by_index)

    @property
    def ranges(self) -> int:
        """The number of ranges of values, a multiple of `jobs`; each range reads tables without an index again."""
        again = self.bytes_without_index + self.read_again
        affordable = self.bytes // (WORTH * again) if again else self.bytes
        return self.jobs * max(1, min(self.bytes // RANGE, affordable) // self.jobs)


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexOfColumn:
    """Whether the values of one column can be read from an index alone."""

    number: int
    """The position of the column among those that were asked for."""
    has_index: bool
    """Whether an index alone gives the values.

    It does not if an upgrade of the locale has put it out of order.
    """
    collation: int
    """The oid of the collation; 0 for a type without a collation."""
    is_bytewise: bool
    is_nullable: bool


def size_of(parts: Iterable[PhysicalTable]) -> int:
    """Return the size of a table with its partitions, in bytes."""
    return sum(part.bytes for part in parts)


def choose_scan(
    connection: Connection, keys: Iterable[DeclaredKey], options: ScanOptions, *, since: int | None = None
) -> ScanPlan:
    """Look up the sizes of the tables and decide how to read them.

    There are two processes and not three: on two cores, three or four processes took 3.2 to 3.8 s instead of 2.8 s,
    because they wait for memory. From `LARGE` on there is one process, because a parallel query cannot say how far it
    is; for small tables, reading in pieces to show progress costs a fifth more (4.0 s instead of 3.3 s). A rate needs
    one process too, because the sum of several cannot be bounded. No index says which rows are new (`since`), so then
    the tables themselves are read. The figures stand in docs/performance.md, "Tried, and left".
    """
    keys = tuple(keys)
    tables = catalog.tables(connection, {name for key in keys for name in key.tables})
    parts = catalog.physical_tables(connection, {key.table for key in keys})
    scan = ScanPlan(keys=keys, tables=tables, parts=parts, max_rate=options.max_rate)
    if not options.max_rate and since is None:
        scan = _by_index_where_worth_it(connection, scan)
    by_size = JOBS if scan.bytes >= SMALLEST_PIECE and (scan.by_index or scan.bytes < LARGE) else 1
    return replace(scan, jobs=1 if options.max_rate else options.jobs or by_size)


def _by_index_where_worth_it(connection: Connection, scan: ScanPlan) -> ScanPlan:
    """Return a plan that reads by index where this is faster, else `scan` itself.

    All foreign-key columns and the parent column must sort in one order: a range of values is a range of parent ids
    too, and only indexes of one order can be merged. Merging is done only if all columns have an index. To merge four
    indexes with the sorted rows of another table took 4.5 s, one hash of all values 3.0 s. Otherwise each
    index is grouped in its own order, and the groups share a small hash (1.8 to 2.1 s). A table without an index is
    read again for every range, so indexes gain nothing where such tables are a large part.
    """
    found = _indexes(connection, scan)
    numbers = frozenset(range(len(scan.keys)))
    by_index = replace(
        scan,
        by_index=numbers & {column.number for column in found if column.has_index},
        nullable=numbers & {column.number for column in found if column.is_nullable},
        bytewise=all(column.is_bytewise for column in found),
    )
    rest = by_index.bytes_without_index
    have_one_order = len({column.collation for column in found}) == 1
    return by_index if have_one_order and WORTH * rest <= scan.bytes - rest else scan


def _indexes(connection: Connection, scan: ScanPlan) -> list[IndexOfColumn]:
    """Look up the index of each foreign-key column, in the order of the keys, and last that of the parent column."""
    parent = scan.keys[0]
    names = [*(key.table for key in scan.keys), parent.target_table]
    oids = [scan.tables[name].oid if name in scan.tables else None for name in names]
    columns = [*(key.column for key in scan.keys), parent.target_column]
    return rows(connection, "scan_strategy.indexes", {"oids": oids, "columns": columns}, IndexOfColumn)


def set_planner(connection: Connection, scan: ScanPlan) -> None:
    """Set PostgreSQL's planner, until the transaction ends, so that it reads the tables as `scan` says."""
    with connection.cursor() as cursor:
        if scan.by_index:
            cursor.execute(BY_INDEX)
        elif scan.jobs > 1:
            cursor.execute(statement("scan_strategy.plan_in_parallel"), {"helpers": str(scan.jobs - 1)})
        else:
            cursor.execute(statement("scan_strategy.plan_serially"))
