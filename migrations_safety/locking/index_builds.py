"""Indexes that a build left invalid: nobody reads them, every write pays, IF NOT EXISTS takes them for the index.

What is there under the name of an index that a statement builds is looked at before the build and after a failed one.
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
    """An index of the name that a statement builds: its definition, and its name with schema, quoted."""

    definition: str
    is_valid: bool
    qualified: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexBuild:
    """One statement that builds an index; `name` and `table` as they stand in it, no name where it has none."""

    connection: Connection
    progress: Progress
    text: StatementText
    name: str | None
    table: str

    def existing(self) -> ExistingIndex | None:
        """What is there under its name on its table; without a name, what is there as it is defined."""
        asked = "index_builds.index_of_name" if self.name else "index_builds.indexes_of_table"
        with self.connection.connection.cursor() as cursor:
            cursor.execute(statement(asked), {"name": self.name, "table": self.table})
            found = [ExistingIndex(definition=one[0], is_valid=one[1], qualified=one[2]) for one in cursor.fetchall()]
        return next((one for one in found if self.name or self._is_as_asked(one)), None)

    def _is_as_asked(self, existing: ExistingIndex) -> bool:
        return _plain(existing.definition) == _plain(self.text.text)

    def is_needed(self) -> bool:
        """False where the same index is there, built concurrently before; an invalid one is dropped first."""
        existing = self.existing()
        if existing is None:
            return True
        if existing.is_valid:
            return not (self.text.concurrent and self._is_as_asked(existing))
        self.progress.say(f"The index {existing.qualified} is invalid, left by an earlier build: building it anew.")
        self._drop(existing)
        return True

    def clear_up(self) -> None:
        """Drop what this build, which failed, has left.

        Raises InvalidIndexLeft where that cannot be done either.
        """
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
    """The build of an index that a statement asks for, None for any other statement."""
    found = BUILDS_INDEX.match(text.text)
    if found is None or len(text.words) != 1:
        return None
    return IndexBuild(connection=connection, progress=progress, text=text, name=found[2], table=found[3])


def _plain(definition: str) -> tuple[bool, str]:
    """Whether an index is unique, and what follows its table, without what PostgreSQL adds or Django leaves out.

    What stands in quotes is compared letter by letter, but for quotes that a name does not need.
    """
    head = BUILDS_INDEX.match(definition)
    parts = QUOTED.split(definition[head.end() :] if head else definition)
    words = [re.sub(r"[\s;()]+", "", ADDED.sub("", part.lower())) for part in parts[::2]]
    quoted = [part[1:-1] if PLAIN_NAME.fullmatch(part) else part for part in parts[1::2]]
    return bool(head and head.group(1)), "".join(chain(*zip_longest(words, quoted, fillvalue="")))
