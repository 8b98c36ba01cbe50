"""Opens a second session to the same database, which observes the first session or shares its work."""

from __future__ import annotations

import selectors
from typing import Any

import psycopg
from psycopg import generators

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

KEEPALIVES = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 6}
"""After a minute and a half without a sign a server is taken for gone; the system's own would be two hours."""
PATIENCE = 5.0
"""How many seconds a second session may take to answer its first query."""


def connection_parameters(connection: Connection) -> dict[str, Any]:
    """Return the arguments of `psycopg.connect` for the same database and role, in autocommit mode."""
    same = connection.get_connection_params() | {"autocommit": True}
    return {name: value for name, value in same.items() if name not in {"cursor_factory", "context"}}


def role_parameters(connection: Connection) -> dict[str, Any]:
    """Return the same arguments for a session that has the role of Django's option `assume_role` from its start.

    Programs know no other way to take it for their own sessions too.
    """
    parameters = connection_parameters(connection)
    role = connection.settings_dict["OPTIONS"].get("assume_role")
    if role:
        escaped = str(role).replace("\\", "\\\\").replace(" ", "\\ ")
        parameters["options"] = f"{parameters.get('options') or ''} -c role={escaped}".strip()
    return parameters


def open_connection(parameters: dict[str, Any], *, patience: float = PATIENCE) -> psycopg.Connection[Any]:
    """Open a second session and return it after it has answered a query; the caller closes it.

    Being connected is not enough: a pooler accepts connections for which it has no server connection, and lets their
    first statement wait (pgbouncer: for two minutes). The query sets the form of dates that psycopg can read, and that
    nothing is compiled.

    Raises psycopg.OperationalError where no session can be opened, or where it does not answer in `patience` seconds.
    """
    session = psycopg.connect(**(KEEPALIVES | parameters))
    try:
        session.pgconn.send_query(statement("second_connection.settle").encode())
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
    """Return the process number of the session, as the server itself tells it.

    The number that the driver was told at the start may be one that a pooler made up.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("second_connection.backend_pid"))
        return int(cursor.fetchone()[0])
