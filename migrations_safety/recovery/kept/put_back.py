"""Puts constraints and indexes back, each on the lock ladder, and says which could not come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, transaction
from psycopg import errors, sql

from migrations_safety.kept.physical import change
from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.migrate.executor import ladder_of
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

UNMET = (errors.IntegrityError, errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidForeignKey,
         errors.DuplicateTable, errors.DuplicateObject, errors.InvalidTableDefinition, errors.DatatypeMismatch,
         errors.FeatureNotSupported, errors.InvalidSchemaName, errors.UndefinedObject)  # fmt: skip
"""PostgreSQL's errors that say that something cannot come back as it was, while the rest can."""


@dataclass(kw_only=True)
class PutBack:
    """How the restoration of one thing went."""

    is_back: bool = False
    """Whether its rows or values are at their old place."""
    findings: list[Finding] = field(default_factory=list)


@contextmanager
def seeing_all_rows(connection: Connection) -> Iterator[None]:
    """Let a statement fail where row-level security hides rows from it, instead of passing over them."""
    with connection.cursor() as cursor:
        cursor.execute(statement("put_back.row_security"))
        (before,) = cursor.fetchone()
        cursor.execute(statement("put_back.set_row_security"), {"value": "off"})
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:  # where the connection is gone
            cursor.execute(statement("put_back.set_row_security"), {"value": before})


def in_one_transaction(connection: Connection, work: Callable[[], Any], *, what: str) -> Any:
    """Do the work in one transaction, again and again until its locks are free."""

    def attempt() -> Any:
        with transaction.atomic(using=connection.alias):
            return work()

    ladder = ladder_of(connection)
    assert ladder is not None
    return ladder.run_with_retries(attempt, what=what, is_whole=False, goes_on=True)


def put_back(connection: Connection, subject: str, parts: list[dict[str, Any]]) -> Iterator[Finding]:
    """Put back constraints and indexes that were taken off; yield a finding for each that could not come back."""
    for part in sorted(parts, key=lambda one: "ipuxcf".index(one["kind"])):
        try:
            if not _exists(connection, part):
                _INDEX[part["kind"]](connection, part)
            _mark(connection, part)
        except DatabaseError as error:
            if not isinstance(error.__cause__, UNMET):
                raise
            yield wording.not_put_back(subject, what=part["name"], sqlstate=sqlstate(error) or "")


def _exists(connection: Connection, part: dict[str, Any]) -> bool:
    """Whether the constraint or index is there, and holds for all rows if it did before."""
    name = "index_exists" if part["kind"] == "i" else "constraint_exists"
    with connection.cursor() as cursor:
        cursor.execute(statement(f"put_back.{name}"), part)
        return bool(cursor.fetchone()[0])


def _mark(connection: Connection, part: dict[str, Any]) -> None:
    """Give a constraint or index its comment, and let CLUSTER order by it, as before."""
    names = _names(part)
    if part.get("comment"):
        place = {"index": sql.Identifier(part["schema"], part["name"])} if part["kind"] == "i" else names
        name = "put_back.comment_on_index" if part["kind"] == "i" else "put_back.comment_on_constraint"
        change(connection, name, **place, comment=sql.Literal(part["comment"]))
    if part.get("is_clustered"):
        change(connection, "put_back.cluster_on", **names)


def _names(part: dict[str, Any]) -> dict[str, Any]:
    return {"table": sql.Identifier(part["schema"], part["relation"]), "name": sql.Identifier(part["name"])}


def _index(connection: Connection, part: dict[str, Any]) -> None:
    """Build an index while reads and writes go on; on a partitioned table PostgreSQL only builds under a lock."""
    text = part["definition"].replace(" ON ONLY ", " ON ", 1)
    if not _is_partitioned(connection, part):
        text = text.replace("INDEX ", "INDEX CONCURRENTLY ", 1)
    change(connection, "put_back.statement", text=sql.SQL(text))


def _unique(connection: Connection, part: dict[str, Any]) -> None:
    """Add a unique constraint or primary key on an index that is built while writes go on."""
    # an index WITHOUT OVERLAPS cannot become a constraint
    if not part.get("index") or "WITHOUT OVERLAPS" in part["definition"] or _is_partitioned(connection, part):
        _constraint(connection, part)
        return
    if not _exists(connection, part | {"kind": "i"}):
        _index(connection, part | {"definition": part["index"]})
    definition = part["definition"]
    deferred = definition[definition.rindex(")") + 1 :] if "DEFERRABLE" in definition else ""
    kind = "PRIMARY KEY" if part["kind"] == "p" else "UNIQUE"
    change(connection, "put_back.add_on_index", **_names(part), kind=sql.SQL(kind), deferred=sql.SQL(deferred))


def _constraint(connection: Connection, part: dict[str, Any]) -> None:
    change(connection, "put_back.add", **_names(part), definition=sql.SQL(part["definition"]))


def _not_valid_first(connection: Connection, part: dict[str, Any]) -> None:
    """Add a CHECK or foreign key for new rows, then let PostgreSQL check the others while reads and writes go on."""
    definition = part["definition"].removesuffix(" NOT VALID")
    if part["kind"] == "f" and _is_partitioned(connection, part) and connection.pg_version < 180000:
        _constraint(connection, part | {"definition": definition})
        return
    if not _exists(connection, part | {"validated": False}):
        _constraint(connection, part | {"definition": f"{definition} NOT VALID"})
    if part["validated"]:
        change(connection, "put_back.validate", **_names(part))


def _is_partitioned(connection: Connection, part: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement("put_back.is_partitioned"), part)
        return bool(cursor.fetchone()[0])


_INDEX: dict[str, Callable[[Connection, dict[str, Any]], None]] = {
    "i": _index, "p": _unique, "u": _unique, "x": _constraint, "c": _not_valid_first, "f": _not_valid_first,
}  # fmt: skip
