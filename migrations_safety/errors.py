"""What an error may say: class, SQLSTATE and the names of objects, never the text of a driver's message.

A message of PostgreSQL repeats the value that it complains about, and DETAIL the whole row (measured: 23503,
22P02, 23514), so only the machine-readable fields are shown. A failed connection is the exception: nothing was
read yet, and libpq's sentence names host, user and database only.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, NotSupportedError
from django.db.migrations.exceptions import (
    BadMigrationError,
    CircularDependencyError,
    InconsistentMigrationHistory,
    IrreversibleError,
    NodeNotFoundError,
)
from django.db.migrations.operations import RunPython
from django.utils.connection import ConnectionDoesNotExist

from migrations_safety.refusals import Refusal

CONNECT = psycopg.Connection.connect.__func__.__code__  # type: ignore[attr-defined]
OF_THE_CODE = (
    NotSupportedError,
    ImproperlyConfigured,
    ImportError,
    BadMigrationError,
    CircularDependencyError,
    InconsistentMigrationHistory,
    IrreversibleError,
    NodeNotFoundError,
)
"""What is wrong with settings or migrations: their messages name modules, migrations and models."""
RUN_AGAIN = "Run the same command again; what was done is kept."
WORDS = {
    "42501": ("the role may not do this", "Ask the owner for the privilege, or run as the owner."),
    "42P01": ("a table is not there", "Check that this is the right database, and its search_path."),
    "55P03": ("a lock was not free in time", RUN_AGAIN),
    "40P01": ("a deadlock was avoided by giving way", RUN_AGAIN),
    "57014": (
        "the statement was cancelled, by a timeout or by hand",
        "Look at statement_timeout of the role, then run again.",
    ),
    "57P01": ("the session was ended by an administrator", RUN_AGAIN),
    "25006": ("the database or transaction is read only", "Connect to the primary."),
    "53100": ("the server's disk is full", "Free room on the server, then run again."),
    "55P04": ("a label of an enum was used in the transaction that added it", "Split the migration in two."),
}


def explain(error: BaseException) -> tuple[str, str]:
    """One sentence and a hint for any error; nothing of it comes from a row."""
    if isinstance(error, Refusal):
        return str(error), error.hint
    driver = _driver_error(error)
    if driver is not None:
        return _explain_driver(driver)
    if is_from_data(error):
        return _withheld(error), ""
    if isinstance(error, OF_THE_CODE):
        return str(error), ""
    if isinstance(error, ConnectionDoesNotExist):
        return f"There is no database alias of that name: {error}", "Set DATABASE_URL_<ALIAS>, or leave --database out."
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}: {error.filename or ''}".rstrip(": "), ""
    return _withheld(error), ""


def _withheld(error: BaseException) -> str:
    return f"Unexpected {type(error).__name__} (its message is withheld, it may hold patient data)"


def is_expected(error: BaseException) -> bool:
    """True where the sentence says it all; else the traceback's frames are worth showing."""
    expected = (Refusal, ConnectionDoesNotExist, OSError, *OF_THE_CODE)
    return _driver_error(error) is not None or (isinstance(error, expected) and not is_from_data(error))


def is_from_data(error: BaseException) -> bool:
    """True where the code of a RunPython raised it: whatever its class, its message may hold what that code read."""
    called = [type(frame.f_locals.get("self")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(issubclass(kind, RunPython) for kind in called)  # isinstance would wake lazy objects up


def frames(error: BaseException) -> str:
    """Where it happened: files, lines and functions, without any message."""
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__


def sqlstate(error: BaseException) -> str | None:
    """The five-character code of a database error, None for any other."""
    driver = _driver_error(error)
    return driver.sqlstate if driver else None


def _driver_error(error: BaseException) -> psycopg.Error | None:
    for one in _causes(error):
        if isinstance(one, psycopg.Error):
            return one
    is_database_error = isinstance(error, DatabaseError | InterfaceError) and not isinstance(error, NotSupportedError)
    return psycopg.InterfaceError() if is_database_error else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _explain_driver(error: psycopg.Error) -> tuple[str, str]:
    if error.sqlstate is None:
        return _explain_connection(error)
    names = [
        f"{kind} {name}"
        for kind, name in (
            ("table", error.diag.table_name),
            ("column", error.diag.column_name),
            ("constraint", error.diag.constraint_name),
        )
        if name
    ]
    words, hint = WORDS.get(error.sqlstate, (type(error).__name__, ""))
    return f"PostgreSQL refused: {words} (SQLSTATE {error.sqlstate}{''.join(', ' + name for name in names)})", hint


def _explain_connection(error: psycopg.Error) -> tuple[str, str]:
    """A host that cannot be found is not named: of a URL whose password was not encoded it is a piece of that."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return f"The database's driver refused a statement: {type(error).__name__} (its message is withheld)", ""
    if not _was_connecting(error):
        return "The connection to the server was lost", RUN_AGAIN
    if error.pgconn is not None:
        reason = " ".join(str(error).split())
        return f"Could not connect: {reason}", "Check DATABASE_URL or the PG* variables, and that the server runs."
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return "Could not connect: no answer in time", "Check host and port, and that no firewall is in the way."
    hint = "Check the host in DATABASE_URL (special characters of a password are percent-encoded there) or PGHOST."
    return "Could not connect: the host is not known", hint


def _was_connecting(error: psycopg.Error) -> bool:
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return CONNECT in codes
