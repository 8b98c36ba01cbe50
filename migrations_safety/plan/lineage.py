"""Follows tables and columns through the renames of a plan. Each has a name in the database and a planned name.

One migration may rename the table `bill` to `invoice`, and a later one may create a new table `bill`. So tables and
columns are objects in this module, which are compared by identity and never by name. A name that no operation has
touched yet means the table that has this name in the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class ColumnName:
    """The name of a column, with the name of its table."""

    table: str
    column: str


@dataclass(kw_only=True, slots=True, eq=False)
class Column:
    """One column, followed through the plan."""

    table: Table
    current_name: str | None
    """The name of the column in the database; None for a column that the plan creates."""
    planned_name: str
    """The name of the column after the operations that were followed so far."""
    is_dropped: bool = False
    """Whether the plan drops the column, alone or with its table."""
    is_indexed: bool = False
    """Whether the plan creates an index whose first column this is."""

    @property
    def in_database(self) -> ColumnName | None:
        """The names of the column and of its table in the database; None for a column that the plan creates."""
        if self.table.current_name is None or self.current_name is None:
            return None
        return ColumnName(table=self.table.current_name, column=self.current_name)


@dataclass(kw_only=True, slots=True, eq=False)
class Table:
    """One table, followed through the plan."""

    current_name: str | None
    """The name of the table in the database; None for a table that the plan creates."""
    planned_name: str
    """The name of the table after the operations that were followed so far."""
    columns: dict[str, Column] = field(default_factory=dict)
    """The columns that an operation has mentioned so far, by their planned names."""
    names: set[str] = field(default_factory=set)
    """All names that the table or its model has during the plan. SQL or Python with one of them may change its rows."""
    freed: set[str] = field(default_factory=set)
    """The former names of columns that the plan drops or renames."""

    def column(self, name: str) -> Column:
        """The column that has this name after the operations that were followed so far."""
        if name not in self.columns:
            is_there = self.current_name is not None and name not in self.freed
            self.columns[name] = Column(table=self, current_name=name if is_there else None, planned_name=name)
        return self.columns[name]

    def add(self, name: str) -> Column:
        """Note that the plan creates a column, and return the new column."""
        self.columns[name] = Column(table=self, current_name=None, planned_name=name)
        return self.columns[name]

    def has_moved(self, old: str, new: str) -> bool:
        """Whether an earlier operation has already renamed the column `old` to `new`.

        A state operation may describe once more a rename that was made in the database before.
        """
        return old in self.freed and old not in self.columns and new in self.columns

    def rename(self, old: str, new: str) -> None:
        """Note that the plan renames a column, which stays the same object."""
        column = self.column(old)
        del self.columns[old]
        self.freed.add(old)
        self.columns[new] = column
        column.planned_name = new

    def drop(self, name: str) -> Column:
        """Note that the plan drops a column, whose name may then be used again; return the dropped column."""
        column = self.column(name)
        del self.columns[name]
        self.freed.add(name)
        column.is_dropped = True
        return column


class Lineage:
    """The tables of a database, by the names that they have after the operations that were followed so far."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.dropped: list[Table] = []
        self.freed: set[str] = set()

    def table(self, name: str) -> Table:
        """The table that has this name after the operations that were followed so far."""
        if name not in self.tables:
            self.tables[name] = Table(
                current_name=None if name in self.freed else name, planned_name=name, names={name}
            )
        return self.tables[name]

    def is_free(self, name: str) -> bool:
        """Whether the plan has dropped or renamed the table of this name, and no other table has got the name since."""
        return name in self.freed and name not in self.tables

    def has_moved(self, old: str, new: str) -> bool:
        """Whether an earlier operation has already renamed the table `old` to `new`.

        A state operation may describe once more a rename that was made in the database before.
        """
        return self.is_free(old) and new in self.tables

    def create(self, name: str) -> Table:
        """Note that the plan creates a table, and return the new table."""
        self.tables[name] = Table(current_name=None, planned_name=name, names={name})
        return self.tables[name]

    def rename(self, old: str, new: str) -> Table:
        """Note that the plan renames a table, which stays the same object; return the table."""
        table = self.table(old)
        del self.tables[old]
        self.freed.add(old)
        self.tables[new] = table
        table.names.add(new)
        table.planned_name = new
        return table

    def drop(self, name: str) -> Table:
        """Note that the plan drops a table with its columns; return the dropped table.

        The name of the table may then be used again.
        """
        table = self.table(name)
        del self.tables[name]
        self.freed.add(name)
        for column in table.columns.values():
            column.is_dropped = True
        self.dropped.append(table)
        return table

    def all_tables(self) -> Iterator[Table]:
        """All tables that an operation has mentioned, and those that the plan drops."""
        yield from self.tables.values()
        yield from self.dropped

    def in_database(self, table: str, column: str) -> ColumnName | None:
        """The names in the database of the column that has these planned names; None where the plan creates it."""
        return self.table(table).column(column).in_database
