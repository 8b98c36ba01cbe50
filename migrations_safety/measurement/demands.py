"""Watches what a plan demands of the rows that are there, by the catalog of the scratch database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg

from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.demand_catalog import DemandCatalog, TableShape
from migrations_safety.measurement.new_demands import Beginning, new_demands
from migrations_safety.measurement.yielding_rows import ALL


class DemandWatcher:
    """Compares the catalog before and after each migration, for the tables that there were before the plan.

    `without_rows` has the names of the tables that got no made-up rows, and `emptied` those that are without them by
    now.
    """

    def __init__(
        self,
        session: psycopg.Connection[Any],
        *,
        without_rows: Collection[str] = (),
        emptied: Collection[str] = (),
    ) -> None:
        self.catalog = DemandCatalog(session)
        self.found: list[Demand] = []
        self._without_rows = without_rows
        self._emptied = emptied
        self._last: dict[int, TableShape] = {}

    def before(self) -> None:
        """Read what there is before the plan."""
        self.catalog.mark()
        self._last = self.catalog.tables()
        self._beginning = Beginning(tables=dict(self._last), types=self.catalog.types())

    def after(self, migration: str) -> None:
        """Note what a migration has newly demanded."""
        there = self.catalog.there(self._last)
        changed = self.catalog.changed(there) if there else []
        self.catalog.mark()
        gone = [self._last.pop(oid) for oid in sorted(self._last.keys() - there)]
        for table in gone:
            self.found += self._beginning.dropped(table, migration, gone)
        found = self.catalog.tables(changed) if changed else {}
        now = self._last | found
        for oid, table in found.items():
            self.found += new_demands(
                self._beginning,
                self._last[oid],
                table,
                migration,
                has_rows=self._has_rows,
                parent=now.get(table.parent or 0),
            )
        self._last = now

    def _has_rows(self, table: TableShape) -> bool:
        """Return whether the table has made-up rows, which is not looked up, because that would count as a scan."""
        names = {self._beginning.tables[table.oid].name, table.name, ALL}
        return names.isdisjoint(self._emptied) and names.isdisjoint(self._without_rows)
