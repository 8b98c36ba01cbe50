"""Sets up a connection for Django's `migrate`, which then runs with the lock ladder and the watchdog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.locking.watchdog import Watchdog
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.locks import NobodyWatches
from migrations_safety.migrate.executor import on_the_ladder
from migrations_safety.migrate.options import LockOptions
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.transactions import is_in_transaction

AT_WORK = "migrations_safety_is_at_work"
"""The name of an attribute that the connection has while `migrate` runs on it."""


@contextmanager
def ladder_session(
    connection: Connection, locks: LockOptions, *, is_needed: bool, progress: Progress
) -> Iterator[Watchdog]:
    """Let Django's `migrate`, inside the block, take its locks on the lock ladder; yield the watchdog.

    Inside a transaction that is already open there is no ladder, and the yielded watchdog watches nothing, because
    PostgreSQL holds all locks until the caller ends that transaction. `is_needed` says whether `migrate` has anything
    to do.

    Raises NobodyWatches where the watchdog cannot open its connection, `locks.max_stall` is not 0, and `is_needed`.
    """
    watchdog = Watchdog(connection, max_stall=locks.max_stall, progress=progress)
    if is_in_transaction(connection):
        with _at_work(connection):
            yield watchdog
        return
    with watchdog:
        if watchdog.missing and locks.max_stall and is_needed:
            raise NobodyWatches(reason=watchdog.missing)
        if watchdog.missing:
            progress.say(f"Nobody watches who waits behind this migration: {watchdog.missing}.")
        ladder = LockLadder(connection, watchdog=watchdog, retry_for=locks.retry_for, progress=progress)
        with on_the_ladder(connection, ladder), _at_work(connection):
            yield watchdog


@contextmanager
def _at_work(connection: Connection) -> Iterator[None]:
    setattr(connection, AT_WORK, True)
    try:
        yield
    finally:
        delattr(connection, AT_WORK)


def is_at_work(connection: Connection) -> bool:
    """Whether a `migrate` of this package runs on this connection, so that the caller is a migration or a signal."""
    return hasattr(connection, AT_WORK)
