"""What a statement did to tables: read between two statements by the session itself and by a second one.

Locks come from `pg_locks`, read by the second session. Scans come from the counters of the session itself: those of
its transaction (`pg_stat_get_xact_numscans`), which nobody else sees, and those that it has handed over; their sum only
grows. A rewrite is a new file (`pg_relation_filenode`). All three hold for whatever sends the statement and however it
is spelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from migrations_safety.measurement.report import LOCKS, TableEffect
from migrations_safety.sql import statement


@dataclass(frozen=True, kw_only=True, slots=True)
class TableState:
    """One table between two statements."""

    name: str
    file: int | None  # None where it has none: partitioned and foreign tables
    scans: int
    index_scans: int

    def was_scanned_since(self, before: TableState, *, by_index: bool) -> bool:
        """Whether a scan has begun since; `by_index` counts those of its indexes too."""
        return self.scans > before.scans or (by_index and self.index_scans > before.index_scans)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """All tables by oid, and the locks that the measured session has, as pairs of oid and mode."""

    tables: dict[int, TableState]
    locks: frozenset[tuple[int, str]]


class Observer:
    """Compares two moments of a session on the scratch database.

    `session` is the measured one, `beside` the second; tables that are there at the beginning are not `new` later,
    and keep the name that they have at the beginning.
    """

    def __init__(self, session: psycopg.Connection[Any], beside: psycopg.Connection[Any]) -> None:
        self.session = session
        self.beside = beside
        self.at_first = self._tables()

    def moment(self) -> Moment:
        """Now; inside a transaction its own changes are seen."""
        return Moment(tables=self._tables(), locks=self.locks())

    def locks(self) -> frozenset[tuple[int, str]]:
        """What the measured session has or waits for, seen from outside."""
        asked = {"pid": self.session.info.backend_pid}
        return frozenset(self.beside.execute(statement("observation.locks").encode(), asked).fetchall())

    def is_waiting(self) -> bool:
        """Whether the measured session waits for a lock now."""
        asked = {"pid": self.session.info.backend_pid}
        return bool(self.beside.execute(statement("observation.is_waiting").encode(), asked).fetchall()[0][0])

    def again(self) -> psycopg.Connection[Any]:
        """One more session; the caller closes it."""
        return psycopg.connect(self.beside.info.dsn, password=self.beside.info.password, autocommit=True)

    def effects(
        self, before: Moment, after: Moment, *, seen: frozenset[tuple[int, str]], defines: bool
    ) -> tuple[TableEffect, ...]:
        """What happened between two moments; `seen` are locks that were held in between, and may be gone again.

        A statement that `defines` and goes through an index reads it whole: a new key looks for each parent.
        """
        anew = (after.locks | seen) - before.locks
        known = before.tables | after.tables
        found = (
            self._effect(oid, before, after, anew, by_index=defines)
            for oid in sorted(known, key=lambda oid: known[oid].name)
        )
        return tuple(one for one in found if one.lock or one.scanned or one.rewritten or one.dropped)

    def _effect(
        self, oid: int, before: Moment, after: Moment, anew: frozenset[tuple[int, str]], *, by_index: bool
    ) -> TableEffect:
        was, now = before.tables.get(oid), after.tables.get(oid)
        modes = [mode for of, mode in anew if of == oid and mode in LOCKS]
        return TableEffect(
            table=(self.at_first.get(oid) or now or before.tables[oid]).name,
            new=oid not in self.at_first,
            lock=max(modes, key=LOCKS.index) if modes else None,
            scanned=bool(was and now and now.was_scanned_since(was, by_index=by_index)),
            rewritten=bool(was and now and now.file != was.file),
            dropped=now is None,
        )

    def _tables(self) -> dict[int, TableState]:
        rows = self.session.execute(statement("observation.tables").encode()).fetchall()
        return {
            oid: TableState(name=name, file=file, scans=scans, index_scans=index_scans)
            for oid, name, file, scans, index_scans in rows
        }
