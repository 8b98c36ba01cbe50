"""Explains errors: what happened, where, and what helps, but nothing that stands in a row.

A message of PostgreSQL about a value repeats the value, and its DETAIL repeats the row (measured: 23503, 22P02, 23514).
Of such errors only the machine-readable fields are shown. `migrations_safety.messages.server_messages` decides which
other messages are shown. If a connection fails, the message of libpq is shown: no row was read yet, and the message
names only host, user and database.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator

import psycopg
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, NotSupportedError
from django.db.migrations.exceptions import (
    AmbiguityError,
    BadMigrationError,
    CircularDependencyError,
    InconsistentMigrationHistory,
    InvalidBasesError,
    IrreversibleError,
    NodeNotFoundError,
)
from django.utils.connection import ConnectionDoesNotExist

from migrations_safety.messages import server_messages
from migrations_safety.messages.error_place import Place, called_code, causes, code_at, place_of, source, walk
from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.messages.sqlstates import RUN_AGAIN, WORDS

CHECK_URL = "Check DATABASE_URL or the PG* variables, and that the server runs."
NO_ROOM = "End sessions that nobody needs, or raise max_connections or the CONNECTION LIMIT, and run it again."

CONNECT = psycopg.Connection.connect.__func__.__code__  # type: ignore[attr-defined]
OF_THE_CODE = (
    NotSupportedError,
    ImproperlyConfigured,
    FieldDoesNotExist,
    ImportError,
    SyntaxError,
    AmbiguityError,
    BadMigrationError,
    CircularDependencyError,
    InconsistentMigrationHistory,
    InvalidBasesError,
    NodeNotFoundError,
)
"""Errors in settings or migrations, whose messages name only modules, migrations and models."""
READING_MIGRATIONS = ("django.db.migrations.loader", "django.db.migrations.graph", "django.db.migrations.state")
DEPENDED_ON = "2BP01"
"""The SQLSTATE "dependent objects still exist", whose DETAIL holds only the names of objects."""
WITHHELD = "Its message is withheld because it may hold patient data."
SHOW_ALL = (
    "--traceback shows where it was raised. If no row holds patient data, the setting MIGRATIONS_SAFETY_SHOW_ERRORS = "
    "True shows messages too."
)


def describe_error(error: BaseException, *, everything: bool = False) -> str:
    """Return up to three lines: what happened, where, and what helps.

    With `everything`, further lines hold the full message of the error, which may contain patient data.
    """
    sentence, hint = explain(error)
    lines = [sentence, _where(error), hint, *(_all_of(error) if everything else ())]
    return "\n".join(line for line in lines if line)


def explain(error: BaseException) -> tuple[str, str]:
    """Return a sentence and a hint for any error; neither holds anything from a row. The hint may be empty."""
    if isinstance(error, Refusal):
        return str(error), error.hint
    driver = _driver_error(error)
    if driver is not None:
        return _explain_driver(driver, error)
    if isinstance(error, IrreversibleError):
        place = place_of(error)
        return (
            f"{place.operation if place else 'An operation'} has no reverse, so it cannot be unapplied",
            "Give it a reverse, or roll back no further.",
        )
    if is_from_data(error):
        return _withheld(error)
    if isinstance(error, OF_THE_CODE) or _was_reading_migrations(error):
        return " ".join(str(error).split()), ""
    if isinstance(error, ConnectionDoesNotExist):
        return f"No such database alias: {error}", "Set DATABASE_URL_<ALIAS>, or leave --database out."
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}: {error.filename or ''}".rstrip(": "), ""
    return _withheld(error)


def _withheld(error: BaseException) -> tuple[str, str]:
    """Return a sentence with the message only if the code that raised the error holds it as a literal, and a hint."""
    name = type(error).__name__
    frames = list(traceback.walk_tb(error.__traceback__))
    constants = frames[-1][0].f_code.co_consts if frames else ()
    if len(error.args) == 1 and type(error.args[0]) is str and error.args[0] in constants:
        return f"{name}: {error.args[0]}", ""
    if isinstance(error, DatabaseError | InterfaceError):
        return f"The database or its driver raised {name}. {WITHHELD}", SHOW_ALL
    return f"Unexpected {name}. {WITHHELD}", SHOW_ALL


def _where(error: BaseException) -> str:
    """Return where the error was raised, and whether the running migration was rolled back."""
    place = place_of(error)
    if place is None:
        is_code = is_from_data(error) or _was_reading_migrations(error)
        return f"In the code at {code}." if is_code and (code := code_at(error)) else ""
    objects = f", on {', '.join(place.objects)}" if place.objects and place.operation else ""
    return f"In {place}{objects}.{_outcome(place, error)}"


def _outcome(place: Place, error: BaseException) -> str:
    driver = _driver_error(error)
    if not place.was_running:
        return ""
    if driver is not None and driver.sqlstate is None:
        return ""  # the connection was lost, perhaps during COMMIT: the outcome is unknown
    if place.atomic:
        return f" {place.migration} was rolled back. Migrations before it are kept."
    return " Earlier steps of this non-atomic migration are kept."


def is_expected(error: BaseException) -> bool:
    """Return whether the sentence of `explain` is enough; if not, the frames of the traceback should be shown."""
    expected = (Refusal, ConnectionDoesNotExist, OSError, IrreversibleError, *OF_THE_CODE)
    if _driver_error(error) is not None:
        return True
    return not is_from_data(error) and (isinstance(error, expected) or _was_reading_migrations(error))


def is_from_data(error: BaseException) -> bool:
    """Return whether the code of a migration or of a signal receiver raised the error.

    Such an error may hold values that the code has read, whatever its class is.
    """
    # Code that has read rows may put them into any exception: a KeyError of an id, a ValueError with a name. Trusting
    # some classes (ImproperlyConfigured, OSError) was tried first, but code can raise those with a value too. So the
    # frames decide: an error is from data if a RunPython, a signal receiver or an operation of another package is
    # among them. The operations of Django and of this app bring no rows to Python, so their errors name objects alone.
    return bool(called_code(error))


def _was_reading_migrations(error: BaseException) -> bool:
    """Return whether the error came while Django loaded migrations or built their models, when no row was read."""
    names = [frame.f_globals.get("__name__") for frame, _ in traceback.walk_tb(error.__traceback__)]
    return not isinstance(error, DatabaseError) and any(name in READING_MIGRATIONS for name in names)


def frames(error: BaseException) -> str:
    """Return the traceback of an error and its causes, the first cause first, without any message."""
    chain = list(_contexts(error))
    return "\n".join("".join(traceback.format_tb(one.__traceback__)) + type(one).__name__ for one in reversed(chain))


def _contexts(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _all_of(error: BaseException) -> Iterator[str]:
    """Return all lines that the error has: message, DETAIL, HINT, CONTEXT and statement."""
    yield f"{type(error).__name__}: {error}"
    if driver := _driver_error(error):
        told = driver.diag
        words = (("DETAIL", told.message_detail), ("HINT", told.message_hint), ("CONTEXT", told.context))
        yield from (f"{name}: {text}" for name, text in words if text and text not in str(error))
        yield f"STATEMENT: {server_messages.statement_of(list(walk(error))) or 'not known'}"


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of a database error (five characters); None for any other error."""
    driver = _driver_error(error)
    return driver.sqlstate if driver else None


