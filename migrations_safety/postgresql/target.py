"""Describes the database that a connection has reached, and refuses one on which a command may not work."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connections
from django.utils.connection import ConnectionDoesNotExist

from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.messages.refusals.target import PoolerRefused, ServerTooOld, StandbyCannotMigrate, WrongDatabase
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.pooler import Pooler, between
from migrations_safety.postgresql.search_path import refuse_other_schema
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.sql import statement

OLDEST_VERSION = 150000
REFUSED_POOLERS = {Pooler.SPLITS_SESSIONS, Pooler.UNSEEN}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The database that a command works on, as the server describes it."""

    alias: str
    """The Django alias of the connection."""
    name: str
    host: str
    """The host name; for a Unix socket its folder."""
    port: int
    server_version: str
    in_recovery: bool
    """Whether the server is a standby."""
    role: str
    schema: str
    """The schema on which the command works: new tables are made there, and django_migrations stands there."""
    may_create: bool
    """Whether the role may create tables in that schema."""
    pooler: Pooler
    in_transaction: bool
    """Whether the caller has already opened a transaction."""
    seconds_behind: float | None
    """How many seconds a standby lags; None on a primary and on a standby that has replayed nothing yet."""

    def as_dict(self) -> dict[str, Any]:
        """Return the value of `database` in the JSON reports."""
        names = ("alias", "name", "schema", "host", "port", "server_version", "in_recovery")
        return {name: getattr(self, name) for name in names}


def connect(
    connection: Connection,
    *,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    to_migrate: bool = False,
) -> Target:
    """Connect, and return a description of the database that was reached.

    Raises CouldNotLook where the alias is not one of PostgreSQL, WrongDatabase where the name of the database is not
    `expect_database`, and ServerTooOld before PostgreSQL 15. Raises what `refuse_other_schema` raises where the search
    path does not lead to the schema `expect_schema` (or to any schema). With `to_migrate`, it raises
    StandbyCannotMigrate on a standby, and PoolerRefused behind a pooler that may change the server connection between
    transactions. Behind a pooler that refuses transactions it always raises PoolerRefused.
    """
    if connection.vendor != "postgresql":
        raise CouldNotLook(f'The database alias "{connection.alias}" is not PostgreSQL; nothing was looked at.')
    settle(connection)
    if not is_in_transaction(connection):
        notice_a_killed_client(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement("target.target"))
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
    """Return whether DATABASES configures the alias with an engine other than PostgreSQL."""
    try:
        return connections[alias].vendor not in {"postgresql", "unknown"}  # unknown: no engine is configured
    except ConnectionDoesNotExist:
        return False


def settle(connection: Connection) -> None:
    """Make the server print dates and definitions in the form that Django and this app can read, and compile nothing.

    Just-in-time compilation is for long queries; one on the catalog is short, but its estimated cost may be high
    (PostgreSQL documentation, 30.2): with LLVM 14, PostgreSQL 15 compiles 0.1 to 0.8 seconds for some of ours.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("target.settle"))


def notice_a_killed_client(connection: Connection) -> None:
    """Make the server check every four seconds, during a statement, whether this client is still connected.

    Otherwise the server finishes the statement of a killed client, which may count for hours or hold the lock of a
    deploy. PostgreSQL can check this on Linux, macOS and the BSDs (documentation, 20.3); on other systems it refuses
    the setting, and this function does nothing.
    """
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute(statement("target.notice_a_killed_client"))
