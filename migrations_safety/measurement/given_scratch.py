"""Looks after the database of `--scratch-url`, which belongs to the user: it is used only if nothing would be lost.

One run at a time uses it. What a run that was killed has left there is known by its marker, and removed by the next run
once nobody is connected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.sql import statement

Session = psycopg.Connection[Any]


@contextmanager
def emptied_again(session: Session, *, target: str) -> Iterator[None]:
    """Refuse a database that is the target, is in use, or is not empty; empty it after the block.

    `target` is the identity of the target. Raises NotMeasured where it is refused.
    """
    if _value(session, "identity") == target:
        raise NotMeasured("--scratch-url leads to the database itself")
    if not _value(session, "lock"):
        raise NotMeasured("another run uses the database of --scratch-url")
    if not _value(session, "may_empty"):
        raise NotMeasured("the role does not own the schema public of --scratch-url, and could not empty it")
    if _value(session, "is_left") and not _value(session, "others"):
        empty(session)
    if _value(session, "objects"):
        raise NotMeasured("the database of --scratch-url is not empty")
    try:
        yield
    finally:
        empty(session)


def _value(session: Session, name: str) -> Any:
    return session.execute(statement(f"given_scratch.{name}").encode()).fetchall()[0][0]


def empty(session: Session) -> None:
    """Drop all that is in the database, and leave it as a new one is; what is running there is ended."""
    session.execute(statement("given_scratch.end_others").encode())
    for (name,) in session.execute(statement("given_scratch.schemas").encode()).fetchall():
        drop = sql.SQL(statement("given_scratch.empty_schema")).format(name=sql.Identifier(name))
        try:
            session.execute(drop)
        except psycopg.errors.OutOfMemory:  # one statement may not lock that many objects
            _drop_relations(session, name)
            session.execute(drop)
    while session.execute(statement("given_scratch.large_objects").encode()).rowcount:
        pass
    session.execute(statement("given_scratch.public").encode())


def _drop_relations(session: Session, schema: str) -> None:
    """Drop the tables and views of a schema one by one."""
    found = session.execute(statement("given_scratch.relations").encode(), {"schema": schema}).fetchall()
    for kind, name in found:
        drop = sql.SQL(statement("given_scratch.drop_relation"))
        session.execute(drop.format(kind=sql.SQL(kind), name=sql.Identifier(schema, name)))