def _driver_error(error: BaseException) -> psycopg.Error | None:
    return next((one for one in causes(error) if isinstance(one, psycopg.Error)), None)


def _explain_driver(driver: psycopg.Error, error: BaseException) -> tuple[str, str]:
    if driver.sqlstate is None:
        return _explain_connection(driver)
    steps = list(walk(error))
    statement = server_messages.statement_of(steps)
    vocabulary = None
    if called := called_code(error):
        vocabulary = f"{source(called)} {server_messages.known_to(steps)}"
    words, hint = WORDS.get(driver.sqlstate, (_in_words(type(driver)), ""))
    message = server_messages.shown(driver, statement=statement, vocabulary=vocabulary)
    if message and driver.sqlstate == DEPENDED_ON:
        message += f" ({'; '.join((driver.diag.message_detail or '').splitlines())})"
    message = message or words
    more = [f"{kind} {name}" for kind, name in _named(driver) if name and name not in message]
    if line := server_messages.line_in(statement, driver):
        more.append(f"line {line} of the statement")
    sentence = f"PostgreSQL refused: {message} (SQLSTATE {driver.sqlstate}{''.join(', ' + one for one in more)})"
    place = place_of(error)
    return sentence, hint.format(migration=place.migration.replace(".", " ", 1) if place else "APP NAME")


def _named(driver: psycopg.Error) -> tuple[tuple[str, str | None], ...]:
    told = driver.diag
    return (
        ("table", told.table_name),
        ("column", told.column_name),
        ("constraint", told.constraint_name),
        ("type", told.datatype_name),
    )


def _in_words(kind: type) -> str:
    """Return the name of a class in words: `NumericValueOutOfRange` becomes "numeric value out of range"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()


def _explain_connection(error: psycopg.Error) -> tuple[str, str]:
    """Return a sentence and a hint for a connection that failed or was lost.

    A host that cannot be found is not named: if the password in a URL was not percent-encoded, the name of the host is
    a part of the password.
    """
    if type(error) is not psycopg.OperationalError and not _was_connecting(error):
        return f"The database driver raised {type(error).__name__}. {WITHHELD}", SHOW_ALL
    if not _was_connecting(error):
        return "The connection to the server was lost", RUN_AGAIN
    if error.pgconn is not None:
        lines = [line for line in str(error).splitlines() if not line.startswith("\t")]  # libpq's question after it
        reason = " ".join(" ".join(lines).split())
        return f"Could not connect: {reason}", NO_ROOM if "too many c" in reason else CHECK_URL
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return (
            "Could not connect: the server did not answer in time",
            "Check host and port, and that no firewall is in the way.",
        )
    hint = "Check the host in DATABASE_URL (special characters of a password are percent-encoded there) or PGHOST."
    return "Could not connect: the host name is unknown", hint


def _was_connecting(error: psycopg.Error) -> bool:
    # A connection that failed and one that was lost are both an OperationalError without SQLSTATE, and libpq's words
    # follow the language of the system. `error.pgconn` was tried as the sign, but it is None for an unknown host too:
    # that was then called a lost connection, with the advice to run again. The frame of psycopg's own connect() is
    # among the frames whatever went wrong in it, and in no other error.
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return CONNECT in codes
