"""Reads how large existing tables are and who uses them, from the catalog, the statistics and the sessions.

The statistics are those of PostgreSQL's cumulative statistics system (PostgreSQL documentation, 27.2). Any role may
read them, on a standby too. A standby has its own: it does not know what is written on its primary, nor the sessions
there. What is not known is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement

SHORTEST = 1.0
"""The seconds that must lie between two readings for a rate. A session reports its counters once a second at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFigures:
    """The size of one table and how it is used; a partitioned table is the sum of its partitions.

    A read is one scan that was begun, of the table or of one of its indexes. A write is one row that was inserted,
    updated or deleted. The rates are those of the run if at least SHORTEST seconds lie between two readings, otherwise
    those since the statistics were last reset.
    """

    table: str
    """The name as PostgreSQL prints it (`regclass`)."""
    schema: str
    oid: int
    partition_of: str | None
    """The name of the partitioned table at the top, for a partition."""
    rows: int | None
    """The estimated number of rows; None for a table that was never analyzed or vacuumed."""
    bytes: int
    """The size with TOAST and without indexes."""
    index_bytes: int
    indexes: int
    """The number of its indexes."""
    keys: int
    """The number of foreign keys on it and to it."""
    reads_per_second: float | None
    writes_per_second: float | None
    reads_per_second_since_reset: float | None
    writes_per_second_since_reset: float | None
    open_transactions: int | None
    """The number of transactions that hold a lock on it now, prepared ones included."""
    longest_transaction_seconds: float | None
    """The age of the oldest of them, 0 if there is none, None if the role may not see the age of all of them."""
    is_used: bool | None
    """False if nothing was read or written since the statistics were last reset, and no transaction is open on it."""

    @property
    def is_analyzed(self) -> bool:
        """Whether the number of rows is known, because the table was analyzed or vacuumed."""
        return self.rows is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Counters:
    """The counters of all tables at one moment; `reads` and `writes` are by the oid of the table."""

    at: float
    """The moment, in seconds since 1970."""
    since: float
    """The moment when the statistics were last reset."""
    in_recovery: bool
    """Whether the server is a standby, whose counters do not contain the writes of its primary."""
    reads: Mapping[int, int]
    writes: Mapping[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Moment:
    at: float
    since: float
    in_recovery: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counter:
    oid: int
    reads: int
    writes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    oid: int
    table: str
    schema: str
    partition_of: str | None
    parts: tuple[int, ...]
    rows: int | None
    bytes: int
    index_bytes: int
    indexes: int
    keys: int
    open_transactions: int
    longest: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedFigures:
    """The figures of all tables of one database at one moment, as a file of `--write-statistics` keeps them."""

    file: str
    taken_at: datetime
    database: str
    host: str
    in_recovery: bool
    """Whether they were taken on a standby."""
    figures: Mapping[str, TableFigures]
    age: float = 0
    """The seconds that had passed since then when the file was read."""


def read_counters(connection: Connection) -> Counters:
    """Read the counters of all tables as they are now, also if this transaction has read them before."""
    with connection.cursor() as cursor:
        cursor.execute(statement("table_figures.forget"))
    (moment,) = rows(connection, "table_figures.moment", {}, _Moment)
    found = rows(connection, "table_figures.counters", {}, _Counter)
    return Counters(
        at=moment.at,
        since=moment.since,
        in_recovery=moment.in_recovery,
        reads={one.oid: one.reads for one in found},
        writes={one.oid: one.writes for one in found},
    )


def figures(
    connection: Connection, tables: Iterable[str] | None = None, *, earlier: Counters | None = None
) -> dict[str, TableFigures]:
    """Return the figures of the tables with these names (as `regclass` prints them), by name; of all tables for None.

    `earlier` are counters that were read before, for the rates of the run. A name that no table has is left out.
    """
    names = None if tables is None else sorted(set(tables))
    now = read_counters(connection)
    found = rows(connection, "table_figures.figures", {"names": names}, _Table)
    return {one.table: _figures(one, now, earlier) for one in found}


def _figures(table: _Table, now: Counters, earlier: Counters | None) -> TableFigures:
    reads, writes = (_sum(counted, table.parts) for counted in (now.reads, now.writes))
    reads_since, writes_since = (count / max(now.at - now.since, SHORTEST) for count in (reads, writes))
    run = _of_run(table.parts, now, earlier) or (reads_since, writes_since)
    before = earlier.reads if earlier and now.since <= earlier.at else now.reads  # ours of the run are no use
    is_used = bool(_sum(before, table.parts) or writes or table.open_transactions)
    elsewhere = now.in_recovery
    return TableFigures(
        table=table.table,
        schema=table.schema,
        oid=table.oid,
        partition_of=table.partition_of,
        rows=table.rows,
        bytes=table.bytes,
        index_bytes=table.index_bytes,
        indexes=table.indexes,
        keys=table.keys,
        reads_per_second=run[0],
        writes_per_second=None if elsewhere else run[1],
        reads_per_second_since_reset=reads_since,
        writes_per_second_since_reset=None if elsewhere else writes_since,
        open_transactions=None if elsewhere else table.open_transactions,
        longest_transaction_seconds=None if elsewhere else table.longest,
        is_used=None if elsewhere and not is_used else is_used,
    )


def _of_run(parts: Sequence[int], now: Counters, earlier: Counters | None) -> tuple[float, float] | None:
    """Return reads and writes per second between two readings; None if they are too close or a reset lies between."""
    if earlier is None or now.at - earlier.at < SHORTEST or now.since > earlier.at:
        return None
    seconds = now.at - earlier.at
    reads = _sum(now.reads, parts) - _sum(earlier.reads, parts)
    writes = _sum(now.writes, parts) - _sum(earlier.writes, parts)
    return max(reads, 0) / seconds, max(writes, 0) / seconds


def _sum(counted: Mapping[int, int], parts: Sequence[int]) -> int:
    return sum(counted.get(oid, 0) for oid in parts)
