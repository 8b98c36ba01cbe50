"""Invalid indexes, which a failed build leaves: no query uses them, every write maintains them.

IF NOT EXISTS takes an invalid index for the index that a statement builds. So the index of that name is read from the
catalog before each build, and after a failed one.
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
    """An index that has the name of one which a statement builds."""

    definition: str
    """As `pg_get_indexdef` gives it."""
    is_valid: bool
    qualified: str
    """Its name with its schema, quoted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexBuild:
    """One statement that builds an index."""

    connection: Connection
    progress: Progress
    text: StatementText
    name: str | None
    """As the statement names them; None where PostgreSQL chooses the name of the index."""
    table: str

    def existing(self) -> ExistingIndex | None:
        """The index of its name on its table; without a name, an index with the same definition."""
        asked = "index_builds.index_of_name" if self.name else "index_builds.indexes_of_table"
        with self.connection.connection.cursor() as cursor:
            cursor.execute(statement(asked), {"name": self.name, "table": self.table})
            found = [ExistingIndex(definition=row[0], is_valid=row[1], qualified=row[2]) for row in cursor.fetchall()]
        return next((index for index in found if self.name or self._is_as_asked(index)), None)

    def _is_as_asked(self, existing: ExistingIndex) -> bool:
        return _plain(existing.definition) == _plain(self.text.text)

    def is_needed(self) -> bool:
        """Whether to build it; not where an earlier run has built it CONCURRENTLY. An invalid one is dropped first."""
        existing = self.existing()
        if existing is None:
            return True
        if existing.is_valid:
            return not (self.text.concurrent and self._is_as_asked(existing))
        self.progress.say(f"The index {existing.qualified} is invalid, left by an earlier build: building it anew.")
        self._drop(existing)
        return True

    def clear_up(self) -> None:
        """Drop the invalid index that this build has left. Raises InvalidIndexLeft where that fails, too."""
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
    """The build of an index that a statement asks for; None for any other statement."""
    found = BUILDS_INDEX.match(text.text)
    if found is None or len(text.words) != 1:
        return None
    return IndexBuild(connection=connection, progress=progress, text=text, name=found[2], table=found[3])


def _plain(definition: str) -> tuple[bool, str]:
    """Whether an index is unique, and its definition after the table, in a form that can be compared.

    PostgreSQL adds `USING btree`, spaces, parentheses and lower case. Text in quotes stays as it is, without quotes
    that a name does not need.
    """
    head = BUILDS_INDEX.match(definition)
    parts = QUOTED.split(definition[head.end() :] if head else definition)
    words = [re.sub(r"[\s;()]+", "", ADDED.sub("", part.lower())) for part in parts[::2]]
    quoted = [part[1:-1] if PLAIN_NAME.fullmatch(part) else part for part in parts[1::2]]
    return bool(head and head.group(1)), "".join(chain(*zip_longest(words, quoted, fillvalue="")))
