"""Tells whether the caller has already opened a transaction."""

from __future__ import annotations

from migrations_safety.postgresql.connection import Connection


def is_in_transaction(connection: Connection) -> bool:
    """Return whether a transaction is open, or will be with the next statement because AUTOCOMMIT is off."""
    return bool(connection.in_atomic_block or not connection.get_autocommit())
