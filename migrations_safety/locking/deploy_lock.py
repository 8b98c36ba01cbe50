"""The deploy lock: one `migrate` or backfill at a time on a database."""

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
"""The two halves of the advisory lock's key; the bytes of the first spell EHRS."""


@contextmanager
def deploy_lock(connection: Connection, *, wait: float = 0, progress: Progress | None = None) -> Iterator[None]:
    """Hold the deploy lock; it ends with the session, so a killed deploy leaves no lock behind.

    Inside a transaction that is open already it is held until that transaction ends.

    Raises DeployAlreadyRunning where another session still holds it after `wait` seconds.
    """
    # The lock is tried for every half second instead of being waited for in the server: a session that waits there
    # holds a snapshot, and a CREATE INDEX CONCURRENTLY of the deploy that has the lock would wait for that snapshot.
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
