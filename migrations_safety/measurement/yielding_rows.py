"""Takes made-up rows away where they forbid a statement: they prove nothing about the rows of the target database."""

from __future__ import annotations

import re
from contextlib import suppress

import psycopg
from django.db import DatabaseError
from psycopg import sql

from migrations_safety.measurement.observation import Observer
from migrations_safety.measurement.sample_rows import remove_sample_rows
from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.refusals.tables import OrphansLeft
from migrations_safety.sql import statement

OF_ROWS = ("22", "23")
"""The classes of SQLSTATEs that a row causes: data exception, and integrity constraint violation."""
ORPHANS = "23503"
"""The SQLSTATE of rows without a parent (foreign key violation)."""

WORD = re.compile(r"[\w$]+")
ALL = "*"


class YieldingRows:
    """The made-up rows of the scratch database, which are emptied table by table.

    `emptied` has the names of the tables that were emptied; `*` stands for all of them.
    """

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.emptied: list[str] = []
        self._words: set[str] = set()

    def suspect(self, text: str) -> None:
        """Note a statement that failed: where the error names no table, it is one of those that the text names.

        PostgreSQL has released the locks by then, so they do not tell.
        """
        self._words = {word for found in WORD.findall(text) for word in (found, found.lower())}

    def yield_to(self, error: DatabaseError | OrphansLeft) -> bool:
        """Empty the tables whose rows caused an error, outside of transactions; return whether to try again."""
        state = ORPHANS if isinstance(error, OrphansLeft) else sqlstate(error) or ""
        if not state.startswith(OF_ROWS) or ALL in self.emptied:
            return False
        words, self._words = self._words, set()
        table = _table_of(error)
        names = self._emptied_with(table) if table else self._filled_among(words)
        if not set(names) - set(self.emptied):
            return self._empty_all()
        self.emptied += [name for name in names if name not in self.emptied]
        return self._empty(names) or self._empty_all()

    def _filled_among(self, words: set[str]) -> list[str]:
        """Return the tables with these names that may hold made-up rows, and the tables that reference them."""
        asked = {"words": list(words)}
        found = self.observer.session.execute(statement("yielding_rows.filled_among").encode(), asked)
        names = [self._emptied_with(sql.SQL(name)) for (name,) in found.fetchall()]
        return list(dict.fromkeys(name for some in names for name in some))

    def _emptied_with(self, table: sql.Identifier | sql.SQL) -> list[str]:
        """Return the names of a table and of those that reference it, the table first; empty where it is gone."""
        asked = {"name": table.as_string()}
        found = self.observer.session.execute(statement("yielding_rows.emptied_with").encode(), asked).fetchall()
        return [str(name) for (name,) in found]

    def _empty_all(self) -> bool:
        self.emptied.append(ALL)
        return self._empty(None)

    def _empty(self, tables: list[str] | None) -> bool:
        session = self.observer.session
        with suppress(psycopg.Error):
            for (index,) in session.execute(statement("yielding_rows.invalid_indexes").encode()).fetchall():
                session.execute(sql.SQL(statement("yielding_rows.drop_index")).format(index=sql.SQL(index)))
            remove_sample_rows(session, tables)
            self.observer.moment_outside()  # the files of the tables are others now
            return True
        return False


def _table_of(error: DatabaseError | OrphansLeft) -> sql.Identifier | None:
    """Return the table whose rows caused an error; None where the error does not say."""
    if isinstance(error, OrphansLeft):
        return sql.Identifier(error.words["table"])
    cause = error.__cause__
    if isinstance(cause, psycopg.Error) and cause.diag.schema_name and cause.diag.table_name:
        return sql.Identifier(cause.diag.schema_name, cause.diag.table_name)
    return None
