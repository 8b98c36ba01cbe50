"""How the referencing tables will be read: by their indexes, by several processes, or piece by piece.

| way | where |
|---|---|
| by index, one range of values after the other, which sessions share | indexes hold most of what is to be read |
| by several processes of the server, each with its hash (PostgreSQL's own parallel query) | tables up to `LARGE` |
| by one process, one range of blocks after the other, with progress | larger tables, and where a rate is asked for |
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
"""Bytes of tables from which on progress is worth more than a second process."""
JOBS = 2
"""Fewer than the three that PostgreSQL gives any query that is long enough."""
SMALLEST_PIECE = 64 * MEGABYTE
"""Bytes of a table below which one process reads it in one piece."""
RANGE = 32 * MEGABYTE
"""Bytes of tables for each range of values: the hash of a range stays in the processor's cache."""
WORTH = 2
"""Indexes are used only if, per range, they save at least this many times the bytes of the tables without one."""
BY_INDEX = statement("scan_strategy.plan_by_index")


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanOptions:
    """What the operator asked for."""

    jobs: int | None = None
    """Parallel processes of the server; None for as many as fit the size."""
    max_rate: int | None = None
    """Megabytes a second at most; None for no limit."""


BY_SIZE = ScanOptions()


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanPlan:
    """The tables of some keys, and how they will be read."""

    keys: tuple[DeclaredKey, ...]
    tables: dict[str, Table]
    """Referencing and referenced tables that are there, by the names in the keys."""
    parts: dict[str, list[PhysicalTable]]
    """Of each referencing table, itself or its partitions."""
    by_index: frozenset[int] = frozenset()
    """Numbers of the keys whose columns are read by an index; empty where none is."""
    nullable: frozenset[int] = frozenset()
    """Numbers of the keys whose columns may be NULL; known where any is read by index."""
    bytewise: bool = False
    """All values sort as their bytes do, which is cheap to compare; known where any is read by index."""
    jobs: int = 1
    """Parallel processes of the server."""
    max_rate: int | None = None
    """Megabytes a second at most."""
    read_again: int = 0
    """Bytes of other tables that each range of values reads as a whole."""

    @property
    def bytes(self) -> int:
        """The size of all referencing tables."""
        return sum(map(size_of, self.parts.values()))

    @property
    def in_order(self) -> bool:
        """Whether indexes have all values in an order that is cheap to compare, so that they are merged."""
        return self.bytewise and len(self.by_index) == len(self.keys)

    @property
    def megabytes(self) -> int:
        """The size of all referencing tables as people read it."""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexOfColumn:
    """What an index can do for one column."""

    number: int
    """The place of the column among those that were asked for."""
    has_index: bool
    """An index alone gives the values, without its table (and no upgrade of the locale has put it out of order)."""
    collation: int
    """The oid of the collation, 0 for a type without one."""
    is_bytewise: bool
    is_nullable: bool


def size_of(parts: Iterable[PhysicalTable]) -> int:
    """Bytes of one table with its partitions."""
    return sum(part.bytes for part in parts)


def choose_scan(
    connection: Connection, keys: Iterable[DeclaredKey], options: ScanOptions, *, since: int | None = None
) -> ScanPlan:
    """Look up the sizes of the tables and decide how to read them.

    Two processes and not three: on two cores three or four took 3.2 to 3.8 s beside 2.8 s, they wait for memory. One
    process alone from `LARGE` on, because a parallel query cannot say how far it is, and pieces for a progress of
    small tables cost a fifth more (4.0 s beside 3.3 s). A rate needs one process too: nobody could bound the sum of
    several. Which rows are new (`since`) stands in no index, so their tables are read. Figures: docs/performance.md,
    "Tried, and left".
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
    """The same, by the indexes that may be used, where that pays.

    All columns and the parent's must have one order: a range of values is a range of parents too, and indexes are
    merged only in one order. Merging takes all of them: four merged with the sorted rows of a table that has no index
    took 4.5 s beside 3.0 s for one hash, so then each index is grouped in its own order and the groups share a small
    hash (1.8 to 2.1 s). A table without an index is read again for every range; where such tables are too large a
    part, the indexes gain nothing.
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
    """Of each referencing column in the order of the keys, and last of the parent's."""
    parent = scan.keys[0]
    names = [*(key.table for key in scan.keys), parent.target_table]
    oids = [scan.tables[name].oid if name in scan.tables else None for name in names]
    columns = [*(key.column for key in scan.keys), parent.target_column]
    return rows(connection, "scan_strategy.indexes", {"oids": oids, "columns": columns}, IndexOfColumn)


def set_planner(connection: Connection, scan: ScanPlan) -> None:
    """Settings of PostgreSQL's planner for the current transaction, so that it reads as was chosen."""
    with connection.cursor() as cursor:
        if scan.by_index:
            cursor.execute(BY_INDEX)
        elif scan.jobs > 1:
            cursor.execute(statement("scan_strategy.plan_in_parallel"), {"helpers": str(scan.jobs - 1)})
        else:
            cursor.execute(statement("scan_strategy.plan_serially"))
