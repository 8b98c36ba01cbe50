"""Reads the values without a parent, to be shown on a terminal when an operator asks for them.

No other module brings values of rows to the client.
"""

from __future__ import annotations

from migrations_safety.census import scan_queries
from migrations_safety.census.counts import MANY_ROWS, prepare
from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES, classified, rows_of, value_type
from migrations_safety.census.question import Question
from migrations_safety.census.report import OrphanValue
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import records
from migrations_safety.sql.composition import compose, send


def orphan_values(connection: Connection, question: Question, *, limit: int) -> list[OrphanValue]:
    """Return the values without a parent, at most `limit` for each foreign-key column of the question.

    The values may be ids of patients: show them only on a terminal, and only on request.
    """
    found = []
    ready = prepare(connection, question)
    every = scan_queries.all_rows(ready.scan, value_type(ready.question))
    common = classified(connection, ready.question, every)
    parameters = {"limit": limit, "many": MANY_ROWS, "allowed": list(PLACEHOLDER_CLASSES)}
    with connection.cursor() as cursor:
        for number, key in enumerate(ready.question.keys):
            send(cursor, common + compose("identifiers.values_of_orphans", rows=rows_of(number)), parameters)
            found += [OrphanValue(subject=key.subject, **record) for record in records(cursor)]
    return found
