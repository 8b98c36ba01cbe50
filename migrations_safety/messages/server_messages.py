"""Which messages of the server may be shown: those about objects and statements, never those about values.

A message about a value repeats it (measured: 22P02, 23503, 23514, and a row cast to regclass: 42P01). So a message is
shown where its class complains about an object or a statement, no function raised it, and what it names stands in the
statement that was sent; and where code sent that, which may have put rows into it, in the code too.
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
"""What a message quotes, as the languages of lc_messages do."""
DEFINES = re.compile(r"\s*(ALTER|CREATE|DROP|TRUNCATE|LOCK|COMMENT|REINDEX|GRANT|REVOKE|SET|VACUUM|CLUSTER)\b", re.I)
WORD = re.compile(r"\w+")


def statement_of(steps: list[Step]) -> str | None:
    """The statement that the driver was at, without its parameters."""
    for frame, _ in reversed(steps):
        query = frame.f_locals.get("query") if str(frame.f_globals.get("__name__")).startswith("psycopg.") else None
        if isinstance(query, sql.Composable):
            return query.as_string(None)
        if isinstance(query, str | bytes):
            return query if isinstance(query, str) else query.decode(errors="replace")
    return None


def shown(error: psycopg.Error, *, statement: str | None, vocabulary: str | None) -> str | None:
    """The server's message where it holds nothing of a row, else None.

    `vocabulary` is a text with every word that the code which sent the statement may know; None where no code did.
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
    """Found when it was read, and not when it met a row; a mistake may stand in a literal that was not closed."""
    position = int(error.diag.statement_position or 0)
    if error.sqlstate == "42601" and (near := QUOTED.findall(message)):
        before, after = statement[: position - 1], statement[position - 1 :]
        return bool(position) and after.startswith(near[0]) and not any(one in before + near[0] for one in ("'", "$$"))
    return bool(position) or error.sqlstate == "42501" or bool(DEFINES.match(statement))


def line_in(statement: str | None, error: psycopg.Error) -> int | None:
    """The line of the statement that the server points at; None where there is but one."""
    position = error.diag.statement_position
    if not position or not statement or "\n" not in statement.strip():
        return None
    return statement[: int(position)].count("\n") + 1


def known_to(steps: list[Step]) -> str:
    """Tables and columns of the models, now and as the migration at work knows them, as words."""
    states = [frame.f_locals.get("from_state") for frame, _ in steps]
    known = [apps, *(state.apps for state in states if isinstance(state, ProjectState) and "apps" in vars(state))]
    return " ".join(
        f"{model._meta.db_table} {' '.join(str(field.column) for field in model._meta.local_concrete_fields)}"
        for one in known
        for model in one.get_models(include_auto_created=True)
    )


def _words(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text)}
