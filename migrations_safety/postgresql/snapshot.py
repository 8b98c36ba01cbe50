"""Opens the read-only snapshot in which a command reads, and reads again where that was cancelled or saw no rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from django.db import DatabaseError, OperationalError, transaction

from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.target import EndedByRecovery, ReadWithoutRows
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.rewritten_tables import TablesRewritten, refuse_rewritten
from migrations_safety.postgresql.target import settle
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.sql import statement

MAX_SNAPSHOT_ATTEMPTS = 3
"""How often a reading may be in vain before a refusal is raised."""


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


def in_snapshot(
    connection: Connection, read: Callable[[], Result], *, progress: Progress, counts_rows: bool = True
) -> Result:
    """Return what `read` returns inside one snapshot; if it counts rows, the snapshot saw those of all tables.

    If a standby cancels it to catch up, or a table was emptied or rewritten before it was read, it is repeated in a new
    snapshot. Raises EndedByRecovery or ReadWithoutRows where that happened MAX_SNAPSHOT_ATTEMPTS times.
    """
    for number in range(1, MAX_SNAPSHOT_ATTEMPTS + 1):
        try:
            with snapshot(connection):
                result = read()
                if counts_rows:
                    with connection.cursor() as cursor:
                        refuse_rewritten(cursor)
            return result
        except TablesRewritten as rewritten:
            refusal: Exception = ReadWithoutRows(rewritten.tables, times=number)
            if is_in_transaction(connection):
                raise refusal from None
            why = "A table was emptied or rewritten before it was read"
        except DatabaseError as error:
            if is_in_transaction(connection) or not _ended_by_recovery(connection, error):
                raise
            refusal = EndedByRecovery(name=connection.settings_dict["NAME"] or "the standby", times=number)
            why = "The standby ended our reading to catch up with its primary"
        if number < MAX_SNAPSHOT_ATTEMPTS:
            progress.say(f"{why}: reading again ({number + 1}) …")
            time.sleep(number)
    raise refusal


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
