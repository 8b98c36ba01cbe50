"""The only module that brings values of rows to the client: orphans, for a person's terminal, on request."""

from __future__ import annotations

from psycopg import sql

from migrations_safety.census import scan_queries
from migrations_safety.census.counts import MANY_ROWS, prepared
from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES, classified, rows_of, value_type
from migrations_safety.census.question import Question
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql.composition import compose, send


def orphan_values(connection: Connection, question: Question, *, limit: int) -> list[tuple[str, str, str, int]]:
    """The orphans themselves: subject, class, value, rows; for a person's terminal, on request only."""
    found = []
    question, source = prepared(connection, question)
    every = scan_queries.all_rows(source, value_type(question))
    asked = {"limit": limit, "many": MANY_ROWS, "allowed": list(PLACEHOLDER_CLASSES)}
    with connection.cursor() as cursor:
        for number, key in enumerate(question.keys):
            of_one = compose("identifiers.values_of_orphans", number=sql.Literal(number), rows=rows_of(number))
            send(cursor, classified(connection, question, every) + of_one, asked)
            found += [(key.subject, *rest) for _, *rest in cursor.fetchall()]
    return found
