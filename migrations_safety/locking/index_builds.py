"""Removes invalid indexes that a failed CREATE INDEX has left. No query uses such an index, but every write updates it.

CREATE INDEX IF NOT EXISTS takes an invalid index for the wanted one and does nothing. So the index of that name is read
from the catalog before each CREATE INDEX, and after one that failed.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, zip_longest

import psycopg
from django.db import DatabaseError

from migrations_safety.locking.statement_text import NAME, StatementText
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.locks import InvalidIndexLeft
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement
from migrations_safety.sql.composition import fill

BUILDS_INDEX = re.compile(
    rf"CREATE\s+(UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?:({NAME})\s+)?"
    rf"ON\s+(?:ONLY\s+)?({NAME}(?:\.{NAME})?)",
    re.IGNORECASE,
)
QUOTED = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")")
PLAIN_NAME = re.compile(r'"[a-z_][a-z0-9_]*"')
ADDED = re.compile(r"\busing btree\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingIndex:
    """An existing index with the name, or the definition, of the index that a statement builds."""

    definition: str
    """The CREATE INDEX statement that `pg_get_indexdef` returns."""
    is_valid: bool
    qualified: str
    """The name of the index with its schema, quoted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexBuild:
    """One statement that builds an index."""

    connection: Connection
    progress: Progress
    text: StatementText
    name: str | None
    """The name of the index as in the statement; None where PostgreSQL chooses the name."""
    table: str
    """The name of the table as in the statement."""

    def existing(self) -> ExistingIndex | None:
        """The existing index with this name on this table; for a build without a name, one with the same definition.

        None where there is no such index.
        """
        asked = "index_builds.index_of_name" if self.name else "index_builds.indexes_of_table"
        with self.connection.connection.cursor() as cursor:
            cursor.execute(statement(asked), {"name": self.name, "table": self.table})
            found = [ExistingIndex(definition=row[0], is_valid=row[1], qualified=row[2]) for row in cursor.fetchall()]
        return next((index for index in found if self.name or self._is_as_asked(index)), None)

    def _is_as_asked(self, existing: ExistingIndex) -> bool:
        return _plain(existing.definition) == _plain(self.text.text)

    def is_needed(self) -> bool:
        """Whether the index has to be built. An existing invalid index is dropped first.

        False where the statement builds CONCURRENTLY and a valid index with the same definition exists.
        """
        existing = self.existing()
        if existing is None:
            return True
        if existing.is_valid:
            return not (self.text.concurrent and self._is_as_asked(existing))
        self.progress.say(f"The index {existing.qualified} is invalid, left by an earlier build: building it anew.")
        self._drop(existing)
        return True

    def clear_up(self) -> None:
        """Drop the invalid index that this build has left. Raises InvalidIndexLeft where the DROP INDEX fails, too."""
        with suppress(DatabaseError, psycopg.Error):  # where the connection is gone
            existing = self.existing()
            if existing is None or existing.is_valid:
                return
            try:
                self._drop(existing)
            except DatabaseError as error:
                raise InvalidIndexLeft(index=existing.qualified, table=self.table) from error

    def _drop(self, existing: ExistingIndex) -> None:
        drop = "index_builds.drop_concurrently" if self.text.concurrent else "index_builds.drop"
        with self.connection.cursor() as cursor:
            cursor.execute(fill(drop, index=existing.qualified))


def build_of(connection: Connection, text: StatementText, *, progress: Progress) -> IndexBuild | None:
    """The index build that a CREATE INDEX statement asks for; None for any other text, also for several statements."""
    found = BUILDS_INDEX.match(text.text)
    if found is None or len(text.words) != 1:
        return None
    return IndexBuild(connection=connection, progress=progress, text=text, name=found[2], table=found[3])


def _plain(definition: str) -> tuple[bool, str]:
    """Whether the index is unique, and the part of its definition after the table, in a form that can be compared.

    PostgreSQL prints a definition with `USING btree`, other spaces and parentheses, and in lower case. Text in quotes
    stays as it is, but quotes that a name does not need are removed.
    """
    head = BUILDS_INDEX.match(definition)
    parts = QUOTED.split(definition[head.end() :] if head else definition)
    words = [re.sub(r"[\s;()]+", "", ADDED.sub("", part.lower())) for part in parts[::2]]
    quoted = [part[1:-1] if PLAIN_NAME.fullmatch(part) else part for part in parts[1::2]]
    return bool(head and head.group(1)), "".join(chain(*zip_longest(words, quoted, fillvalue="")))
