"""The connection while Django's `migrate` is at work on it: on the lock ladder, under the watchdog."""

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
"""An attribute of the connection meanwhile."""


@contextmanager
def ladder_session(
    connection: Connection, locks: LockOptions, *, is_needed: bool, progress: Progress
) -> Iterator[Watchdog]:
    """Everything that Django's migrate does inside takes its locks on the ladder, under the watchdog.

    Inside a transaction that is open already there is neither: its locks are held until the caller ends it, whatever
    we give up. `is_needed` where something is to be done.

    Raises NobodyWatches where the watchdog is needed and has no connection.
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
    """Whether a `migrate` of ours is at work on this connection, and a migration or a signal of it is what asks."""
    return hasattr(connection, AT_WORK)
