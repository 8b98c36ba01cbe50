"""Finds out whether a connection pooler stands between this client and the server, and in which mode.

In session mode, a client keeps its server connection from one transaction to the next, so the locks and settings of a
session hold. This is tried with two sessions at once, because a pooler in transaction mode usually gives a single
client the same server connection again.
"""

from __future__ import annotations

import uuid
from contextlib import closing
from enum import StrEnum
from typing import Any

import psycopg

from migrations_safety.postgresql import second_connection
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

ROUNDS = 5
"""How often the trial is repeated, because another client of the pooler may disturb a single one."""


class Pooler(StrEnum):
    """The kind of pooler between this client and the server; the values complete a sentence of a finding."""

    NONE = ""
    KEEPS_SESSIONS = "in session mode"
    SPLITS_SESSIONS = "in transaction mode: locks and settings of a session do not hold there"
    REFUSES_TRANSACTIONS = "in statement mode: it lets no transaction through"
    UNSEEN = "whose mode cannot be seen: it gave no second connection, so locks and settings may not hold there"


def between(connection: Connection, *, pid: int) -> Pooler:
    """Return which kind of pooler there is; `pid` is what `pg_backend_pid()` returns on this connection.

    There is a pooler if the driver was told another process number at the start. No transaction may be open, because
    a pooler never changes the server connection within one, so the trial would show nothing.
    """
    if pid == connection.connection.info.backend_pid:
        return Pooler.NONE
    try:
        with closing(second_connection.open_connection(second_connection.connection_parameters(connection))) as other:
            return Pooler.KEEPS_SESSIONS if _keeps(connection, pid, other) else Pooler.SPLITS_SESSIONS
    except psycopg.errors.ProtocolViolation:
        return Pooler.REFUSES_TRANSACTIONS
    except psycopg.OperationalError:
        return Pooler.UNSEEN


def _keeps(connection: Connection, own: int, other: psycopg.Connection[Any]) -> bool:
    for _ in range(ROUNDS):
        if second_connection.backend_pid(connection) != own:
            return False
        with other.transaction():
            taken = other.execute(statement("second_connection.backend_pid")).fetchone()
            if taken == (own,) or second_connection.backend_pid(connection) != own:
                return False
    return _keeps_a_setting(connection)


def _keeps_a_setting(connection: Connection) -> bool:
    token = str(uuid.uuid4())
    with connection.cursor() as cursor:
        cursor.execute(statement("pooler.leave_mark"), {"mark": token})
        cursor.execute(statement("pooler.mark"))
        found = cursor.fetchone()
        cursor.execute(statement("pooler.leave_mark"), {"mark": ""})
    return bool(found == (token,))
