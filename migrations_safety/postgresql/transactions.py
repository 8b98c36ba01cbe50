"""Whether a transaction is open that the caller has begun and will end."""

from __future__ import annotations

from migrations_safety.postgresql.connection import Connection


def is_in_transaction(connection: Connection) -> bool:
    """Whether a transaction is open already, or is with the next statement (AUTOCOMMIT off)."""
    return bool(connection.in_atomic_block or not connection.get_autocommit())
