"""The deploy lock: an advisory lock, so that one `migrate` or backfill at a time works on a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from django.db import DatabaseError

from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.target import DeployAlreadyRunning
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.retries import NotYet, retry_until_done
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.sql import statement

DEPLOY_LOCK = {"class": 0x45485253, "object": 1}
"""The two integers of the advisory lock; the bytes of the first one spell EHRS."""


@contextmanager
def deploy_lock(connection: Connection, *, wait: float = 0, progress: Progress | None = None) -> Iterator[None]:
    """Hold the deploy lock. PostgreSQL releases it when the session ends, so a killed deploy leaves no lock behind.

    Inside a transaction that is already open, the lock is held until this transaction ends. `progress` gets a sentence
    when the command waits for the lock.

    Raises DeployAlreadyRunning where another session still holds the lock after `wait` seconds.
    """
    # The lock is requested every half second without a wait in the server. A session that waits in the server holds a
    # snapshot, and a CREATE INDEX CONCURRENTLY of the deploy with the lock would wait for this snapshot.
    of_transaction = is_in_transaction(connection)
    take = partial(_take_deploy_lock, connection, of_transaction=of_transaction)
    retry_until_done(take, seconds=wait, pause=lambda: 0.5, progress=progress or Progress())
    try:
        yield
    finally:
        if not of_transaction:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(statement("deploy_lock.release_deploy_lock"), DEPLOY_LOCK)


def _take_deploy_lock(connection: Connection, *, of_transaction: bool) -> NotYet | None:
    take = "deploy_lock.take_deploy_lock_of_transaction" if of_transaction else "deploy_lock.take_deploy_lock"
    with connection.cursor() as cursor:
        cursor.execute(statement(take), DEPLOY_LOCK)
        (is_ours,) = cursor.fetchone()
    if is_ours:
        return None
    return NotYet(
        sentence="Another migrate or backfill_placeholders is running on this database; waiting for it …",
        refusal=DeployAlreadyRunning(name=connection.settings_dict["NAME"]),
    )
