"""Follows tables and columns by identity through a plan: what each is called now, and what it will be called then.

A name that nothing has touched stands for what has it now. `now` is None for what the plan itself makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True, eq=False)
class Column:
    """One column; `then` is its name so far, `is_dropped` where the plan has dropped it, alone or with its table."""

    table: Table
    now: str | None
    then: str
    is_dropped: bool = False
    is_indexed: bool = False


@dataclass(kw_only=True, slots=True, eq=False)
class Table:
    """One table, with those of its columns that were asked for, by their names so far.

    `names` are all that it or its model is called on the way.
    """

    now: str | None
    then: str
    is_dropped: bool = False
    columns: dict[str, Column] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    dropped: list[Column] = field(default_factory=list)
    freed: set[str] = field(default_factory=set)

    def column(self, name: str) -> Column:
        """The column that has this name so far."""
        if name not in self.columns:
            now = name if self.now is not None and name not in self.freed else None
            self.columns[name] = Column(table=self, now=now, then=name)
        return self.columns[name]

    def add(self, name: str) -> Column:
        """A column that the plan makes."""
        self.columns[name] = Column(table=self, now=None, then=name)
        return self.columns[name]

    def has_moved(self, old: str, new: str) -> bool:
        """Whether the column has its new name already: the state may repeat what was done on the database."""
        return old in self.freed and old not in self.columns and new in self.columns

    def rename(self, old: str, new: str) -> None:
        """The column keeps its identity."""
        column = self.column(old)
        del self.columns[old]
        self.freed.add(old)
        self.columns[new] = column
        column.then = new

    def drop(self, name: str) -> Column:
        """The column is gone, its name may be given again."""
        column = self.column(name)
        del self.columns[name]
        self.freed.add(name)
        column.is_dropped = True
        self.dropped.append(column)
        return column


class Lineage:
    """The tables of a database, by their names so far."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.dropped: list[Table] = []
        self.freed: set[str] = set()

    def table(self, name: str) -> Table:
        """The table that has this name so far."""
        if name not in self.tables:
            self.tables[name] = Table(now=None if name in self.freed else name, then=name, names={name})
        return self.tables[name]

    def is_free(self, name: str) -> bool:
        """Whether the plan has freed the name: nothing that has it now is in the way."""
        return name in self.freed and name not in self.tables

    def has_moved(self, old: str, new: str) -> bool:
        """Whether the table has its new name already: the state may repeat what was done on the database."""
        return self.is_free(old) and new in self.tables

    def create(self, name: str) -> Table:
        """A table that the plan makes."""
        self.tables[name] = Table(now=None, then=name, names={name})
        return self.tables[name]

    def rename(self, old: str, new: str) -> Table:
        """The table keeps its identity."""
        table = self.table(old)
        del self.tables[old]
        self.freed.add(old)
        self.tables[new] = table
        table.names.add(new)
        table.then = new
        return table

    def drop(self, name: str) -> Table:
        """The table is gone with its columns, its name may be given again."""
        table = self.table(name)
        del self.tables[name]
        self.freed.add(name)
        table.is_dropped = True
        for column in table.columns.values():
            column.is_dropped = True
        self.dropped.append(table)
        return table

    def every(self) -> Iterator[Table]:
        """All that were asked for, those that the plan drops too."""
        yield from self.tables.values()
        yield from self.dropped

    def now(self, table: str, column: str) -> tuple[str, str] | None:
        """What a column of the end is now, None where the plan makes it."""
        found = self.table(table).column(column)
        return (found.table.now, found.now) if found.table.now is not None and found.now is not None else None
