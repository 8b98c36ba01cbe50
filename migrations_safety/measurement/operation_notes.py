"""Notes which statements each operation of a migration really sends, deferred ones included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from migrations_safety.measurement.report import MeasuredStatement


class OperationNotes:
    """The statements that each operation of one migration has sent so far, and the operation that is running now.

    Operations are named by their position in the migration, from 0.
    """

    def __init__(self) -> None:
        self.statements: dict[int, list[MeasuredStatement]] = {}
        self.places: dict[int, int] = {}
        self.at_work: int | None = None
        self.failed: int | None = None
        self._place = count(1)

    def add(self, statement: MeasuredStatement) -> None:
        """Note a statement of the running operation; a statement outside of all operations is not noted."""
        if self.at_work is not None:
            placed = replace(statement, place=next(self._place))
            self.statements.setdefault(self.at_work, []).append(placed)

    @contextmanager
    def of(self, number: int | None) -> Iterator[None]:
        """Count the statements sent inside the block to the operation at position `number`."""
        before, self.at_work = self.at_work, number
        if number is not None:
            self.places.setdefault(number, next(self._place))
        try:
            yield
        except Exception:
            self.failed = number if self.failed is None else self.failed
            raise
        finally:
            self.at_work = before


class DeferredStatements(list[Any]):
    """The list `deferred_sql` of a schema editor, which remembers the operation that deferred each statement."""

    def __init__(self, notes: OperationNotes) -> None:
        super().__init__()
        self.notes = notes
        self.owners: dict[int, int | None] = {}

    def append(self, statement: Any) -> None:
        """Add a statement, and remember the operation that deferred it."""
        self.owners[id(statement)] = self.notes.at_work
        super().append(statement)

    def extend(self, statements: Any) -> None:
        """Add statements, and remember the operation that deferred them."""
        for one in statements:
            self.append(one)

    __iadd__ = None  # type: ignore[assignment]  # an operation that adds in this way would be nobody's: it fails loudly


class NotingSchemaEditor(DatabaseSchemaEditor):
    """A schema editor that counts a deferred statement to the operation that deferred it.

    `notes` is set on a subclass, one for each migration.
    """

    notes: OperationNotes

    def __enter__(self) -> Any:
        """Begin as Django does, with a DeferredStatements as the list of deferred statements."""
        entered = super().__enter__()
        self.deferred_sql = DeferredStatements(self.notes)
        return entered

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Send a statement, and count it to the operation that deferred it, else to the running one."""
        owner = self.deferred_sql.owners.get(id(sql), self.notes.at_work)
        with self.notes.of(owner):
            super().execute(sql, params)
