"""The session: which database it reached, and the read-only snapshot in which everything is looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import DatabaseError, OperationalError, connections, transaction
from django.utils.connection import ConnectionDoesNotExist

from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals import (
    CouldNotLook,
    EndedByRecovery,
    PoolerRefused,
    ServerTooOld,
    StandbyCannotMigrate,
    WrongDatabase,
)
from migrations_safety.postgresql.pooler import Pooler, between
from migrations_safety.postgresql.search_path import refuse_other_schema
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.sql import statement

OLDEST_VERSION = 150000
REFUSED_POOLERS = {Pooler.SPLITS_SESSIONS, Pooler.UNSEEN}
LOOKS = 3
"""How often a standby may end our reading before we say that it cannot be read."""
RECOVERY_CONFLICT = "40001"
"""What a standby ends a reader with (PostgreSQL documentation, 26.4.2); a reader on a primary never meets it."""

Seen = TypeVar("Seen")


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The database that was looked at; `host` is a folder where the connection is a Unix socket.

    `schema` is the one that is worked on: new tables are made there, and Django's record of migrations is there.
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
    pooler: Pooler
    in_transaction: bool
    seconds_behind: float | None

    def as_dict(self) -> dict[str, Any]:
        """The value of `database` in the JSON reports."""
        names = ("alias", "name", "schema", "host", "port", "server_version", "in_recovery")
        return {name: getattr(self, name) for name in names}


def connect(
    connection: Any, *, expect_database: str | None = None, expect_schema: str | None = None, to_migrate: bool = False
) -> Target:
    """Connect, and say which database it is.

    Raises WrongDatabase where its name is not `expect_database`, ServerTooOld before PostgreSQL 15, what
    `refuse_other_schema` raises where the search path does not lead to one schema, the expected one; and where
    `to_migrate`, StandbyCannotMigrate on a standby and PoolerRefused behind a pooler that does not keep sessions;
    behind one that refuses transactions always.
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
    path = {"schema": found["schema"], "history": found.pop("history"), "role": found["role"]}
    refuse_other_schema(connection, expected=expect_schema, **path)
    if to_migrate and found["in_recovery"]:
        raise StandbyCannotMigrate(name=found["name"])
    info = connection.connection.info
    in_transaction = is_in_transaction(connection)
    pid = found.pop("backend_pid")
    pooler = Pooler.NONE if in_transaction else between(connection, pid=pid)
    if pooler is Pooler.REFUSES_TRANSACTIONS or (to_migrate and pooler in REFUSED_POOLERS):
        raise PoolerRefused(name=found["name"], pooler=pooler)
    where: dict[str, Any] = {"alias": connection.alias, "host": info.host or "", "port": info.port}
    return Target(pooler=pooler, in_transaction=in_transaction, **where, **found)


def is_of_another_vendor(alias: str) -> bool:
    """True for a database that Django knows and that is not PostgreSQL; an alias that it does not know is none."""
    try:
        return connections[alias].vendor not in {"postgresql", "unknown"}  # unknown: none is configured
    except ConnectionDoesNotExist:
        return False


def settle(connection: Any) -> None:
    """Have dates and definitions printed in the one way that Django and we read."""
    with connection.cursor() as cursor:
        cursor.execute(statement("session.settle"))


@contextmanager
def snapshot(connection: Any) -> Iterator[None]:
    """One READ ONLY, REPEATABLE READ transaction: all reads inside agree, and none can write.

    Inside a transaction that is open already it is a part of that, READ ONLY too, which sees what that one sees.
    """
    isolation = "" if is_in_transaction(connection) else "ISOLATION LEVEL REPEATABLE READ, "
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute(f"SET TRANSACTION {isolation}READ ONLY")
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
            if is_in_transaction(connection) or not _ended_by_recovery(connection, error):
                raise
        if number < LOOKS:
            progress.say(f"The standby ended our reading to catch up with its primary: reading again ({number + 1}) …")
            time.sleep(number)
    raise EndedByRecovery(name=connection.settings_dict["NAME"] or "the standby", times=LOOKS)


def _ended_by_recovery(connection: Any, error: DatabaseError) -> bool:
    """True where a standby ended a statement to catch up, or a session between two statements, which is made anew.

    The end of such a session reaches the client as a connection that is lost, without a code.
    """
    if sqlstate(error) == RECOVERY_CONFLICT:
        return True
    if sqlstate(error) is not None or not isinstance(error, OperationalError):
        return False
    connection.close()
    with suppress(DatabaseError):
        settle(connection)
        with connection.cursor() as cursor:
            cursor.execute(statement("session.in_recovery"))
            return bool(cursor.fetchone()[0])
    return False
