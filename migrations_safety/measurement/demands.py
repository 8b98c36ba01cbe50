"""Watches what a plan demands of the rows that are there, by the catalog of the scratch database."""

from __future__ import annotations

from typing import Any

import psycopg

from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.demand_catalog import DemandCatalog, TableShape
from migrations_safety.measurement.new_demands import Beginning, new_demands


class DemandWatcher:
    """Compares the catalog before and after each migration, for the tables that there were before the plan."""

    def __init__(self, session: psycopg.Connection[Any]) -> None:
        self.catalog = DemandCatalog(session)
        self.found: list[Demand] = []
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
        for oid, now in self.catalog.tables(changed).items() if changed else ():
            self.found += new_demands(self._beginning, self._last[oid], now, migration, is_empty=self._is_empty)
            self._last[oid] = now

    def _is_empty(self, table: TableShape) -> bool:
        return not self.catalog.has_rows(table)
