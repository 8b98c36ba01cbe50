"""Takes locks: the deploy lock, one deploy at a time on a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError

from migrations_safety.refusals import DeployAlreadyRunning
from migrations_safety.sql import statement

DEPLOY_LOCK = {"class": 0x45485253, "object": 1}
"""The two halves of the advisory lock's key; the first spells EHRS."""


@contextmanager
def deploy_lock(connection: Any) -> Iterator[None]:
    """Hold the deploy lock; it goes with the session, so a killed deploy leaves nothing behind.

    Raises DeployAlreadyRunning where another session has it.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("session.take_deploy_lock"), DEPLOY_LOCK)
        if not cursor.fetchone()[0]:
            raise DeployAlreadyRunning(name=connection.settings_dict["NAME"])
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(statement("session.release_deploy_lock"), DEPLOY_LOCK)
