"""Follows tables and columns through a plan: under which name of the catalog each is to be found now."""

from __future__ import annotations


class CurrentNames:
    """Names in a plan, as it goes on, to names of now.

    None where the plan made the thing, or where nothing has that name any more; what was not met yet has its own name.
    Columns go by the name that their table has now.
    """

    def __init__(self) -> None:
        self._tables: dict[str, str | None] = {}
        self._columns: dict[tuple[str, str], str | None] = {}

    def table(self, name: str) -> str | None:
        """What the table is called now."""
        return self._tables.get(name, name)

    def column(self, table: str, name: str) -> str | None:
        """What the column is called now."""
        return self._columns.get((table, name), name)

    def without_table(self, name: str) -> None:
        """From here on it is gone, or a new one that is not there now."""
        self._tables[name] = None

    def without_column(self, table: str, name: str) -> None:
        """The same of a column."""
        self._columns[table, name] = None

    def rename_table(self, old: str, new: str) -> None:
        """From here on the table has another name."""
        self._tables[new], self._tables[old] = self.table(old), None

    def rename_column(self, table: str, old: str, new: str) -> None:
        """From here on the column has another name."""
        if old != new:
            self._columns[table, new], self._columns[table, old] = self.column(table, old), None
