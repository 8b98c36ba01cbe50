"""Partitions whose DETACH … CONCURRENTLY was interrupted. PostgreSQL refuses a second DETACH until FINALIZE."""

from __future__ import annotations

import re

from migrations_safety.locking.statement_text import NAME, StatementText
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement
from migrations_safety.sql.composition import fill

QUALIFIED = rf"{NAME}(?:\.{NAME})?"
DETACHES = re.compile(
    rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?P<table>{QUALIFIED})\s+DETACH\s+PARTITION\s+(?P<partition>{QUALIFIED})"
    r"\s+CONCURRENTLY",
    re.IGNORECASE,
)


def finish_pending_detach(connection: Connection, text: StatementText) -> bool:
    """Finish the DETACH that an earlier statement for the same partition has begun; return whether there was one.

    PostgreSQL keeps such a partition until DETACH … FINALIZE (documentation of ALTER TABLE). The same DETACH fails with
    SQLSTATE 55000.
    """
    found = DETACHES.match(text.text)
    if found is None or len(text.words) != 1:
        return False
    with connection.cursor() as cursor:
        cursor.execute(statement("partition_detach.is_detach_pending"), found.groupdict())
        if cursor.fetchone() is None:
            return False
        cursor.execute(fill("partition_detach.finalize", **found.groupdict()))
    return True
