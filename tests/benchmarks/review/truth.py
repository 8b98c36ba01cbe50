"""What each operation does to tables that exist, while plain Django runs it: `python -m tests.benchmarks.review.truth`.

A second session reads `pg_locks` after each statement. Where a migration runs outside of a transaction, a third session
lets its concurrent statement wait, so that the locks show. Prints JSON: the effects by app.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any

import django
import psycopg
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.benchmarks.review.effects import LOCKS, Effects

TABLES = """
    SELECT oid::bigint, relname, pg_relation_filenode(oid),
        pg_stat_get_xact_numscans(oid) + pg_stat_get_numscans(oid)
        + (SELECT coalesce(sum(pg_stat_get_xact_numscans(indexrelid) + pg_stat_get_numscans(indexrelid)), 0)
           FROM pg_index WHERE indrelid = c.oid)
    FROM pg_class AS c WHERE relkind IN ('r', 'p', 'm') AND relname LIKE %s"""
WAITS = "SELECT count(*) > 0 FROM pg_locks WHERE pid = %s AND NOT granted"
HELD = "SELECT relation::bigint, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation'"

Tables = dict[int, tuple[str, int, int]]


class Watched:
    """The tables of one app while its migration runs; `second` is the session that reads the locks."""

    def __init__(self, label: str, second: psycopg.Connection[Any]) -> None:
        self.label, self.second = label, second
        self.pid = connection.connection.info.backend_pid
        self.before = self.after = self.tables()
        self.locks: dict[str, str] = {}

    def tables(self) -> Tables:
        """The tables by oid: name, file, and number of scans, as the migrating session sees them."""
        rows = connection.connection.execute(TABLES, [f"{self.label}\\_%"]).fetchall()
        return {oid: tuple(rest) for oid, *rest in rows}

    def read_locks(self) -> None:
        """Note the locks that the migrating session holds now on tables that existed before."""
        for oid, mode in self.second.execute(HELD, [self.pid]).fetchall():
            if oid in self.before and mode in LOCKS:
                name = self.before[oid][0]
                self.locks[name] = max(self.locks.get(name, mode), mode, key=LOCKS.index)

    def waits(self) -> bool:
        """Return whether the migrating session waits for a lock."""
        (is_waiting,) = self.second.execute(WAITS, [self.pid]).fetchone() or (False,)
        return bool(is_waiting)

    def __call__(self, execute: Any, query: Any, params: Any, many: bool, context: Any) -> Any:
        """Run one statement, as an execute_wrapper, and look."""
        result = execute(query, params, many, context)
        if "django_migrations" not in str(query):
            self.after = self.tables()
            self.read_locks()
        return result

    def effects(self) -> Effects:
        """What happened to the tables that existed before."""
        there = [oid for oid in self.before if oid in self.after]
        return Effects(
            locks=dict(sorted(self.locks.items())),
            scanned=self._named(oid for oid in there if self.after[oid][2] > self.before[oid][2]),
            rewritten=self._named(oid for oid in there if self.after[oid][1] != self.before[oid][1]),
            dropped=self._named(oid for oid in self.before if oid not in self.after),
        )

    def _named(self, oids: Iterator[int]) -> list[str]:
        return sorted(self.before[oid][0] for oid in oids)


@contextmanager
def held_up(watched: Watched) -> Iterator[None]:
    """Run the block beside a writer's transaction, which ends as soon as the block waits for it, and read the locks."""
    tables = ", ".join(name for name, *_ in watched.before.values())
    is_over = threading.Event()
    with psycopg.connect(connection.connection.info.dsn) as writer, ThreadPoolExecutor(1) as pool:
        writer.execute(f"LOCK TABLE {tables} IN ROW EXCLUSIVE MODE".encode())
        watching = pool.submit(_read_until_it_waits, watched, writer, is_over)
        try:
            yield
        finally:
            is_over.set()
        watching.result()


def _read_until_it_waits(watched: Watched, writer: psycopg.Connection[Any], is_over: threading.Event) -> None:
    try:
        while not is_over.is_set() and not watched.waits():
            time.sleep(0.01)
        watched.read_locks()
    finally:
        writer.rollback()


def applied(executor: MigrationExecutor, state: Any, migration: Any, watched: Watched) -> Any:
    """Apply a migration with plain Django, and return the state after it."""
    if migration.atomic:
        with connection.execute_wrapper(watched):
            return executor.apply_migration(state, migration)
    with held_up(watched):
        state = executor.apply_migration(state, migration)
    watched.after = watched.tables()
    return state


def main() -> None:
    """Apply the pending migration of every app."""
    django.setup()
    connection.ensure_connection()
    executor: Any = MigrationExecutor(connection)
    state = executor._create_project_state(with_applied_migrations=True)
    found = {}
    with closing(psycopg.connect(connection.connection.info.dsn, autocommit=True)) as second:
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
            watched = Watched(migration.app_label, second)
            state = applied(executor, state, migration, watched)
            found[migration.app_label] = asdict(watched.effects())
    print(json.dumps(found))


if __name__ == "__main__":
    main()
