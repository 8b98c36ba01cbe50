"""Opens the read-only snapshot in which a command reads, and reads again where a standby has cancelled it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from django.db import DatabaseError, OperationalError, transaction

from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.target import EndedByRecovery
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.target import settle
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.sql import statement

MAX_SNAPSHOT_ATTEMPTS = 3
"""How often a standby may cancel a reading before EndedByRecovery is raised."""


RECOVERY_CONFLICT = "40001"
"""The SQLSTATE with which a standby cancels a query (PostgreSQL documentation, 26.4.2).

A query that only reads never gets this error on a primary.
"""


Result = TypeVar("Result")


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Run the block in one READ ONLY, REPEATABLE READ transaction, so that all its reads see the same data.

    If a transaction is open already, the block becomes a part of it: it is READ ONLY too, and sees what the open
    transaction sees.
    """
    begin = "snapshot.begin_inside" if is_in_transaction(connection) else "snapshot.begin"
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute(statement(begin))
        yield


def in_snapshot(connection: Connection, read: Callable[[], Result], *, progress: Progress) -> Result:
    """Return what `read` returns inside one snapshot; if a standby cancels it to catch up, repeat it in a new snapshot.

    Raises EndedByRecovery where that happened MAX_SNAPSHOT_ATTEMPTS times.
    """
    for number in range(1, MAX_SNAPSHOT_ATTEMPTS + 1):
        try:
            with snapshot(connection):
                return read()
        except DatabaseError as error:
            if is_in_transaction(connection) or not _ended_by_recovery(connection, error):
                raise
        if number < MAX_SNAPSHOT_ATTEMPTS:
            progress.say(f"The standby ended our reading to catch up with its primary: reading again ({number + 1}) …")
            time.sleep(number)
    raise EndedByRecovery(name=connection.settings_dict["NAME"] or "the standby", times=MAX_SNAPSHOT_ATTEMPTS)


def _ended_by_recovery(connection: Connection, error: DatabaseError) -> bool:
    """Return whether a standby has cancelled the statement, or ended the session, in order to catch up.

    The client sees the end of the session as a lost connection without a SQLSTATE. Then this function connects again,
    to ask whether the server is a standby.
    """
    if sqlstate(error) == RECOVERY_CONFLICT:
        return True
    if sqlstate(error) is not None or not isinstance(error, OperationalError):
        return False
    connection.close()
    with suppress(DatabaseError):
        settle(connection)
        with connection.cursor() as cursor:
            cursor.execute(statement("snapshot.in_recovery"))
            return bool(cursor.fetchone()[0])
    return False
