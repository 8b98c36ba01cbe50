"""Follows tables and columns through the renames of a plan: their names in the database, and at each step of the plan.

A migration that renames `bill` to `invoice` and another one that then creates a new `bill` speak of two tables. So
tables and columns are objects here, compared by identity and never by name. A name that no operation has touched yet
stands for the table that has it in the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class ColumnName:
    """A column by name."""

    table: str
    column: str


@dataclass(kw_only=True, slots=True, eq=False)
class Column:
    """One column."""

    table: Table
    current_name: str | None
    """Its name in the database, None for a column that the plan creates."""
    planned_name: str
    """Its name after the operations that were followed so far."""
    is_dropped: bool = False
    """The plan has dropped it, alone or with its table."""
    is_indexed: bool = False
    """The plan creates an index that leads with it."""

    @property
    def in_database(self) -> ColumnName | None:
        """Its name and that of its table in the database, None for a column that the plan creates."""
        if self.table.current_name is None or self.current_name is None:
            return None
        return ColumnName(table=self.table.current_name, column=self.current_name)


@dataclass(kw_only=True, slots=True, eq=False)
class Table:
    """One table."""

    current_name: str | None
    """Its name in the database, None for a table that the plan creates."""
    planned_name: str
    """Its name after the operations that were followed so far."""
    is_dropped: bool = False
    columns: dict[str, Column] = field(default_factory=dict)
    """The columns that were asked for, by their planned names."""
    names: set[str] = field(default_factory=set)
    """All names that the table or its model has during the plan: code that contains one may be about it."""
    dropped: list[Column] = field(default_factory=list)
    """The columns that the plan has dropped."""
    freed: set[str] = field(default_factory=set)
    """Names of columns that the plan has dropped or renamed."""

    def column(self, name: str) -> Column:
        """The column that has this name so far."""
        if name not in self.columns:
            is_there = self.current_name is not None and name not in self.freed
            self.columns[name] = Column(table=self, current_name=name if is_there else None, planned_name=name)
        return self.columns[name]

    def add(self, name: str) -> Column:
        """A column that the plan creates."""
        self.columns[name] = Column(table=self, current_name=None, planned_name=name)
        return self.columns[name]

    def has_moved(self, old: str, new: str) -> bool:
        """Whether the column has its new name already: state operations may repeat what was done on the database."""
        return old in self.freed and old not in self.columns and new in self.columns

    def rename(self, old: str, new: str) -> None:
        """Rename a column; it stays the same object."""
        column = self.column(old)
        del self.columns[old]
        self.freed.add(old)
        self.columns[new] = column
        column.planned_name = new

    def drop(self, name: str) -> Column:
        """Drop a column; its name may be used again."""
        column = self.column(name)
        del self.columns[name]
        self.freed.add(name)
        column.is_dropped = True
        self.dropped.append(column)
        return column


class Lineage:
    """The tables of a database, by their planned names."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.dropped: list[Table] = []
        self.freed: set[str] = set()

    def table(self, name: str) -> Table:
        """The table that has this name so far."""
        if name not in self.tables:
            self.tables[name] = Table(
                current_name=None if name in self.freed else name, planned_name=name, names={name}
            )
        return self.tables[name]

    def is_free(self, name: str) -> bool:
        """Whether the plan has freed the name, so that a table or index may get it."""
        return name in self.freed and name not in self.tables

    def has_moved(self, old: str, new: str) -> bool:
        """Whether the table has its new name already: state operations may repeat what was done on the database."""
        return self.is_free(old) and new in self.tables

    def create(self, name: str) -> Table:
        """A table that the plan creates."""
        self.tables[name] = Table(current_name=None, planned_name=name, names={name})
        return self.tables[name]

    def rename(self, old: str, new: str) -> Table:
        """Rename a table; it stays the same object."""
        table = self.table(old)
        del self.tables[old]
        self.freed.add(old)
        self.tables[new] = table
        table.names.add(new)
        table.planned_name = new
        return table

    def drop(self, name: str) -> Table:
        """Drop a table with its columns; its name may be used again."""
        table = self.table(name)
        del self.tables[name]
        self.freed.add(name)
        table.is_dropped = True
        for column in table.columns.values():
            column.is_dropped = True
        self.dropped.append(table)
        return table

    def all_tables(self) -> Iterator[Table]:
        """The tables that were asked for, and those that the plan has dropped."""
        yield from self.tables.values()
        yield from self.dropped

    def in_database(self, table: str, column: str) -> ColumnName | None:
        """The column with these planned names, by its names in the database; None where the plan creates it."""
        return self.table(table).column(column).in_database
