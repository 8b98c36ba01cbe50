"""The read-only snapshot in which a command reads, and what a standby does to it."""

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
"""How often a standby may end our reading before we say that it cannot be read."""


RECOVERY_CONFLICT = "40001"
"""What a standby ends a reader with (PostgreSQL documentation, 26.4.2); a reader on a primary never meets it."""


Result = TypeVar("Result")


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """One READ ONLY, REPEATABLE READ transaction: all reads inside agree, and none can write.

    Inside a transaction that is open already it is a part of that, READ ONLY too, which sees what that one sees.
    """
    begin = "snapshot.begin_inside" if is_in_transaction(connection) else "snapshot.begin"
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute(statement(begin))
        yield


def in_snapshot(connection: Connection, read: Callable[[], Result], *, progress: Progress) -> Result:
    """Return what `read` returns inside one snapshot; if a standby cancels it to catch up, repeat it in a new snapshot.

    Raises EndedByRecovery where that happened `LOOKS` times.
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
    """True where a standby ended a statement to catch up, or a session between two statements, which is made anew.

    The end of such a session reaches the client as a connection that is lost, without a code.
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
