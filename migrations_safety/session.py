"""The session: which database it reached, and the read-only snapshot in which everything is looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import DatabaseError, transaction

from migrations_safety.errors import sqlstate
from migrations_safety.progress import Progress
from migrations_safety.refusals import (
    CouldNotLook,
    EndedByRecovery,
    PoolerRefused,
    ServerTooOld,
    StandbyCannotMigrate,
    WrongDatabase,
)
from migrations_safety.sql import statement

OLDEST_VERSION = 150000
LOOKS = 3
"""How often a standby may end our reading before we say that it cannot be read."""
RECOVERY_CONFLICT = "40001"
"""What a standby ends a reader with (PostgreSQL documentation, 26.4.2); a reader on a primary never meets it."""

Seen = TypeVar("Seen")


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The database that was looked at; `host` is a folder where the connection is a Unix socket.

    `seconds_behind` is None on a primary, and on a standby that has replayed nothing yet.
    """

    alias: str
    name: str
    host: str
    port: int
    server_version: str
    in_recovery: bool
    role: str
    schema: str
    may_create: bool
    through_pooler: bool
    seconds_behind: float | None

    def as_dict(self) -> dict[str, Any]:
        """The value of `database` in the JSON reports."""
        names = ("alias", "name", "host", "port", "server_version", "in_recovery")
        return {name: getattr(self, name) for name in names}


def connect(connection: Any, *, expect_database: str | None = None, to_migrate: bool = False) -> Target:
    """Connect, and say which database it is.

    Raises WrongDatabase where its name is not `expect_database`, ServerTooOld before PostgreSQL 15, and where
    `to_migrate`, StandbyCannotMigrate on a standby and PoolerRefused behind a pooler in transaction mode.
    """
    if connection.vendor != "postgresql":
        raise CouldNotLook(f'The database alias "{connection.alias}" is not PostgreSQL; nothing was looked at.')
    settle(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement("session.target"))
        found = dict(zip([column.name for column in cursor.description], cursor.fetchone(), strict=True))
    if expect_database is not None and found["name"] != expect_database:
        raise WrongDatabase(found=found["name"], expected=expect_database)
    if found.pop("server_version_number") < OLDEST_VERSION:
        raise ServerTooOld(found=found["server_version"])
    if to_migrate and found["in_recovery"]:
        raise StandbyCannotMigrate(name=found["name"])
    info = connection.connection.info
    through_pooler = found.pop("backend_pid") != info.backend_pid
    if to_migrate and through_pooler:
        raise PoolerRefused(name=found["name"])
    return Target(alias=connection.alias, host=info.host or "", port=info.port, through_pooler=through_pooler, **found)


def settle(connection: Any) -> None:
    """Have dates and definitions printed in the one way that Django and we read."""
    with connection.cursor() as cursor:
        cursor.execute(statement("session.settle"))


@contextmanager
def snapshot(connection: Any) -> Iterator[None]:
    """One READ ONLY, REPEATABLE READ transaction: all reads inside agree, and none can write."""
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def in_snapshot(connection: Any, look: Callable[[], Seen], *, progress: Progress) -> Seen:
    """What `look` returns inside one snapshot; where a standby ends it to catch up, again in a new one.

    Raises EndedByRecovery where that happened `LOOKS` times.
    """
    for number in range(1, LOOKS + 1):
        try:
            with snapshot(connection):
                return look()
        except DatabaseError as error:
            if sqlstate(error) != RECOVERY_CONFLICT:
                raise
        if number < LOOKS:
            progress.say(f"The standby ended our reading to catch up with its primary: reading again ({number + 1}) …")
            time.sleep(number)
    raise EndedByRecovery(name=connection.settings_dict["NAME"] or "the standby", times=LOOKS)
