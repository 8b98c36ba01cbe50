"""Watches which indexes and constraints a migration drops and makes again with the same definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from migrations_safety.sql import statement


@dataclass(frozen=True, kw_only=True, slots=True)
class Remade:
    """An index or constraint of a table that existed before the plan, dropped and made again by one migration.

    `kind` is `index`, `foreign key` or `constraint`. `before` and `after` are its names.
    """

    migration: str
    table: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Object:
    """An index or constraint; `definition` names columns by number, so that it outlives a rename."""

    table_oid: int
    table: str
    kind: str
    name: str
    definition: tuple[Any, ...]

    @property
    def meaning(self) -> tuple[Any, ...]:
        return self.table_oid, self.kind, self.definition


class RemadeWatcher:
    """Compares the indexes and constraints before and after each migration, on the tables that were there at first."""

    def __init__(self, session: psycopg.Connection[Any]) -> None:
        self.session = session
        self.found: list[Remade] = []
        self._last: dict[int, _Object] = {}
        self._tables: set[int] = set()

    def before(self) -> None:
        """Read what there is before the plan."""
        self._last = self._read()
        self._tables = {one.table_oid for one in self._last.values()}

    def after(self, migration: str) -> None:
        """Note what a migration has dropped and made again."""
        now = self._read()
        gone = {one.meaning: one for oid, one in self._last.items() if oid not in now}
        for oid, one in now.items():
            was = gone.pop(one.meaning, None) if oid not in self._last else None
            if was and one.table_oid in self._tables:
                self.found.append(
                    Remade(migration=migration, table=one.table, kind=one.kind, before=was.name, after=one.name)
                )
        self._last = now

    def _read(self) -> dict[int, _Object]:
        rows = self.session.execute(statement("remade.objects").encode()).fetchall()
        return {
            oid: _Object(table_oid=table_oid, table=table, kind=kind, name=name, definition=tuple(definition))
            for oid, table_oid, table, kind, name, *definition in rows
        }
