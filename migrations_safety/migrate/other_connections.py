"""What goes out on other connections while a `migrate` is at work: it has neither limits nor a record there.

The guards of `migrate` hold for one database alias. Code of a migration that uses another one (`objects.create()`
without `using()` is on `default`) writes there all the same. That is said, and refused where the operator named the
database that is meant. What is seen are statements through Django's cursors in the thread of the command; a SELECT may
write too, in a function, and is taken for reading.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created
from django.db.migrations import Migration
from psycopg import sql as composable

from migrations_safety.locking import statement_text
from migrations_safety.messages.refusals.target import WritesElsewhere
from migrations_safety.migrate.executor import ladder_of
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement


class Elsewhere:
    """Watches all connections of this thread but one; `wrote` maps an alias to the migration that wrote there first.

    `expected` where the operator named the database: then what would change another one is not sent. `tell` gets one
    sentence for each alias.
    """

    def __init__(self, connection: Connection, *, expected: bool, tell: Callable[[str], None]) -> None:
        self.connection = connection
        self.expected = expected
        self.tell = tell
        self.wrote: dict[str, str] = {}
        self._refused: WritesElsewhere | None = None
        self._thread = threading.get_ident()
        self._watched: list[Any] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Those that are there, and those that are opened meanwhile.

        Raises WritesElsewhere where code has caught that and gone on.
        """
        for other in connections.all(initialized_only=True):
            self._watch(other)
        connection_created.connect(self._created, weak=False)
        try:
            with self.connection.execute_wrapper(self._on_ours):
                yield
        finally:
            connection_created.disconnect(self._created)
            for other in self._watched:
                other.execute_wrappers.remove(self._on_another)
        if self._refused:
            raise self._refused

    def _created(self, *, connection: Connection, **kwargs: Any) -> None:
        if threading.get_ident() == self._thread:  # in another thread somebody else is at work
            self._watch(connection)

    def _watch(self, other: Any) -> None:
        if other is not self.connection and other not in self._watched:
            other.execute_wrappers.append(self._on_another)
            self._watched.append(other)

    def _on_ours(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Code that has caught a refusal does not get its migration recorded: what it left out would be lost."""
        if self._refused:
            raise self._refused
        return execute(sql, params, many, context)

    def _on_another(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = sql.as_string(None) if isinstance(sql, composable.Composable) else sql
        if not statement_text.of(text).only_reads:
            self._writing(context["connection"])
        return execute(sql, params, many, context)

    def _writing(self, other: Any) -> None:
        migration = _at_work()
        if self.expected and not self._is_the_same_database(other):
            self._refused = WritesElsewhere(what=migration, alias=other.alias, own=self.connection.alias)
            raise self._refused
        if ladder := ladder_of(self.connection):
            ladder.is_spent = True
        if other.alias not in self.wrote:
            self.wrote[other.alias] = migration
            aliases = f'through the database alias "{other.alias}", not "{self.connection.alias}"'
            self.tell(f"{migration} writes {aliases}: without limits, without a record, and not undone with it.")

    def _is_the_same_database(self, other: Any) -> bool:
        """An alias of its own may lead to it all the same, past a pooler for instance."""
        if other.vendor != "postgresql":
            return False
        ours, theirs = (
            one.connection.execute(statement("other_connections.identity")).fetchone()
            for one in (self.connection, other)
        )
        return bool(ours == theirs)


def _at_work() -> str:
    """The migration whose code is running, by the frames of this thread."""
    frame = sys._getframe()
    while frame.f_back:
        frame = frame.f_back
        one: Any = frame.f_locals.get("self")
        if issubclass(type(one), Migration):  # isinstance would wake lazy objects up
            return f"{one.app_label}.{one.name}"
    return "Code beside the migrations (a signal)"
