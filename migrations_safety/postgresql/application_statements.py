"""Reads which statements the programs of a database send, from the extension pg_stat_statements.

The extension keeps the text of each statement with `$1`, `$2` … in place of its values, and counts its calls.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DatabaseError
from psycopg import sql

from migrations_safety.messages.errors import sqlstate
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement
from migrations_safety.sql.composition import MARK, compose, send

FROM_SERVER = "pg_stat_statements"
NOT_LOADED = "55000"
"""The SQLSTATE of the extension's view where the server has not loaded the library (object not in the state needed)."""
HIDDEN = "<insufficient privilege>"
"""The text of a statement of another role, where this role may not read it."""
MOST = 5000
"""How many statements are examined, the most called first; `pg_stat_statements.max` is 5,000 by default."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationStatement:
    """One statement of the application, without values."""

    text: str
    calls: int | None
    """How often it was called; None where that is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationStatements:
    """The statements of the application, as far as they could be read."""

    source: str
    """FROM_SERVER, or the name of the file."""
    statements: tuple[ApplicationStatement, ...] = ()
    reason: str | None = None
    """Why none could be read; None where they could."""
    left_out: tuple[tuple[str, int], ...] = ()
    """Why statements were left out, each with their number."""
    since: str | None = None
    """Since when the calls are counted, as the server prints it; None where that is not known."""


def read_statements(connection: Connection) -> ApplicationStatements:
    """Return what pg_stat_statements has about this database; where it has nothing, `reason` says why.

    Statements of this app are left out. It is called outside of a transaction, because a view that the server cannot
    read would end it.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("application_statements.extension"))
        found = cursor.fetchone()
        if found is None:
            return _none("the database does not have the extension pg_stat_statements")
        schema = sql.Identifier(found[0])
        try:
            send(cursor, compose("application_statements.statements", schema=schema))
            rows = cursor.fetchall()
            send(cursor, compose("application_statements.since", schema=schema))
            since = cursor.fetchone()
        except DatabaseError as error:
            return _none(_why_not(sqlstate(error)))
    return _of_rows(rows, since=since[0] if since else None)


def _of_rows(rows: list[tuple[str | None, int]], *, since: str | None) -> ApplicationStatements:
    lost = sum(1 for text, _ in rows if text is None)
    hidden = sum(1 for text, _ in rows if text == HIDDEN)
    readable = [(text, calls) for text, calls in rows if text and text != HIDDEN and MARK not in text]
    if not readable and not hidden:
        return _none("pg_stat_statements has no statement of this database yet")
    numbers = {
        "of other roles, which this role may not read (GRANT pg_read_all_stats)": hidden,
        "whose text the server has lost": lost,
        f"called less often than the first {MOST:,}": max(0, len(readable) - MOST),
    }
    return ApplicationStatements(
        source=FROM_SERVER,
        statements=tuple(ApplicationStatement(text=text, calls=calls) for text, calls in readable[:MOST]),
        left_out=tuple((why, number) for why, number in numbers.items() if number),
        since=since,
    )


def _why_not(code: str | None) -> str:
    if code == NOT_LOADED:
        return "pg_stat_statements is not in shared_preload_libraries of the server"
    return f"pg_stat_statements could not be read (SQLSTATE {code})"


def _none(reason: str) -> ApplicationStatements:
    return ApplicationStatements(source=FROM_SERVER, reason=reason)
