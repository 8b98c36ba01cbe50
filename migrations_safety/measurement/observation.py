"""Observes what a statement did to tables, by comparing their state before and after it.

A second session reads the locks from `pg_locks`. The measured session itself reads the counters of its scans: those of
its transaction (`pg_stat_get_xact_numscans`), which no other session can see, and those that it has reported already;
their sum only grows. A table was rewritten if it has a new file (`pg_relation_filenode`). None of this depends on the
text of the statement or on the code that sent it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from migrations_safety.measurement.report import LOCKS, TableEffect
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.sql import statement


@dataclass(frozen=True, kw_only=True, slots=True)
class TableState:
    """The state of one table between two statements."""

    name: str
    file: int | None  # None for partitioned and foreign tables, which have no file
    scans: int
    index_scans: int
    partition_of: str | None = None  # the partitioned table at the top, for a partition

    def was_scanned_since(self, before: TableState, *, by_index: bool) -> bool:
        """Return whether a scan of the table has begun since `before`; with `by_index`, index scans count too."""
        return self.scans > before.scans or (by_index and self.index_scans > before.index_scans)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """The state of the scratch database at one moment.

    `tables` holds all tables by oid; `locks` holds the locks of the measured session as pairs of oid and mode.
    """

    tables: dict[int, TableState]
    locks: frozenset[tuple[int, str]]


class Observer:
    """Compares the state of the scratch database (tables and locks) before and after one statement of a session.

    `session` is the measured connection, `beside` a second one that observes it, and `parameters` are those of further
    ones. A table that exists at the start is never reported as new, and keeps its original name in the report.
    A transaction can only change tables that it has locked, so inside of one only these are looked at again: a
    thousand other tables cost nothing.
    """

    def __init__(
        self, session: psycopg.Connection[Any], beside: psycopg.Connection[Any], parameters: dict[str, Any]
    ) -> None:
        self.session = session
        self.beside = beside
        self.parameters = parameters
        self.at_first = self._tables()
        self.known = dict(self.at_first)

    def moment(self) -> Moment:
        """Return the current state inside a transaction, including uncommitted changes of the measured session."""
        locks = self.locks()
        locked = {oid for oid, _ in locks}
        now = self._tables(list(locked)) if locked else {}
        for dropped in locked - now.keys():
            self.known.pop(dropped, None)
        self.known |= now
        return Moment(tables=dict(self.known), locks=locks)

    def moment_outside(self) -> Moment:
        """Return the current state outside of transactions, where no lock tells which tables were touched."""
        self.known = self._tables()
        return Moment(tables=dict(self.known), locks=self.locks())

    def locks(self) -> frozenset[tuple[int, str]]:
        """Return the locks that the measured session holds or waits for, as pairs of oid and mode."""
        asked = {"pid": self.session.info.backend_pid}
        return frozenset(self.beside.execute(statement("observation.locks").encode(), asked).fetchall())

    def blockers(self) -> list[int]:
        """Return the process numbers of the sessions for which the measured session is waiting."""
        asked = {"pid": self.session.info.backend_pid}
        return list(self.beside.execute(statement("observation.blockers").encode(), asked).fetchall()[0][0])

    def again(self) -> psycopg.Connection[Any]:
        """Open one more session on the scratch database; the caller closes it."""
        return open_connection(self.parameters)

    def effects(
        self, before: Moment, after: Moment, *, seen: frozenset[tuple[int, str]], defines: bool
    ) -> tuple[TableEffect, ...]:
        """Return what happened to each table between two moments; tables without any effect are left out.

        `seen` are locks that were observed in between and may have been released again. `defines` is True for a
        statement that defines something: if it scans an index, it counts as reading the table, because adding a foreign
        key, for example, looks up the parent of each row.
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
            partition_of=(now or before.tables[oid]).partition_of,
        )

    def _tables(self, oids: list[int] | None = None) -> dict[int, TableState]:
        rows = self.session.execute(statement("observation.tables").encode(), {"oids": oids}).fetchall()
        return {
            oid: TableState(name=name, file=file, scans=scans, index_scans=index_scans, partition_of=root)
            for oid, name, file, scans, index_scans, root in rows
        }
