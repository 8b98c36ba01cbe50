"""A second session to the same database, to watch the first one or to share its work."""

from __future__ import annotations

import selectors
from typing import Any

import psycopg
from psycopg import generators

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

PATIENCE = 5.0
"""Seconds that a second session may take for its first answer."""


def connection_parameters(connection: Connection) -> dict[str, Any]:
    """What `psycopg.connect` needs to reach the same database as the same role, each statement on its own."""
    same = connection.get_connection_params() | {"autocommit": True}
    return {name: value for name, value in same.items() if name not in {"cursor_factory", "context"}}


def open_connection(parameters: dict[str, Any], *, patience: float = PATIENCE) -> psycopg.Connection[Any]:
    """A second session that has answered once; the caller closes it.

    A pooler takes connections that it has no server for, and lets their first statement wait (pgbouncer: for two
    minutes), so being connected is not enough.

    Raises psycopg.OperationalError where there is none to be had.
    """
    session = psycopg.connect(**parameters)
    try:
        session.pgconn.send_query(b"")
        with selectors.DefaultSelector() as selector:
            selector.register(session.fileno(), selectors.EVENT_READ)
            if not selector.select(patience):
                raise psycopg.OperationalError(f"a second connection was not answered within {patience:g} s")
        for result in session.wait(generators.fetch_many(session.pgconn)):
            if result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
                raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
    except BaseException:
        session.close()
        raise
    return session


def backend_pid(connection: Connection) -> int:
    """The number of the server's process. The driver may have been given a pooler's number at the start."""
    with connection.cursor() as cursor:
        cursor.execute(statement("second_connection.backend_pid"))
        return int(cursor.fetchone()[0])
