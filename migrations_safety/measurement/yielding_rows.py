"""Takes made-up rows away where they forbid a statement: they prove nothing about the rows of the target database."""

from __future__ import annotations

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

ALL = "*"


class YieldingRows:
    """The made-up rows of the scratch database, which are emptied table by table.

    `lacking` has the columns, as schema, table and name, for which rows had no value, and `emptied` the names of the
    tables that were emptied; `*` stands for all of them.
    """

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.lacking: set[tuple[str, str, str]] = set()
        self.emptied: list[str] = []

    def yield_to(self, error: DatabaseError | OrphansLeft) -> bool:
        """Empty the tables whose rows caused an error, outside of transactions; return whether to try again."""
        state = ORPHANS if isinstance(error, OrphansLeft) else sqlstate(error) or ""
        if not state.startswith(OF_ROWS) or ALL in self.emptied:
            return False
        cause = error.__cause__
        schema, table, column = (
            (cause.diag.schema_name, cause.diag.table_name, cause.diag.column_name)
            if isinstance(cause, psycopg.Error)
            else (None, None, None)
        )
        if schema and table and column:
            self.lacking.add((schema, table, column))
        name = self._printed(sql.Identifier(schema, table)) if schema and table else None
        if name is None or name in self.emptied:
            return self._empty_all()
        self.emptied.append(name)
        return self._empty([name]) or self._empty_all()

    def _printed(self, table: sql.Identifier) -> str | None:
        asked = {"name": table.as_string()}
        ((name,),) = self.observer.session.execute(statement("yielding_rows.printed").encode(), asked).fetchall()
        return None if name is None else str(name)

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
