"""What a statement has to do with the rows of existing tables, and how long that takes.

The rates come from `tests/benchmarks/rates.py` (docs/performance.md has its results). The fast end of each range is
faster than a machine with all its data in memory, the slow end slower than the same machine under six times its load.
So the true time of a healthy server lies between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from migrations_safety.locking.statement_text import ON_ROWS, read
from migrations_safety.measurement.report import MeasuredStatement, TableEffect
from migrations_safety.postgresql.table_figures import TableFigures

MEGABYTE = 1_000_000
SHORTEST = 1e-7
"""The seconds in which a fast server sorts, writes or looks up one entry of an index or one row."""
QUOTED = re.compile(r'"(?:[^"]|"")*"')
BUILDS_INDEX = re.compile(r"\b(INDEX|UNIQUE|PRIMARY KEY|EXCLUDE)\b", re.IGNORECASE)
FOREIGN_KEY = re.compile(r"\b(FOREIGN KEY|REFERENCES)\b", re.IGNORECASE)
CHANGES_ROWS = frozenset({"UPDATE", "DELETE", "MERGE"})
DEFINES = frozenset({"ALTER", "CREATE"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A range of seconds; `most` is None where nobody can tell how long it takes."""

    least: float = 0.0
    most: float | None = 0.0

    def __add__(self, other: Span) -> Span:
        most = None if self.most is None or other.most is None else self.most + other.most
        return Span(least=self.least + other.least, most=most)

    def wider(self, other: Span) -> Span:
        """Return the longer of both, end by end."""
        most = None if self.most is None or other.most is None else max(self.most, other.most)
        return Span(least=max(self.least, other.least), most=most)


NOTHING = Span()
UNKNOWN = Span(most=None)


class Kind(Enum):
    """A kind of work, with the megabytes a second of a slow and of a fast server."""

    SCAN = ("reads", 50, 4000)
    KEY = ("checks a foreign key on", 20, 4000)
    INDEX = ("builds an index on", 5, 4000)
    REWRITE = ("rewrites", 4, 1000)
    WRITE = ("writes rows of", 1, 4000)
    ANY = ("works on", 1, 4000)

    def __init__(self, does: str, slow: int, fast: int) -> None:
        self.does = does
        self.slow = slow
        self.fast = fast


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One kind of work on one table; `bytes` is None where the size of the table is not known."""

    kind: Kind
    table: str
    bytes: int | None
    entries: int = 0
    """How many rows and entries of indexes it handles one by one, as far as the statistics tell."""

    @property
    def span(self) -> Span:
        """How many seconds it takes. An UPDATE or the like may find no row to change, so its least is a scan."""
        if self.bytes is None:
            return UNKNOWN
        megabytes = self.bytes / MEGABYTE
        least = megabytes / self.kind.fast + self.entries * SHORTEST
        return Span(least=least, most=max(least, megabytes / self.kind.slow))


def work_of(statement: MeasuredStatement, figures: Mapping[str, TableFigures], *, small: int) -> Iterator[Work]:
    """Yield what a statement has to do with existing tables of at least `small` bytes; nothing for metadata only."""
    text = read(QUOTED.sub('""', statement.sql))
    words = tuple(word for word in text.words if word != "SET")  # Django sets constraints in the same text
    for effect in statement.tables:
        kind = None if effect.new else _kind(effect, text.text, words)
        if kind is None:
            continue
        table = figures.get(effect.table)
        if table is None:
            yield Work(kind=kind, table=effect.table, bytes=None)
        elif table.bytes + table.index_bytes >= small:
            work = _sized(kind, table)
            if work.bytes:
                yield work


def _sized(kind: Kind, table: TableFigures) -> Work:
    whole = kind in {Kind.REWRITE, Kind.WRITE, Kind.ANY}
    entries = {Kind.KEY: 1, Kind.INDEX: 1, Kind.REWRITE: 1 + table.indexes}.get(kind, 0) * (table.rows or 0)
    return Work(kind=kind, table=table.table, bytes=table.bytes + table.index_bytes * whole, entries=entries)


def _kind(effect: TableEffect, text: str, words: tuple[str, ...]) -> Kind | None:
    if words == ("TRUNCATE",) or not (effect.scanned or effect.rewritten):
        return None
    if effect.rewritten:
        return Kind.REWRITE
    if len(words) != 1:
        return Kind.ANY
    if words[0] in ON_ROWS:
        writes = effect.lock == "RowExclusiveLock" or (effect.lock is None and words[0] in CHANGES_ROWS)
        return Kind.WRITE if writes else Kind.SCAN
    if words[0] == "REINDEX" or (words[0] in DEFINES and BUILDS_INDEX.search(text)):
        return Kind.INDEX
    if words[0] in DEFINES:
        return Kind.KEY if FOREIGN_KEY.search(text) else Kind.SCAN
    return Kind.ANY
