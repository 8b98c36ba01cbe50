"""Watches what a migration writes through other connections, which have neither lock timeouts nor a record of runs.

`migrate` guards one database alias. But code of a migration may use another alias: `objects.create()` without `using()`
writes to `default`. Such a write is reported. Where the operator named the database, a write to another database is
refused. Only statements through Django's cursors in the thread of the command are seen. A SELECT counts as reading,
although a function in it may write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created

from migrations_safety.locking import statement_text
from migrations_safety.locking.running_migration import running_migration
from migrations_safety.messages.refusals.target import WritesElsewhere
from migrations_safety.migrate.executor import ladder_of
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement


class OtherConnections:
    """Watches all connections of this thread except `connection`.

    `expected` says that the operator named the database; then a statement that would change another database is not
    sent. `say` is called with one sentence for each alias through which a migration writes.
    """

    def __init__(self, connection: Connection, *, expected: bool, say: Callable[[str], None]) -> None:
        self.connection = connection
        self.expected = expected
        self.say = say
        # The label of the migration that wrote first through an alias, by alias.
        self.wrote: dict[str, str] = {}
        self._refused: WritesElsewhere | None = None
        self._thread = threading.get_ident()
        self._watched: list[Any] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the connections that are open, and those that are opened inside the block.

        Raises WritesElsewhere at the end of the block where the migration's code has caught that error and gone on.
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
        if threading.get_ident() == self._thread:  # a connection of another thread does not belong to this migration
            self._watch(connection)

    def _watch(self, other: Any) -> None:
        if other is not self.connection and other not in self._watched:
            other.execute_wrappers.append(self._on_another)
            self._watched.append(other)

    def _on_ours(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Raise WritesElsewhere again for every statement after it.

        Otherwise a migration whose code has caught this error would be recorded as applied.
        """
        if self._refused:
            raise self._refused
        return execute(sql, params, many, context)

    def _on_another(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if not statement_text.of(sql).only_reads:
            self._writing(context["connection"])
        return execute(sql, params, many, context)

    def _writing(self, other: Any) -> None:
        if other.alias not in self.wrote:
            self._first_write(other)
        if ladder := ladder_of(self.connection):
            ladder.wrote_elsewhere = True

    def _first_write(self, other: Any) -> None:
        """Tell the first write through an alias. Raises WritesElsewhere where another database was not allowed."""
        migration = running_migration()
        if self.expected and not self._is_the_same_database(other):
            self._refused = WritesElsewhere(what=migration, alias=other.alias, own=self.connection.alias)
            raise self._refused
        self.wrote[other.alias] = migration
        aliases = f'through the database alias "{other.alias}", not "{self.connection.alias}"'
        self.say(f"{migration} writes {aliases}: without limits, without a record, and not undone with it.")

    def _is_the_same_database(self, other: Any) -> bool:
        """Whether the connection leads to the same database as `self.connection`, for example without the pooler."""
        if other.vendor != "postgresql":
            return False
        ours, theirs = (
            connection.connection.execute(statement("other_connections.identity")).fetchone()
            for connection in (self.connection, other)
        )
        return bool(ours == theirs)
