"""The deploy lock: one `migrate` or backfill at a time on a database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError

from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.target import DeployAlreadyRunning
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.sql import statement

DEPLOY_LOCK = {"class": 0x45485253, "object": 1}
"""The two halves of the advisory lock's key; the first spells EHRS."""


@contextmanager
def deploy_lock(connection: Connection, *, wait: float = 0, progress: Progress | None = None) -> Iterator[None]:
    """Hold the deploy lock, waiting up to `wait` seconds; it goes with the session, so a kill leaves nothing behind.

    Inside a transaction that is open already it goes with that one, whose end is the deploy's.

    It is asked for again and again: a session that waits in the server would hold a snapshot, and the other
    deploy's CREATE INDEX CONCURRENTLY would wait for that.

    Raises DeployAlreadyRunning where another session has it.
    """
    deadline = time.monotonic() + wait
    told = False
    of_transaction = is_in_transaction(connection)
    take = "deploy_lock.take_deploy_lock_of_transaction" if of_transaction else "deploy_lock.take_deploy_lock"
    while not _take_deploy_lock(connection, take):
        if time.monotonic() >= deadline:
            raise DeployAlreadyRunning(name=connection.settings_dict["NAME"])
        if not told and progress:
            progress.say("Another migrate or backfill_placeholders is at work on this database: waiting for it …")
            told = True
        time.sleep(0.5)
    try:
        yield
    finally:
        if not of_transaction:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(statement("deploy_lock.release_deploy_lock"), DEPLOY_LOCK)


def _take_deploy_lock(connection: Connection, take: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement(take), DEPLOY_LOCK)
        return bool(cursor.fetchone()[0])
