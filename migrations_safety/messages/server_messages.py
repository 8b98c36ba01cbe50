"""Decides which messages of PostgreSQL may be shown: those about objects and statements, never those about values.

A message about a value repeats the value (measured: 22P02, 23503, 23514, and 42P01 for a row that is cast to regclass).
A message is shown only if three conditions hold: its SQLSTATE is about an object or a statement, no function raised it,
and every name that it quotes stands in the statement that was sent. If Python code sent the statement, the code may
have put values of rows into it. Then the words of the message must stand in the source of that code too.
"""

from __future__ import annotations

import re

import psycopg
from django.apps import apps
from django.db.migrations.state import ProjectState
from psycopg import sql

from migrations_safety.messages.error_place import Step

ABOUT_OBJECTS = ("0A", "25", "2B", "3D", "3F", "42", "53", "54", "55", "57")
QUOTED = re.compile('["“„«»](.*?)["”“«»]', re.DOTALL)
"""Matches a quoted part of a message, in the quotes of all languages of `lc_messages`."""
DEFINES = re.compile(r"\s*(ALTER|CREATE|DROP|TRUNCATE|LOCK|COMMENT|REINDEX|GRANT|REVOKE|SET|VACUUM|CLUSTER)\b", re.I)
WORD = re.compile(r"\w+")


def statement_of(steps: list[Step]) -> str | None:
    """Return the statement that psycopg was executing, without its parameters; None where it was not executing any."""
    for frame, _ in reversed(steps):
        query = frame.f_locals.get("query") if str(frame.f_globals.get("__name__")).startswith("psycopg.") else None
        if isinstance(query, sql.Composable):
            return query.as_string(None)
        if isinstance(query, str | bytes):
            return query if isinstance(query, str) else query.decode(errors="replace")
    return None


def shown(error: psycopg.Error, *, statement: str | None, vocabulary: str | None) -> str | None:
    """Return the message of the server if it holds nothing from a row, else None.

    `vocabulary` is a text with all words that the code which sent the statement can know without reading rows; None
    where no code of a migration or signal sent it.
    """
    message, state = error.diag.message_primary, error.sqlstate or ""
    if not message or not state.startswith(ABOUT_OBJECTS) or statement is None:
        return None
    if error.diag.context or error.diag.internal_query:
        return None  # raised inside a function, which may have put a row into it
    if not all(part in statement for part in QUOTED.findall(message)):
        return None
    if state.startswith("42") and not _is_about_the_statement(error, statement, message):
        return None
    if vocabulary is not None:
        known = _words(vocabulary)
        if not _words(message) & _words(statement) <= known:
            return None
    return message


def _is_about_the_statement(error: psycopg.Error, statement: str, message: str) -> bool:
    """Return whether PostgreSQL found the error while parsing the statement, and not while it processed a row.

    A syntax error may stand in an unclosed literal, which may hold a value; this counts as an error about a row.
    """
    position = int(error.diag.statement_position or 0)
    if error.sqlstate == "42601" and (near := QUOTED.findall(message)):
        before, after = statement[: position - 1], statement[position - 1 :]
        return bool(position) and after.startswith(near[0]) and not any(one in before + near[0] for one in ("'", "$$"))
    return bool(position) or error.sqlstate == "42501" or bool(DEFINES.match(statement))


def line_in(statement: str | None, error: psycopg.Error) -> int | None:
    """Return the line of the statement to which the error points; None if the statement has only one line."""
    position = error.diag.statement_position
    if not position or not statement or "\n" not in statement.strip():
        return None
    return statement[: int(position)].count("\n") + 1


def known_to(steps: list[Step]) -> str:
    """Return the names of all tables and columns of the models, separated by spaces.

    The models are the current ones, and those in the state of the running migration.
    """
    states = [frame.f_locals.get("from_state") for frame, _ in steps]
    known = [apps, *(state.apps for state in states if isinstance(state, ProjectState) and "apps" in vars(state))]
    return " ".join(
        f"{model._meta.db_table} {' '.join(str(field.column) for field in model._meta.local_concrete_fields)}"
        for one in known
        for model in one.get_models(include_auto_created=True)
    )


def _words(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text)}
