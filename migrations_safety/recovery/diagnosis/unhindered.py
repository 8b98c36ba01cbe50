"""Lets a diagnosis end soon, whatever others have locked, and whatever timeouts the role or the database has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError

from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

CONNECT_TIMEOUT = 5
"""Seconds for a new connection: who has locked a catalog keeps it waiting before any setting counts."""

LOCKED = "55P03"
WITH_TRANSACTION_TIMEOUT = 170000
"""The first version with a timeout for a whole transaction."""
CATALOG_LOCKED = "Another session has locked a catalog of this database, and nothing could be looked at."
HINT = "Ask who sent LOCK TABLE or VACUUM FULL to a table of pg_catalog, and run the same command again after that."


@contextmanager
def unhindered(connection: Connection) -> Iterator[None]:
    """Bound the waits of the block by timeouts of our own, and give the session back as it was."""
    options = connection.settings_dict.setdefault("OPTIONS", {})
    is_ours = "connect_timeout" not in options
    options.setdefault("connect_timeout", CONNECT_TIMEOUT)
    try:
        connection.ensure_connection()
    finally:
        if is_ours:
            del options["connect_timeout"]
    before: list[tuple[str, str]] = []
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement("unhindered.bound_statements"))
            cursor.execute(statement("unhindered.bound_locks"))
            cursor.execute(statement("unhindered.unbound"))
            if connection.pg_version >= WITH_TRANSACTION_TIMEOUT:
                cursor.execute(statement("unhindered.unbound_transaction"))
            cursor.execute(statement("unhindered.before"))
            before = cursor.fetchall()
        yield
    except DatabaseError as error:
        if sqlstate(error) != LOCKED:
            raise
        raise CouldNotLook(CATALOG_LOCKED, hint=HINT) from error
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            for name, value in before:
                cursor.execute(statement("unhindered.restore"), {"name": name, "value": value})
